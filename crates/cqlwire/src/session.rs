//! The session: what users hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{Cluster, Topology};
use cqlwire_codec::EncodeValues;
use cqlwire_net::Deadline;
use cqlwire_stream::PageBudget;
use tokio_util::task::TaskTracker;

use crate::execution::{AskPrepare, Execution, Statement, run};
use crate::gate::{Gate, Inside};
use crate::{ErrorKind, ExecutionProfile, Prepared, Resources, Result, SessionBuilder};

/// A session with a Cassandra cluster: connections to its hosts, over which statements are executed.
///
/// Cheap to clone, and made to be shared by all tasks of a program, on one runtime or several. The
/// connections are served by tasks on the runtime where it was connected; when that is shut down,
/// every call fails at once. When the last clone is dropped, what was sent finishes and everything
/// closes by itself; [`close`](Self::close) does the same with a wait and a deadline.
#[derive(Clone)]
pub struct Session {
    core: Arc<Core>,
}

/// What the handles and the streams of a session have in common.
pub(crate) struct Core {
    gate: Gate,
    cluster: Cluster,
    profile: ExecutionProfile,
    budget: PageBudget,
    schema_agreement_timeout: Duration,
    tasks: TaskTracker,
}

impl Session {
    /// Describes a session; nothing is done until [`connect`](SessionBuilder::connect).
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    pub(crate) fn new(
        cluster: Cluster,
        profile: ExecutionProfile,
        budget: PageBudget,
        schema_agreement_timeout: Duration,
        tasks: TaskTracker,
    ) -> Self {
        let gate = Gate::default();
        let core = Core { gate, cluster, profile, budget, schema_agreement_timeout, tasks };
        Self { core: Arc::new(core) }
    }

    /// A statement in CQL with its values, about to be executed. For what is executed more than
    /// once, [`prepare`](Self::prepare) is cheaper and checks the types of the values.
    pub fn query<'a, V: EncodeValues + Sync>(
        &'a self,
        statement: &'a str,
        values: V,
    ) -> Execution<'a, V> {
        Execution::new(self, Statement::Text(statement), values)
    }

    /// A prepared statement with its values, about to be executed.
    pub fn execute<'a, V: EncodeValues + Sync>(
        &'a self,
        prepared: &'a Prepared,
        values: V,
    ) -> Execution<'a, V> {
        Execution::new(self, Statement::Prepared(prepared), values)
    }

    /// Has one host parse a statement; the others are told it when they are first asked to execute
    /// it.
    ///
    /// # Errors
    ///
    /// What the server says against the statement; and what can happen to any request.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the host may know the statement; nothing else is left behind.
    pub async fn prepare(&self, statement: &str) -> Result<Prepared> {
        let _inside = self.core.enter()?;
        let deadline = Deadline::after(self.core.profile.timeout);
        let answer = run(&self.core, &AskPrepare { text: statement }, deadline).await?;
        Ok(Prepared::new(statement.to_owned(), answer.into_prepared()?))
    }

    /// Lets no call in any more, waits for those inside, and closes every connection: at the
    /// timeout all the same, and whoever is inside then is told how far its request had got. May be
    /// called often and by many; all return after the same end.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the session stays closed to new calls, and what is open closes once the last clone
    /// is dropped.
    pub async fn close(&self, timeout: Duration) {
        let deadline = Deadline::after(timeout);
        let core = &self.core;
        core.gate.close();
        core.tasks.close();
        tokio::select! {
            () = core.gate.empty() => {}
            () = tokio::time::sleep_until(deadline.at().into()) => {}
        }
        core.cluster.close(deadline).await;
        // What is left are tasks that have been told to end, and need no more than their turn.
        let ends = Deadline::after(deadline.remaining().max(TASKS_GRACE));
        tokio::select! {
            () = core.tasks.wait() => {}
            () = tokio::time::sleep_until(ends.at().into()) => {
                tracing::warn!(tasks = core.tasks.len(), "tasks of a closed session do not end");
            }
        }
    }

    /// Has it been closed?
    pub fn is_closed(&self) -> bool {
        self.core.gate.is_closed()
    }

    /// The cluster as it was last seen.
    pub fn topology(&self) -> Arc<Topology> {
        self.core.cluster.topology()
    }

    /// How requests are executed unless they say otherwise.
    pub fn profile(&self) -> &ExecutionProfile {
        &self.core.profile
    }

    /// What the session holds at the moment. At rest, everything but the connections is zero.
    pub fn resources(&self) -> Resources {
        self.core.resources()
    }

    pub(crate) fn budget(&self) -> &PageBudget {
        &self.core.budget
    }

    pub(crate) const fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

/// How long tasks that were told to end may take, at the end of a close whose deadline has passed.
const TASKS_GRACE: Duration = Duration::from_millis(50);

impl Core {
    /// Lets a call in.
    pub(crate) fn enter(&self) -> Result<Inside<'_>, ErrorKind> {
        self.gate.enter().ok_or(ErrorKind::SessionClosed)
    }

    pub(crate) const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(crate) const fn schema_agreement_timeout(&self) -> Duration {
        self.schema_agreement_timeout
    }

    fn resources(&self) -> Resources {
        let pools = self.cluster.usage();
        let pages = self.budget.usage();
        Resources {
            connections: pools.connections,
            tasks: self.tasks.len(),
            calls: self.gate.count(),
            requests: pools.usage.requests,
            in_flight: pools.usage.in_flight,
            orphaned: pools.usage.orphaned,
            waiting: pools.usage.waiting,
            outgoing_bytes: pools.usage.outgoing_bytes,
            pages: pages.pages,
            page_bytes: pages.bytes,
            reserved_bytes: pages.reserved_bytes,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("resources", &self.resources()).finish_non_exhaustive()
    }
}
