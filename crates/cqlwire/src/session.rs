//! The session: what users hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::Topology;
use cqlwire_codec::EncodeValues;
use cqlwire_net::Deadline;

use crate::core::Core;
use crate::execution::{AskPrepare, Execution, Statement, Trail};
use crate::{ExecutionProfile, PreparedStatement, Resources, Result, SessionBuilder, StreamTotals};

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

impl Session {
    /// Describes a session; nothing is done until [`connect`](SessionBuilder::connect).
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    pub(crate) fn new(core: Core) -> Self {
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
        prepared: &'a PreparedStatement,
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
    pub async fn prepare(&self, statement: &str) -> Result<PreparedStatement> {
        let _inside = self.core.enter()?;
        let deadline = Deadline::after(self.core.profile.timeout);
        let mut trail = Trail::new(&self.core, deadline);
        let answer = trail.run(&AskPrepare { text: statement }).await?;
        let prepared = answer.into_prepared().map_err(|kind| trail.end(kind))?;
        Ok(PreparedStatement::new(statement.to_owned(), prepared))
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
        self.core.close(Deadline::after(timeout)).await;
    }

    /// Has it been closed?
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    /// The cluster as it was last seen.
    pub fn topology(&self) -> Arc<Topology> {
        self.core.cluster().topology()
    }

    /// How requests are executed unless they say otherwise.
    pub fn profile(&self) -> &ExecutionProfile {
        &self.core.profile
    }

    /// What the session holds at the moment. At rest, everything but the connections is zero.
    pub fn resources(&self) -> Resources {
        self.core.resources()
    }

    /// What its streams came to since it was connected.
    pub fn stream_totals(&self) -> StreamTotals {
        self.core.streams.totals()
    }

    pub(crate) const fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("resources", &self.resources()).finish_non_exhaustive()
    }
}
