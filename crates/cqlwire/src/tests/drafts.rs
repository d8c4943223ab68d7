//! Requests that are encoded before their host is chosen, sent to hosts that they do not fit, or not
//! sent at all.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode, columns};
use tokio::time::Instant;

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter, connected, second_values, three};
use super::{INSERT, PATIENCE, prime_users};
use crate::attempt::Run;
use crate::codec::{
    ColumnSpec, ColumnType, EncodeValues, Opcode, RequestEnvelope, StatementKind, Token, ValueError,
};
use crate::net::{Deadline, RequestKind};
use crate::operation::{Form, NotEncoded, Operation};
use crate::prepared::MetadataHandle;
use crate::{
    Compression, Consistency, ErrorKind, HostIndex, LoadBalancing, PreparedStatement,
    ProtocolVersion, Routing, Session, Topology, Tried,
};

/// Three nodes, of which the first speaks an older version than the others.
fn mixed() -> [ScriptedNode; 3] {
    let of = |last: u8, version| {
        let member = Member::new(([127, 0, 0, last], 9042).into());
        ScriptedNode::builder().versions([version]).member(member).in_memory()
    };
    let nodes =
        [of(1, ProtocolVersion::V4), of(2, ProtocolVersion::V5), of(3, ProtocolVersion::V5)];
    for node in &nodes {
        let others = nodes.iter().map(ScriptedNode::member);
        node.set_peers(others.filter(|other| *other != node.member()));
    }
    nodes
}

#[tokio::test(start_paused = true)]
async fn a_request_fits_the_connection_that_it_goes_to_whatever_the_others_speak() {
    for compression in [None, Some(Compression::Lz4)] {
        let memory = Memory::of(mixed());
        alter(memory.nodes(), &ColumnType::Int);
        let mut builder = memory.builder();
        if let Some(compression) = compression {
            builder = builder.compression(compression);
        }
        let session = builder.connect().await.unwrap();
        eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
        let write = session.prepare(WRITE).await.unwrap();
        for k in 0..30 {
            session.execute(&write, (k, 5_i32)).await.unwrap();
        }
        for node in memory.nodes() {
            let values = second_values(node);
            assert!(values.len() >= 10, "each has its turn");
            assert!(values.iter().all(|value| *value == 5_i32.to_be_bytes()));
        }
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_an_execution_dropped_at_every_poll_while_hosts_forget_its_statement() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let fresh = || {
        memory.nodes().iter().for_each(ScriptedNode::forget_prepared);
        Box::pin(async { session.execute(&write, (1, 5_i32)).await.map(drop) })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 4, "dropped at {dropped} points only");
}

/// A value of a user, who makes a mistake.
struct Panics;

impl EncodeValues for Panics {
    fn encode_values(&self, _: &[ColumnSpec], _: &mut BytesMut) -> Result<usize, ValueError> {
        panic!("a mistake")
    }
}

#[tokio::test(start_paused = true)]
async fn values_that_panic_harm_their_own_request() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (_memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let call = tokio::spawn({
        let (session, write) = (session.clone(), write.clone());
        async move { session.execute(&write, Panics).await.map(drop) }
    });
    assert!(call.await.unwrap_err().is_panic());
    at_rest(&session).await;
    session.execute(&write, (1, 5_i32)).await.unwrap();
}

/// Values that are other ones each time they are looked at.
struct Counted(Cell<i32>);

impl EncodeValues for Counted {
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        self.0.set(self.0.get() + 1);
        (self.0.get(), self.0.get()).encode_values(columns, out)
    }
}

/// What was encoded is what is sent: not once for the choice of the host, and once for the host.
#[tokio::test(start_paused = true)]
async fn values_are_encoded_once() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (_memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    for k in 0..3 {
        session.execute(&write, (k, 5_i32)).await.unwrap();
    }
    let values = Counted(Cell::new(0));
    session.execute(&write, &values).await.unwrap();
    assert_eq!(values.0.get(), 1);
}

/// An operation whose host forgets its statement whenever it has just been asked to prepare it.
struct Forgotten {
    statement: PreparedStatement,
    hosts: Vec<uuid::Uuid>,
}

impl Operation for Forgotten {
    fn encode(
        &self,
        _: Form,
        _: Option<&MetadataHandle>,
        _: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        Err(NotEncoded::Refused(ErrorKind::SessionClosed))
    }

    fn routing(&self) -> Routing<'_> {
        Routing::new(Consistency::One)
    }

    fn is_idempotent(&self) -> bool {
        false
    }

    fn at(&self, _: Consistency) -> Self {
        Self { statement: self.statement.clone(), hosts: self.hosts.clone() }
    }

    fn kind(&self) -> StatementKind {
        StatementKind::Write
    }

    fn request_kind(&self) -> RequestKind {
        RequestKind::Write
    }

    fn prepared(&self) -> Option<&PreparedStatement> {
        self.hosts.iter().for_each(|host| self.statement.forgotten_by(*host));
        Some(&self.statement)
    }
}

#[tokio::test(start_paused = true)]
async fn g3_1_a_host_that_was_asked_to_prepare_too_often_is_among_the_attempts() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (_memory, session) = connected(nodes).await;
    let statement = session.prepare(WRITE).await.unwrap();
    let hosts = session.topology().hosts().iter().map(|host| host.id()).collect();
    let operation = Forgotten { statement, hosts };
    let mut run = Run::new(Deadline::after(PATIENCE), None);
    let outcome = poll_fn(|context| run.poll(session.shared(), &operation, true, context)).await;
    let error = outcome.map(drop).unwrap_err();
    assert_eq!(error.attempts().len(), 3, "{error}");
    assert!(
        matches!(error.kind(), ErrorKind::NoHostAvailable { plan_was_empty: false }),
        "{error}"
    );
    assert!(!error.may_have_been_applied());
}

const CREATE: &str = "CREATE KEYSPACE k";

/// Nodes that answer CREATE, and never agree on the schema.
async fn disagreeing() -> (Arc<Memory>, Session) {
    let member = |last, schema| Member { schema, ..Member::new(([127, 0, 0, last], 9042).into()) };
    let node = |last, schema| ScriptedNode::builder().member(member(last, schema)).in_memory();
    let nodes = [node(1, [1; 16]), node(2, [2; 16])];
    nodes[0].set_peers([nodes[1].member()]);
    nodes[1].set_peers([nodes[0].member()]);
    for node in &nodes {
        let created = super::deadlines::keyspace_created();
        let flags = crate::codec::EnvelopeFlags::NONE;
        node.prime(Prime::statement(CREATE).raw(Opcode::Result, flags, created));
    }
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    (memory, session)
}

/// It has its response: there is nothing that it could still wait for.
#[tokio::test(start_paused = true)]
async fn g10_3_a_change_of_the_schema_ends_with_the_session_that_waits_for_agreement() {
    let (_memory, session) = disagreeing().await;
    let create = tokio::spawn({
        let session = session.clone();
        async move { session.query(CREATE, ()).timeout(Duration::from_secs(60)).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!create.is_finished());
    let began = Instant::now();
    session.close(Duration::from_secs(1)).await;
    let created = create.await.unwrap().unwrap();
    assert_eq!(created.schema_agreed(), Some(false));
    assert!(began.elapsed() <= Duration::from_millis(1_200), "{:?}", began.elapsed());
    assert!(session.resources().is_zero(), "{}", session.resources());
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_change_of_the_schema_dropped_at_every_poll() {
    let (_memory, session) = disagreeing().await;
    let fresh = || {
        let create = session.query(CREATE, ()).timeout(Duration::from_millis(500));
        Box::pin(async { create.await.map(drop) })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 4, "dropped at {dropped} points only");
}

/// Nobody reads the new schema then: the response is there all the same, and in time.
#[tokio::test(start_paused = true)]
async fn g6_6_a_change_of_the_schema_that_nobody_reads_ends_at_its_deadline() {
    let (memory, session) = disagreeing().await;
    let version = "SELECT schema_version FROM system.local WHERE key = 'local'";
    for node in memory.nodes() {
        // Whatever is asked is not answered, but for what says that the servers agree.
        node.prime(Prime::opcode(Opcode::Query).silence());
        let created = super::deadlines::keyspace_created();
        let flags = crate::codec::EnvelopeFlags::NONE;
        node.prime(Prime::statement(CREATE).raw(Opcode::Result, flags, created));
        let shape = columns([("schema_version", ColumnType::Uuid)]);
        let same = vec![vec![cqlwire_testkit::node::cell([7_u8; 16])]];
        node.prime(Prime::statement(version).rows(shape, same));
    }
    let began = Instant::now();
    let created = session.query(CREATE, ()).timeout(Duration::from_secs(3)).await.unwrap();
    assert_eq!(created.schema_agreed(), Some(true));
    assert!(began.elapsed() <= Duration::from_millis(3_050), "{:?}", began.elapsed());
    at_rest(&session).await;
}

/// A policy that uses the session that asks it.
#[derive(Debug, Default)]
struct CallsBack(Arc<OnceLock<Session>>);

impl LoadBalancing for CallsBack {
    fn next(
        &self,
        request: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        if let Some(session) = self.0.get()
            && request.consistency == Consistency::All
        {
            assert!(session.health().local_hosts_up > 0 && !session.is_closed());
            assert_eq!(session.topology().hosts().len(), topology.hosts().len());
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            let mut query = Box::pin(session.query(INSERT, ()).into_future());
            assert!(query.as_mut().poll(&mut context).is_pending());
        }
        topology.local_hosts().iter().copied().find(|host| !tried.contains(*host))
    }
}

#[tokio::test(start_paused = true)]
async fn g13_6_a_policy_may_use_the_session_that_asks_it() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 3);
    let own = Arc::new(OnceLock::new());
    let policy = CallsBack(Arc::clone(&own));
    let session = memory.builder().load_balancing(policy).connect().await.unwrap();
    own.set(session.clone()).unwrap();
    let by_city = session.prepare(super::SELECT).await.unwrap();
    let found = session.execute(&by_city, ("Oslo",)).consistency(Consistency::All).await.unwrap();
    assert_eq!(found.row_count(), 3);
    drop(found);
    at_rest(&session).await;
}

/// Draws what it likes.
#[derive(Debug)]
struct OutOfRange(HostIndex);

impl LoadBalancing for OutOfRange {
    fn next(&self, _: &Routing<'_>, _: &Topology, _: u64, _: &Tried) -> Option<HostIndex> {
        Some(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn g13_6_a_policy_that_names_a_host_of_another_topology_gives_none() {
    let (_three, other) = connected(three()).await;
    let last = *other.topology().local_hosts().last().unwrap();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().load_balancing(OutOfRange(last)).connect().await.unwrap();
    let error = session.query(INSERT, ()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { plan_was_empty: true }), "{error}");
    let mut polled = Box::pin(session.prepare(INSERT));
    assert!(poll_once(&mut polled).await.is_ready());
}
