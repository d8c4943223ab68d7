//! The session: what users hold.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{Describe, DescribeError};
use cqlwire_net::Deadline;
use crossbeam_channel::{RecvTimeoutError, bounded};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::park::wait;
use super::thread::RuntimeThread;
use super::wait::ended;
use crate::builder::SessionBuilder;
use crate::error::{Result, Unserved};
use crate::prepared::PreparedStatement;
use crate::session::Session as AsyncSession;
use crate::shared::Shared;
use crate::timed::timed_at_home;
use crate::trace::Trace;

/// How much later than its deadline the session's thread may say that it could not connect.
const LATE: Duration = Duration::from_secs(5);

/// How long the thread has to end at least once there is nothing left: it needs no more than its turn.
const ENDS: Duration = Duration::from_secs(1);

/// A session with a Cassandra cluster, for programs without async. See the [module](super).
///
/// Cheap to clone, and made to be shared by all threads of a program. It is an async
/// [`Session`](crate::Session) whose connections have a thread of their own: what it describes
/// ([`query`](crate::Session::query), [`execute`](crate::Session::execute), [`batch`](crate::Session::batch),
/// [`insert_all`](crate::Session::insert_all)) and what it can say without asking anybody
/// ([`resources`](crate::Session::resources), [`metrics`](crate::Session::metrics),
/// [`topology`](crate::Session::topology) and others) are that session's own methods. Those here wait.
///
/// When the last clone is dropped, and with it all batches and iterators, what was sent finishes, everything
/// closes by itself, and the thread ends; [`close`](Self::close) does the same with a wait and a deadline.
#[derive(Clone)]
pub struct Session {
    session: AsyncSession,
}

impl Session {
    /// Describes a session, as [`crate::Session::builder`] does.
    pub fn builder() -> SessionBuilder {
        AsyncSession::builder()
    }

    /// Starts the thread of the session, and connects: see [`SessionBuilder::connect`].
    ///
    /// # Errors
    ///
    /// As of [`SessionBuilder::connect`], and [`Unserved`](crate::ErrorKind::Unserved) if there is no thread to
    /// be had. Nothing is left behind.
    pub fn connect(builder: SessionBuilder) -> Result<Self> {
        let thread = RuntimeThread::start()?;
        Self::connect_on(thread, builder)
    }

    pub(crate) fn connect_on(thread: RuntimeThread, builder: SessionBuilder) -> Result<Self> {
        let patience = builder.longest_connect().saturating_add(LATE);
        let (tells, told) = bounded(1);
        let connecting = async move { tells.send(builder.connect().await).unwrap_or_default() };
        // Whoever is not waited for any more is dropped.
        let _connecting = AbortOnDropHandle::new(thread.handle().spawn(connecting));
        let session = told.recv_timeout(patience).unwrap_or_else(|why| {
            let why = match why {
                RecvTimeoutError::Timeout => Unserved::StandsStill,
                RecvTimeoutError::Disconnected => Unserved::Ended,
            };
            Err(why.into())
        })?;
        thread.lets_finish(session.shared().cluster().tasks());
        session.shared().thread.get_or_init(|| thread);
        Ok(Self { session })
    }

    fn shared(&self) -> &Arc<Shared> {
        self.session.shared()
    }

    /// How long a request may take that has no other time.
    fn usual_limit(&self) -> Option<Duration> {
        Some(self.profile().settings().timeout)
    }

    /// Has one host parse a statement, and keeps it: see [`prepare`](crate::Session::prepare) of the async
    /// session.
    ///
    /// # Errors
    ///
    /// What the server says against the statement; and what can happen to any request.
    pub fn prepare(&self, statement: &str) -> Result<PreparedStatement> {
        ended(self.shared(), self.usual_limit(), self.session.prepare(statement))
    }

    /// Another handle of this session, whose requests are in this keyspace: see
    /// [`with_keyspace`](crate::Session::with_keyspace) of the async session.
    ///
    /// # Errors
    ///
    /// [`UnknownKeyspace`](crate::ErrorKind::UnknownKeyspace), and what can happen to any request.
    pub fn with_keyspace(&self, name: &str) -> Result<Self> {
        let entering = self.session.with_keyspace(name);
        ended(self.shared(), self.usual_limit(), entering).map(|session| Self { session })
    }

    /// Has this handle, and all of its clones, in this keyspace from now on: see
    /// [`use_keyspace`](crate::Session::use_keyspace) of the async session.
    ///
    /// # Errors
    ///
    /// As of [`with_keyspace`](Self::with_keyspace). The handle is in the keyspace that it was in.
    pub fn use_keyspace(&self, name: &str) -> Result<()> {
        ended(self.shared(), self.usual_limit(), self.session.use_keyspace(name))
    }

    /// What the servers wrote of a request that they were asked to trace: see
    /// [`trace`](crate::Session::trace) of the async session.
    ///
    /// # Errors
    ///
    /// [`NoTrace`](crate::ErrorKind::NoTrace) if it is not there in time, and what can happen to any request.
    pub fn trace(&self, id: Uuid) -> Result<Trace> {
        ended(self.shared(), self.usual_limit(), self.session.trace(id))
    }

    /// The CQL that makes this part of the schema again: see [`describe`](crate::Session::describe) of the
    /// async session.
    ///
    /// # Errors
    ///
    /// [`DescribeError`]: there is no such thing, or no server that can say.
    pub fn describe(&self, what: Describe<'_>) -> Result<String, DescribeError> {
        let describing = self.session.describe(what);
        let not_connected = |_| Err(DescribeError::NotConnected);
        wait(self.shared(), self.usual_limit(), describing).unwrap_or_else(not_connected)
    }

    /// Has the hosts and the whole schema read again, and waits until that is done; no longer than the
    /// timeout. `false` if it is not done by then.
    pub fn refresh(&self, timeout: Duration) -> bool {
        let session = self.session.clone();
        let refreshing = async move { session.refresh(timeout).await };
        let refreshed = wait(self.shared(), Some(timeout), self.at_home(refreshing));
        refreshed.ok().flatten().unwrap_or(false)
    }

    /// Closes the connections to this host once they are done, and sends it nothing until
    /// [`force_up`](Self::force_up): see [`force_down`](crate::Session::force_down) of the async session.
    pub fn force_down(&self, host_id: Uuid) {
        let session = self.session.clone();
        let forcing = self.at_home(async move { session.force_down(host_id).await });
        wait(self.shared(), None, forcing).map_or_else(drop, drop);
    }

    /// The opposite of [`force_down`](Self::force_down).
    pub fn force_up(&self, host_id: Uuid) {
        let session = self.session.clone();
        let forcing = self.at_home(async move { session.force_up(host_id).await });
        wait(self.shared(), None, forcing).map_or_else(drop, drop);
    }

    /// What has timers of its own, where they run; `None` once nothing does.
    fn at_home<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> {
        timed_at_home(&self.shared().runtime, future)
    }

    /// Lets no call in any more, waits for those inside, closes every connection, and ends the thread of
    /// the session: at the timeout all the same, and whoever is inside then learns how far its request
    /// had got. May be called often and by many; all return after the same end.
    pub fn close(&self, timeout: Duration) {
        let deadline = Deadline::after(timeout);
        let closed = wait(self.shared(), Some(timeout), self.session.close(timeout));
        if let Some(thread) = self.shared().thread.get() {
            // Unserved: there is nothing to be waited for.
            let grace = if closed.is_ok() { ENDS } else { Duration::ZERO };
            thread.end_by(Deadline::after(deadline.remaining().max(grace)).at());
        }
    }
}

/// What waits for nothing is that of the async session.
impl Deref for Session {
    type Target = AsyncSession;

    fn deref(&self) -> &AsyncSession {
        &self.session
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session.fmt(f)
    }
}
