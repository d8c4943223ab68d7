//! Every wait has an end: a server that is silent in each phase, under paused time.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use cqlwire_testkit::node::{Member, Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;
use tokio::time::Instant;

use super::close::block_on;
use super::memory::{Memory, at_rest, ends_after};
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::codec::wire::write;
use crate::codec::{EnvelopeFlags, Opcode};
use crate::net::MultiplexerSettings;
use crate::{Error, ErrorKind, TimeoutPhase};

const SOON: Duration = Duration::from_millis(300);

fn phase(error: &Error) -> TimeoutPhase {
    match error.kind() {
        ErrorKind::Timeout { phase, .. } => *phase,
        _ => panic!("no timeout: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_connecting_ends_in_every_phase() {
    let silences = [Opcode::Options, Opcode::Startup, Opcode::AuthResponse, Opcode::Query];
    for silent in silences {
        let baseline = Baseline::of_tasks();
        let node = ScriptedNode::builder().password("ada", "hunter2").in_memory();
        node.prime(Prime::opcode(silent).silence());
        let memory = Memory::of([node]);
        let builder = memory.builder().credentials("ada", "hunter2").connect_timeout(SOON);
        if silent == Opcode::Options {
            // Never asked while connecting: here it is the dialling that never ends.
            let nowhere = builder.contact_points(["192.0.2.1"]);
            ends_after(SOON, nowhere.connect()).await.unwrap_err();
        } else {
            let error = ends_after(SOON, builder.connect()).await.unwrap_err();
            assert!(error.to_string().contains("deadline passed"), "{silent}: {error}");
        }
        drop(memory);
        baseline.regained().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_connecting_says_whose_deadline_it_was_that_passed() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::opcode(Opcode::Startup).silence());
    let memory = Memory::of([node]);
    let of_one_connection = Duration::from_secs(5);
    for (whole, of_attempt) in [(SOON, false), (2 * of_one_connection, true)] {
        let connecting = memory.builder().connect_timeout(whole).connect();
        let ended = whole.min(of_one_connection);
        let error = ends_after(ended, connecting).await.unwrap_err();
        let expected = ErrorKind::Timeout { phase: TimeoutPhase::Connect, host: None, of_attempt };
        assert_eq!(error.kind().to_string(), expected.to_string(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_prepare_execute_and_page_two_end() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let profile = crate::ExecutionProfile::default().timeout(SOON);
    let session = memory.builder().profile(profile).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();

    memory.node().prime(Prime::prepare("SELECT silent").silence());
    let error = ends_after(SOON, session.prepare("SELECT silent")).await.unwrap_err();
    assert_eq!(phase(&error), TimeoutPhase::Response);

    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0).pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    memory.node().prime(Prime::statement(SELECT).silence());
    let error = ends_after(SOON, pages.try_next()).await.unwrap_err();
    assert_eq!(phase(&error), TimeoutPhase::Response);

    let executing = session.execute(&by_city, ("Oslo",)).into_future();
    let error = ends_after(SOON, executing).await.unwrap_err();
    assert_eq!(phase(&error), TimeoutPhase::Response);
    assert!(error.is_timeout() && !error.may_have_been_applied(), "reading changes nothing");

    memory.node().clear_primes();
    memory.node().forget_prepared();
    memory.node().prime(Prime::opcode(Opcode::Prepare).silence());
    let again = session.execute(&by_city, ("Oslo",)).into_future();
    let error = ends_after(SOON, again).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g6_1_waiting_for_a_stream_id_ends() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let one = MultiplexerSettings { max_in_flight: 1, ..MultiplexerSettings::default() };
    let builder = memory.builder().connection(|settings| settings.multiplexer = one);
    let session = builder.connect().await.unwrap();
    let held = memory.node().hold(Prime::statement(INSERT));
    let first = tokio::spawn({
        let session = session.clone();
        async move { session.query(INSERT, ()).await.map(drop) }
    });
    cqlwire_testkit::eventually(PATIENCE, "the first is sent", || held.len() == 1).await;
    let second = session.query(INSERT, ()).timeout(SOON).into_future();
    let error = ends_after(SOON, second).await.unwrap_err();
    assert_eq!(phase(&error), TimeoutPhase::Queue);
    assert!(!error.may_have_been_applied(), "it was never sent");
    held.release();
    first.await.unwrap().unwrap();
    assert_eq!(memory.node().count_statement(INSERT), 1);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g6_1_close_ends_and_tells_who_was_inside() {
    let baseline = Baseline::of_tasks();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let inside = tokio::spawn({
        let session = session.clone();
        async move { session.query(INSERT, ()).timeout(PATIENCE * 10).await.map(drop) }
    });
    cqlwire_testkit::eventually(PATIENCE, "it is sent", || memory.node().owed() == 1).await;
    ends_after(SOON, session.close(SOON)).await;
    let error = inside.await.unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error}");
    assert!(error.may_have_been_applied());
    assert!(session.resources().is_zero(), "{}", session.resources());
    drop((session, memory));
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn g6_3_a_timeout_says_where_and_for_how_long() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let error = session.query(INSERT, ()).timeout(SOON).await.unwrap_err();
    let text = error.to_string();
    let expected = "timeout: the deadline passed while waiting for the response of 127.0.0.1:9042";
    assert!(text.starts_with(expected), "{text}");
    assert!(error.elapsed().unwrap() >= SOON);
}

/// RESULT that the keyspace `k` was created: a schema change (v5 §4.2.5.5).
pub(super) fn keyspace_created() -> BytesMut {
    let mut body = BytesMut::new();
    body.put_i32(5);
    for text in ["CREATED", "KEYSPACE", "k"] {
        write::string(&mut body, "part of a schema change", text).unwrap();
    }
    body
}

#[tokio::test(start_paused = true)]
async fn g6_1_waiting_for_schema_agreement_ends() {
    const CREATE: &str = "CREATE KEYSPACE k";
    for (agreed, schema) in [(false, [7; 16]), (true, [0x5C; 16])] {
        let other = Member { schema, ..Member::new(([127, 0, 0, 2], 9042).into()) };
        let nodes = [
            ScriptedNode::builder().in_memory(),
            ScriptedNode::builder().member(other).in_memory(),
        ];
        nodes[0].set_peers([nodes[1].member()]);
        nodes[1].set_peers([nodes[0].member()]);
        for node in &nodes {
            let created = keyspace_created();
            node.prime(Prime::statement(CREATE).raw(Opcode::Result, EnvelopeFlags::NONE, created));
        }
        let memory = Memory::of(nodes);
        let session = memory.builder().schema_agreement_timeout(SOON).connect().await.unwrap();
        let connected = || session.resources().connections == 2;
        cqlwire_testkit::eventually(PATIENCE, "both are connected", connected).await;
        let started = Instant::now();
        let created = session.query(CREATE, ()).await.unwrap();
        assert_eq!(created.schema_agreed(), Some(agreed));
        assert!(created.schema_change().is_some());
        assert!(started.elapsed() <= SOON + Duration::from_millis(50));
    }
}

/// The deadline of the call covers the wait for agreement.
#[tokio::test(start_paused = true)]
async fn g6_6_a_timeout_covers_the_agreement_on_a_schema() {
    let (memory, session) = disagreeing().await;
    let started = Instant::now();
    let created = session.query(CREATE, ()).timeout(SOON).await.unwrap();
    assert_eq!(created.schema_agreed(), Some(false), "it is done, and not known everywhere");
    assert!(started.elapsed() <= SOON + Duration::from_millis(50), "{:?}", started.elapsed());
    drop(memory);
}

const CREATE: &str = "CREATE KEYSPACE k";

/// Two nodes that do not agree on the schema.
async fn disagreeing() -> (std::sync::Arc<Memory>, crate::Session) {
    let nodes = two_of([7; 16]);
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    let connected = || session.resources().connections == 2;
    cqlwire_testkit::eventually(PATIENCE, "both are connected", connected).await;
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn g14_2_a_call_without_any_time_sends_nothing() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    for _ in 0..10 {
        let error = session.query(INSERT, ()).timeout(Duration::ZERO).await.unwrap_err();
        assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
    }
    assert_eq!(memory.node().count_statement(INSERT), 0);
}

/// The classic mistake: a session that outlives the runtime of the test that made it.
#[test]
fn g5_2_a_session_without_its_runtime_says_so_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (node, session) = runtime.block_on(async {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        let session = super::connected(&node).await;
        (node, session)
    });
    drop(runtime);
    let error = block_on(session.query(INSERT, ())).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the runtime on which it was connected has been shut down"), "{text}");
    assert!(!error.is_retryable() && !error.may_have_been_applied(), "{text}");
    drop((session, node));
}

/// Two nodes that answer CREATE, the second of which has this version of the schema. That of the
/// first is all 0x5C.
fn two_of(schema: [u8; 16]) -> [ScriptedNode; 2] {
    let other = Member { schema, ..Member::new(([127, 0, 0, 2], 9042).into()) };
    let nodes =
        [ScriptedNode::builder().in_memory(), ScriptedNode::builder().member(other).in_memory()];
    nodes[0].set_peers([nodes[1].member()]);
    nodes[1].set_peers([nodes[0].member()]);
    for node in &nodes {
        let created = keyspace_created();
        node.prime(Prime::statement(CREATE).raw(Opcode::Result, EnvelopeFlags::NONE, created));
    }
    nodes
}

const VERSION: &str = "SELECT schema_version FROM system.local WHERE key = 'local'";

#[tokio::test(start_paused = true)]
async fn servers_that_do_not_say_which_schema_they_have_do_not_agree() {
    let memory = Memory::of(two_of([0x5C; 16]));
    let session = memory.builder().schema_agreement_timeout(SOON).connect().await.unwrap();
    let connected = || session.resources().connections == 2;
    cqlwire_testkit::eventually(PATIENCE, "both are connected", connected).await;
    memory.nodes()[1].prime(Prime::statement(VERSION).error(0, "not now"));
    let created = session.query(CREATE, ()).await.unwrap();
    assert_eq!(created.schema_agreed(), Some(false), "one does not say");
    for node in memory.nodes() {
        node.prime(Prime::statement(VERSION).close());
        node.prime(Prime::opcode(Opcode::Startup).silence());
    }
    let created = session.query(CREATE, ()).await.unwrap();
    assert_eq!(created.schema_agreed(), Some(false), "nobody is there");
}
