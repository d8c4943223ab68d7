//! The registry: every live pool of one owner, and the only door through which a pool is started.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire_net::{Connection, Deadline, Race};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

use crate::shared::Shared;
use crate::{
    Pool, PoolTotals, PoolUsage, RegistryClosed, SessionLatencies, Settings, Target, slot,
};

/// How long tasks may take that have been stopped, at the end of a close whose deadline has passed.
const TASKS_GRACE: Duration = Duration::from_millis(50);

/// Every live pool of one owner, those that drain included.
///
/// A pool is started by [`start`](Self::start) and in no other way, and once the registry is closed
/// that is refused: nothing begins behind the back of a close. It counts the tasks of its pools, so
/// that a close can wait for them. Dropped, it stops its pools.
#[derive(Debug)]
pub struct Registry {
    settings: Arc<Settings>,
    live: Mutex<Live>,
    changed: Arc<Notify>,
    /// Whoever has one may connect.
    turns: Arc<Semaphore>,
    latencies: Arc<SessionLatencies>,
}

#[derive(Debug, Default)]
struct Live {
    closed: bool,
    pools: Vec<Arc<Shared>>,
    /// How many were started.
    started: u64,
    /// Of pools that are not there any more.
    gone: PoolTotals,
}

impl Registry {
    /// A registry whose pools all have these settings. It counts tasks by a tracker of its own,
    /// whatever the settings come with.
    pub fn new(mut settings: Settings) -> Self {
        settings.connection.tasks = TaskTracker::new();
        let turns = settings.max_connecting.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            settings: Arc::new(settings),
            live: Mutex::default(),
            changed: Arc::default(),
            turns: Arc::new(Semaphore::new(turns)),
            latencies: Arc::default(),
        }
    }

    /// Starts a pool: begins so many connections to this server, and returns at once.
    ///
    /// # Errors
    ///
    /// [`RegistryClosed`]: nothing was begun.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub fn start(&self, target: Target, connections: usize) -> Result<Pool, RegistryClosed> {
        let (changed, turns) = (Arc::clone(&self.changed), Arc::clone(&self.turns));
        let (settings, latencies) = (Arc::clone(&self.settings), Arc::clone(&self.latencies));
        let shared = |number| Shared::new(number, target, settings, changed, turns, latencies);
        self.begin(shared, connections)
    }

    /// Starts another pool of the same host, whose connections are in this keyspace, spelled as in the
    /// schema: as many as that pool has. What may be in flight at the host is shared out among the
    /// connections of all its pools.
    ///
    /// # Errors
    ///
    /// [`RegistryClosed`]: nothing was begun.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub fn start_beside(&self, pool: &Pool, keyspace: Arc<str>) -> Result<Pool, RegistryClosed> {
        self.begin(|number| pool.shared().beside(number, keyspace), pool.size())
    }

    fn begin(
        &self,
        shared: impl FnOnce(u64) -> Shared,
        connections: usize,
    ) -> Result<Pool, RegistryClosed> {
        // Held until all slots have their tasks: a close comes before all of it, or after.
        let mut live = self.live();
        live.forget_ended();
        live.started += 1;
        let shared = Arc::new(shared(live.started));
        let pool = Pool::new(Arc::clone(&shared));
        live.resize(&shared, connections, self.tasks())?;
        live.pools.push(shared);
        Ok(pool)
    }

    /// Has so many connections kept by this pool, which is one of the registry's: opens what is
    /// missing; of what is too many, the newest finish what was sent and close. Returns at once.
    ///
    /// # Errors
    ///
    /// [`RegistryClosed`]: nothing was changed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub fn resize(&self, pool: &Pool, connections: usize) -> Result<(), RegistryClosed> {
        self.live().resize(pool.shared(), connections, self.tasks())
    }

    /// Waits until some pool got its first connection or lost its last, or found another server at
    /// its address. Several changes may be one; one waits at a time.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it loses no change.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What its pools are like.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Counts every task of every pool: one for each slot, and one for each connection. Whoever owns
    /// the registry may count more of its own by it.
    pub fn tasks(&self) -> &TaskTracker {
        &self.settings.connection.tasks
    }

    /// What all pools hold at the moment, added up, those that drain included.
    pub fn usage(&self) -> PoolUsage {
        let pools = self.pools();
        pools.iter().fold(PoolUsage::default(), |sum, pool| sum + pool.open.connections.usage())
    }

    /// What has become of the connections and requests of all pools, those added up that are not
    /// there any more.
    pub fn totals(&self) -> PoolTotals {
        let (gone, pools) = {
            let mut live = self.live();
            live.forget_ended();
            (live.gone, live.pools.clone())
        };
        pools.iter().fold(gone, |sum, pool| sum + pool.open.connections.totals())
    }

    /// How long the requests of all pools took.
    pub fn latencies(&self) -> &Arc<SessionLatencies> {
        &self.latencies
    }

    /// Starts no more pools, and stops those there are: what was sent finishes, then the connections
    /// close. Does not wait for it.
    pub fn stop(&self) {
        self.live().closed = true;
        self.pools().iter().for_each(|pool| pool.stop());
    }

    /// Starts no more pools, lets what was sent finish, and closes all connections; at the deadline
    /// it closes them all the same. Then there is no connection, and no task that
    /// [`tasks`](Self::tasks) counts. May be called often and by many.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connections go on closing, without a deadline of their own.
    pub async fn close(&self, deadline: Deadline) {
        self.stop();
        let mut late = Vec::new();
        for connection in self.connections() {
            if deadline.bound(connection.ended()).await.is_err() {
                late.push(connection);
            }
        }
        let mut closing = Race::new(Duration::ZERO, deadline);
        for connection in &late {
            closing.begin(connection.close(deadline));
        }
        while closing.next().await.is_some() {}
        // What is left has been stopped, and needs no more than its turn.
        self.tasks().close();
        let ends = Deadline::after(deadline.remaining().max(TASKS_GRACE));
        if ends.bound(self.tasks().wait()).await.is_err() {
            let (session, tasks) = (self.settings.connection.log.id(), self.tasks().len());
            tracing::warn!(%session, tasks, "tasks that were stopped do not end");
        }
    }

    fn connections(&self) -> Vec<Connection> {
        self.pools().iter().flat_map(|pool| pool.open.connections.all()).collect()
    }

    fn pools(&self) -> Vec<Arc<Shared>> {
        let mut live = self.live();
        live.forget_ended();
        live.pools.clone()
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn resize(
        &self,
        pool: &Arc<Shared>,
        connections: usize,
        tasks: &TaskTracker,
    ) -> Result<(), RegistryClosed> {
        if self.closed {
            return Err(RegistryClosed);
        }
        let mut slots = pool.slots();
        while slots.len() > connections {
            if let Some(newest) = slots.pop() {
                newest.cancel();
            }
        }
        if slots.is_empty() {
            pool.forget_attempts();
        }
        while slots.len() < connections {
            let stopped = pool.stopped.child_token();
            slots.push(stopped.clone());
            tasks.spawn(slot::keep(Arc::clone(pool), stopped));
        }
        Ok(())
    }

    /// Of a pool that nobody has a handle of, without slots and connections, nothing is left.
    fn forget_ended(&mut self) {
        let gone = &mut self.gone;
        self.pools.retain(|pool| {
            let stays = Arc::strong_count(pool) > 1 || !pool.open.connections.all().is_empty();
            if !stays {
                let totals = pool.open.connections.totals();
                pool.open.host().leave(&pool.open.connections, totals);
                *gone = *gone + totals;
            }
            stays
        });
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}
