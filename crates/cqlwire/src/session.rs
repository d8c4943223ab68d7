//! The session: what users hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{ClusterChanges, Describe, DescribeError, Health, Schema, Topology};
use cqlwire_codec::EncodeValues;
use cqlwire_net::Deadline;
use futures_util::stream::{self, Stream};
use uuid::Uuid;

use crate::batch::{Batch, BatchStatement};
use crate::enter::enter;
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::execution::Execution;
use crate::keyspace::Handle;
use crate::load::Load;
use crate::metrics::Metrics;
use crate::operation::{Options, Statement};
use crate::prepare::{not_begun, prepare_in_turn};
use crate::prepared::PreparedStatement;
use crate::profile::ExecutionProfile;
use crate::resources::Resources;
use crate::scan::{Scan, ScanPlan};
use crate::shared::Shared;
use crate::trace::{self, Trace};
use crate::warm_up::follow;

/// A session with a Cassandra cluster: connections to its hosts, over which statements are executed.
///
/// Cheap to clone, and made to be shared by all tasks of a program, on one runtime or several. The
/// connections are served by tasks on the runtime where it was connected; when that is shut down,
/// every call fails at once. When the last clone is dropped, what was sent finishes and everything
/// closes by itself; [`close`](Self::close) does the same with a wait and a deadline.
#[derive(Clone)]
#[doc(alias = "CqlSession")]
#[doc(alias = "Cluster")]
pub struct Session {
    shared: Arc<Shared>,
    handle: Arc<Handle>,
}

impl Session {
    pub(crate) fn new(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        follow(&shared);
        let handle = Arc::new(Handle::new(Arc::clone(shared.keyspaces.of_session())));
        Self { shared, handle }
    }

    #[cfg(any(test, feature = "blocking", feature = "opentelemetry", feature = "prometheus"))]
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What tells it from others: it is in each line of its log, and servers since 4.1 show it in
    /// `system_views.clients` (`client_options['SESSION_ID']`). Drawn at random as it is connected;
    /// all handles have the same.
    pub fn id(&self) -> Uuid {
        self.shared.log.session()
    }

    /// A statement in CQL with its values, about to be executed.
    ///
    /// A text with values is [prepared](Self::prepare) first, unless it has been: from the second
    /// time on it costs the same round trip as [`execute`](Self::execute), and a look at the cache.
    /// So its values are checked against its bind markers, and it goes to a replica. A text without
    /// values goes as it is; so does one with [`unprepared`](Execution::unprepared).
    pub fn query<'a, V: EncodeValues>(&'a self, statement: &'a str, values: V) -> Execution<'a, V> {
        Execution::new(&self.shared, self.handle.keyspace(), Statement::Text(statement), values)
    }

    /// A prepared statement with its values, about to be executed.
    pub fn execute<'a, V: EncodeValues>(
        &'a self,
        prepared: &'a PreparedStatement,
        values: V,
    ) -> Execution<'a, V> {
        Execution::new(&self.shared, self.handle.keyspace(), Statement::Prepared(prepared), values)
    }

    /// A batch, with nothing in it yet: logged, unless it is made
    /// [`unlogged`](Batch::unlogged) or of [counters](Batch::counter). It keeps the session alive,
    /// as a clone of it does.
    pub fn batch(&self) -> Batch {
        Batch::new(&self.shared, self.handle.keyspace().to_shared())
    }

    /// Writes many rows by one statement, each row its values: as many requests in flight as are good
    /// for it, and no row taken from `rows` before there is room for it. See [`Load`].
    ///
    /// A text is [prepared](Self::prepare) first.
    #[doc(alias = "bulk")]
    #[doc(alias = "copy from")]
    pub fn insert_all<'a, R: EncodeValues>(
        &'a self,
        statement: impl Into<BatchStatement<'a>>,
        rows: impl IntoIterator<Item = R, IntoIter: Send + 'a>,
    ) -> Load<'a, R> {
        Load::new(&self.shared, self.handle.keyspace(), statement.into().0, stream::iter(rows))
    }

    /// The same, with rows as they come from a stream.
    pub fn insert_stream<'a, R: EncodeValues>(
        &'a self,
        statement: impl Into<BatchStatement<'a>>,
        rows: impl Stream<Item = R> + Send + 'a,
    ) -> Load<'a, R> {
        Load::new(&self.shared, self.handle.keyspace(), statement.into().0, rows)
    }

    /// Reads a whole table, `keyspace.table`, in parallel: as names are in CQL, in lower case unless
    /// they are in quotes. Without a keyspace it is one of the session's. See [`Scan`].
    #[doc(alias = "full table scan")]
    #[doc(alias = "token range")]
    pub fn scan(&self, table: &str) -> Scan<'_> {
        Scan::table(&self.shared, self.handle.keyspace(), table)
    }

    /// Reads what is left of a scan, or the part of one that was handed on as a [plan](ScanPlan): by a
    /// session, or a handle of one, that is in the same keyspace as the one that made the plan.
    pub fn resume_scan(&self, plan: &ScanPlan) -> Scan<'_> {
        Scan::plan_left(&self.shared, self.handle.keyspace(), plan)
    }

    /// Has one host parse a statement, and keeps it: whoever asks for the same text gets it from
    /// there, and those who ask while it is being prepared wait for one PREPARE together. The other
    /// hosts are taught it when they are first asked to execute it. See
    /// [`prepared_statements`](crate::SessionBuilder::prepared_statements) for how many are kept.
    ///
    /// # Errors
    ///
    /// What the server says against the statement; and what can happen to any request. A failure is
    /// not kept: the next who asks begins anew.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it takes the statement from nobody else who waits for it. The host may know the
    /// statement; nothing else is left behind.
    pub async fn prepare(&self, statement: &str) -> Result<PreparedStatement> {
        let options = Options::of(self.profile(), self.handle.keyspace());
        prepare_in_turn(&self.shared, statement, options).await
    }

    /// The keyspace of unqualified names, spelled as in the schema, if there is one.
    pub fn keyspace(&self) -> Option<Arc<str>> {
        self.handle.keyspace().origin().keyspace.clone()
    }

    /// Another handle of this session, whose requests are in this keyspace, spelled as in the schema:
    /// quotes are not part of the name, and names that were never in quotes are in lower case. What
    /// this handle is in does not change; connections to hosts, limits, budgets and the cache of
    /// prepared statements are those of the one session, which is closed for all of its handles.
    ///
    /// On v5 each request names the keyspace, and a handle costs nothing but one question to a server
    /// whether there is such a keyspace, the first time. Requests of v3 and v4 cannot name it: there,
    /// each keyspace that has handles has connections of its own, as many to each host as the session
    /// has, which are counted in [`resources`](Self::resources). They close once the last handle, and
    /// whatever was made by it, is gone.
    ///
    /// Statements belong to the keyspace that they were prepared in: see [`PreparedStatement`].
    ///
    /// ```no_run
    /// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
    /// let shop = session.with_keyspace("shop").await?;
    /// let archive = session.with_keyspace("archive").await?;
    /// let old = "SELECT id FROM orders WHERE year = ?";
    /// let (now, then) = (shop.query(old, (2026,)).await?, archive.query(old, (2016,)).await?);
    /// # drop((now, then));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownKeyspace`](ErrorKind::UnknownKeyspace), and what can happen to any request. It takes
    /// no longer than the [timeout](ExecutionProfile::timeout) of the profile.
    ///
    /// # Cancel safety
    ///
    /// Dropped, connections that were opened for it close, and nothing is left behind.
    pub async fn with_keyspace(&self, name: &str) -> Result<Self> {
        let timeout = self.profile().settings().timeout;
        let mut call = self.shared.admit(timeout)?;
        let entered = enter(&self.shared, name, Deadline::after(timeout)).await;
        call.end(entered.as_ref().err().map(Error::kind));
        let (shared, handle) = (Arc::clone(&self.shared), Arc::new(Handle::new(entered?)));
        Ok(Self { shared, handle })
    }

    /// Has this handle, and all of its clones, in this keyspace from now on: for programs that have
    /// to change it under those who hold a handle. Where you can, take another handle by
    /// [`with_keyspace`](Self::with_keyspace), or write `keyspace.table`: then nobody who reads a
    /// statement has to know what was done before it.
    ///
    /// No connection is switched, as `USE` does. Requests that were made before are in the keyspace
    /// that there was, whenever they are sent, with all of their attempts and pages; all that are made
    /// afterwards are in this one, on whichever connection, old or new. They are refused what was
    /// prepared in another keyspace. Several calls are done one after the other. It costs what
    /// [`with_keyspace`](Self::with_keyspace) costs, and the connections that the handle began with
    /// stay.
    ///
    /// # Errors
    ///
    /// As of [`with_keyspace`](Self::with_keyspace). The handle is in the keyspace that it was in.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the handle is in the keyspace that it was in, and nothing is left behind.
    pub async fn use_keyspace(&self, name: &str) -> Result<()> {
        let timeout = self.profile().settings().timeout;
        let mut call = self.shared.admit(timeout)?;
        let switched = self.switch_to(name, Deadline::after(timeout)).await;
        call.end(switched.as_ref().err().map(Error::kind));
        switched
    }

    async fn switch_to(&self, name: &str, deadline: Deadline) -> Result<()> {
        let turn = self.handle.turn(deadline, &self.shared.runtime).await;
        let phase = TimeoutPhase::Queue;
        let late = || ErrorKind::Timeout { phase, host: None, of_attempt: false };
        let _turn = turn.ok_or_else(|| not_begun(late(), deadline))?;
        self.handle.switch(enter(&self.shared, name, deadline).await?);
        Ok(())
    }

    /// Lets no call in any more, waits for those inside, and closes every connection: at the
    /// timeout all the same, and whoever is inside then learns how far its request had got. May be
    /// called often and by many; all return after the same end.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the session stays closed to new calls, and what is open closes once the last clone
    /// is dropped.
    pub async fn close(&self, timeout: Duration) {
        self.shared.close(Deadline::after(timeout)).await;
    }

    /// Has it been closed?
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// The cluster as it was last seen.
    pub fn topology(&self) -> Arc<Topology> {
        self.shared.cluster().topology()
    }

    /// The schema as it was last read: empty just after connecting, whole soon after that or after a
    /// [`refresh`](Self::refresh), and up to date once a statement of this session that changed it
    /// has returned.
    pub fn schema(&self) -> Arc<Schema> {
        self.shared.cluster().schema()
    }

    /// The CQL that makes this part of the schema again, in the words of the servers, which have
    /// known `DESCRIBE` since Cassandra 4.0.
    ///
    /// # Errors
    ///
    /// [`DescribeError`]: there is no such thing, or no server that can say.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is left behind.
    pub async fn describe(&self, what: Describe<'_>) -> Result<String, DescribeError> {
        let deadline = Deadline::after(self.profile().settings().timeout);
        self.shared.cluster().describe(what, deadline).await
    }

    /// What the servers wrote of a request that they were asked to trace
    /// ([`tracing`](Execution::tracing)), whose id came with its [page](crate::Page::tracing_id) or its
    /// [error](Error::tracing_id).
    ///
    /// Servers write it once they have answered, so this waits until the coordinator has written how
    /// long it took, and until no more events come from one look to the next: 10 ms as a rule. What
    /// other hosts write later than that is not in it. It is read at `ONE`, 100,000 events at most; each
    /// look is a request of its own.
    ///
    /// ```no_run
    /// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
    /// let found = session.query("SELECT * FROM shop.orders LIMIT 10", ()).tracing(true).await?;
    /// if let Some(id) = found.page().tracing_id() {
    ///     println!("{}", session.trace(id).await?);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoTrace`](ErrorKind::NoTrace) if it is not there within the
    /// [timeout](ExecutionProfile::timeout) of the profile, and what can happen to any request.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is left behind.
    pub async fn trace(&self, id: Uuid) -> Result<Trace> {
        let deadline = Deadline::after(self.profile().settings().timeout);
        trace::read(&self.shared, id, deadline).await
    }

    /// Has the hosts and the whole schema read again, and waits until that is done; no longer than
    /// the timeout. `false` if it is not done by then. What servers announce is read without being
    /// asked for.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it is read all the same.
    pub async fn refresh(&self, timeout: Duration) -> bool {
        self.shared.cluster().refresh(None, Deadline::after(timeout)).await
    }

    /// How the cluster is, without asking anybody: for readiness probes.
    pub fn health(&self) -> Health {
        self.shared.cluster().health()
    }

    /// What happens to the cluster from now on: hosts that come, go, move, are up or down, and
    /// changes of the schema. Of those that are not read the oldest go when there are 1,024, and it
    /// says so.
    pub fn cluster_changes(&self) -> ClusterChanges {
        self.shared.cluster().changes()
    }

    /// Closes the connections to this host once they are done, and sends it nothing until
    /// [`force_up`](Self::force_up), whatever servers say about it. Requests that are chosen a host
    /// for at this very moment may still go there.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the host may be forced down all the same.
    pub async fn force_down(&self, host_id: Uuid) {
        self.shared.cluster().force_down(host_id).await;
    }

    /// The opposite of [`force_down`](Self::force_down); of a host that is merely down, the next
    /// attempt to connect begins at once.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the host may be connected to all the same.
    pub async fn force_up(&self, host_id: Uuid) {
        self.shared.cluster().force_up(host_id).await;
    }

    /// How requests are executed at the moment unless they say otherwise.
    pub fn profile(&self) -> &ExecutionProfile {
        self.shared.profiles.current()
    }

    /// What that profile is called: `default`, or its name
    /// ([`named_profile`](crate::SessionBuilder::named_profile)).
    pub fn profile_name(&self) -> &str {
        self.shared.profiles.current_name()
    }

    /// The profile of this name, for a [request](Execution::profile) to be executed by.
    ///
    /// # Errors
    ///
    /// [`Settings`](ErrorKind::Settings): the session has none of this name; it says which it has.
    pub fn profile_named(&self, name: &str) -> Result<&ExecutionProfile> {
        self.shared.profiles.find(name).ok_or_else(|| self.no_profile(name))
    }

    /// Has all requests of the session executed by the profile of this name from now on, unless they
    /// say otherwise; `default` is the one that it began with. Those that were made before, and the
    /// pages of their streams, go on as they began. Takes no lock and waits for nothing.
    ///
    /// # Errors
    ///
    /// [`Settings`](ErrorKind::Settings): the session has none of this name. Nothing is changed.
    pub fn use_profile(&self, name: &str) -> Result<()> {
        if self.shared.profiles.switch(name) { Ok(()) } else { Err(self.no_profile(name)) }
    }

    #[cold]
    fn no_profile(&self, name: &str) -> Error {
        let known: Vec<_> = self.shared.profiles.names().collect();
        let why = format!("there is none named `{name}`, but {}", known.join(", "));
        ErrorKind::Settings { setting: "profile".into(), why }.into()
    }

    /// What the session holds at the moment. At rest, everything but the connections is zero.
    pub fn resources(&self) -> Resources {
        self.shared.resources()
    }

    /// What it has counted since it was connected, and what it holds at the moment. Two looks can be
    /// [compared](Metrics::since).
    ///
    /// It takes some microseconds a host, and the lock of one connection after the other for as long
    /// as its counters take to be copied.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.shared)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .field("resources", &self.resources())
            .finish_non_exhaustive()
    }
}
