//! Handles of one session in keyspaces of their own: by each request on v5, by connections below it.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Received, ScriptedNode, columns};
use tokio::task::JoinSet;

use super::memory::{Memory, at_rest, ends_after};
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::codec::{ColumnType, EncodeError, Opcode, ProtocolVersion};
use crate::{
    Error, ErrorKind, ExecutionProfile, FailedAttempt, RetryPolicy, RetryVerdict, Session,
};

const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
const OTHER: &str = "other";
/// It has to be in quotes, and its own one twice.
const ODD: &str = "An \"Odd\" one";
const WRITE: &str = "INSERT INTO users (id) VALUES (?)";
const DELETE: &str = "DELETE FROM users WHERE id = ?";
const OVERLOADED: i32 = 0x1001;

/// A node with these keyspaces and none else, which says to what is written that it is done.
fn node_of(version: ProtocolVersion) -> Arc<Memory> {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    memory.node().set_keyspaces(["shop", OTHER, ODD]);
    prime_users(memory.node(), 3);
    let markers = columns([("id", ColumnType::Int)]);
    for text in [WRITE, DELETE] {
        memory.node().prime(Prime::statement(text).void().binds(markers.clone(), &[0]));
    }
    memory
}

async fn in_shop(memory: &Arc<Memory>) -> Session {
    memory.builder().keyspace("shop").connect().await.unwrap()
}

/// What came of our statements since so many requests had come.
fn ours(memory: &Memory, since: usize) -> Vec<Received> {
    let received = memory.node().received().into_iter().skip(since);
    let is_ours = |one: &Received| one.statements.iter().any(|text| text.contains("users"));
    received.filter(is_ours).collect()
}

/// Every way in which a request is made; how many requests that is, PREPAREs included.
async fn on_every_path(session: &Session) -> usize {
    session.query(INSERT, ()).await.unwrap();
    session.query(WRITE, (1,)).await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    session.execute(&by_city, ("Oslo",)).await.unwrap();
    let rows = session.execute(&by_city, ("Oslo",)).page_size(1).rows::<(i64, String)>();
    assert_eq!(rows.try_collect(9).await.unwrap().len(), 3);
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap().add(WRITE, (2,)).unwrap();
    batch.add(DELETE, (3,)).unwrap();
    batch.execute().await.unwrap();
    let of_values = 3 + 1;
    1 + (1 + 1) + (1 + 1) + of_values + (1 + 1)
}

#[tokio::test(start_paused = true)]
async fn g15_6_every_request_is_in_the_keyspace_of_its_handle_on_every_path_and_version() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let names = [Some("shop"), Some(OTHER), Some(ODD)];
        let mut handles = vec![session.clone()];
        for name in [OTHER, ODD] {
            handles.push(session.with_keyspace(name).await.unwrap());
        }
        for (handle, name) in handles.iter().zip(names) {
            assert_eq!(handle.keyspace().as_deref(), name);
            let before = memory.node().received().len();
            let expected = on_every_path(handle).await;
            let requests = ours(&memory, before);
            assert!(requests.len() >= expected - 1, "{version}: {} of {expected}", requests.len());
            for request in requests {
                assert_eq!(request.runs_in.as_deref(), name, "{version}: {request:?}");
                let named = (version == ProtocolVersion::V5).then_some(name).flatten();
                let named = named.filter(|name| *name != "shop");
                assert_eq!(request.fields.keyspace.as_deref(), named, "{version}: {request:?}");
            }
        }
        let own = if version == ProtocolVersion::V5 { 0 } else { 2 };
        assert_eq!(session.resources().connections, 1 + own, "{version}");
        let again = session.with_keyspace(OTHER).await.unwrap();
        assert_eq!(session.resources().connections, 1 + own, "{version}: shared by its handles");
        drop((handles, again));
        eventually(PATIENCE, "they close", || session.resources().connections == 1).await;
        at_rest(&session).await;
        memory.node().assert_clean();
    }
}

#[tokio::test(start_paused = true)]
async fn g15_6_the_keyspace_of_the_session_is_no_other_one() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let before = memory.node().received().len();
        let same = session.with_keyspace("shop").await.unwrap();
        let insert = session.prepare(WRITE).await.unwrap();
        same.execute(&insert, (1,)).await.unwrap();
        assert_eq!(ours(&memory, before).len(), 2);
        assert_eq!(same.resources().connections, 1);
    }
}

/// Spelled as in the schema, whatever that is.
#[tokio::test(start_paused = true)]
async fn g15_6_a_keyspace_may_have_any_name() {
    let long = "long_".repeat(5_000);
    let names = [
        "Shop",
        "SHOP",
        "\"",
        "\"shop\"",
        "\"\"",
        "a\"b\"\"c",
        ";",
        "-- ",
        "/*",
        " ",
        "use",
        "1",
        "\u{43A}\u{43B}\u{44E}\u{447}",
        "line\nline",
        "?",
        "nul\0",
        &long,
    ];
    for version in VERSIONS {
        let memory = node_of(version);
        memory.node().set_keyspaces(names.into_iter().chain(["shop"]));
        let session = in_shop(&memory).await;
        for name in names {
            let handle = session.with_keyspace(name).await.unwrap();
            session.use_keyspace(name).await.unwrap();
            for handle in [&handle, &session] {
                assert_eq!(handle.keyspace().as_deref(), Some(name));
                handle.query(WRITE, (1,)).await.unwrap();
                let last = ours(&memory, 0).pop().unwrap();
                assert_eq!(last.runs_in.as_deref(), Some(name), "{version}");
            }
            let connected = memory.builder().keyspace(name).connect().await.unwrap();
            connected.query(INSERT, ()).await.unwrap();
            let last = ours(&memory, 0).pop().unwrap();
            assert_eq!(last.runs_in.as_deref(), Some(name), "{version}");
        }
        memory.node().assert_clean();
    }
}

fn is_unknown(error: &Error, name: &str) {
    let ErrorKind::UnknownKeyspace { keyspace, error: said, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(&**keyspace, name);
    assert!(said.message.contains("does not exist"), "{said}");
    assert!(error.to_string().contains("there is no keyspace"), "{error}");
    assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g15_6_an_unknown_keyspace_is_one_error_and_leaves_nothing() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        for name in ["unheard of", "SHOP", "\"shop\""] {
            is_unknown(&session.with_keyspace(name).await.map(drop).unwrap_err(), name);
            is_unknown(&session.use_keyspace(name).await.unwrap_err(), name);
            let connecting = memory.builder().keyspace(name).connect().await;
            is_unknown(&connecting.map(drop).unwrap_err(), name);
        }
        let error = session.with_keyspace("").await.map(drop).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Settings { setting, .. } if setting == "keyspace"),
            "{error}"
        );
        assert_eq!(session.keyspace().as_deref(), Some("shop"));
        eventually(PATIENCE, "only one is open", || {
            session.resources().connections == 1 && session.resources().is_idle()
        })
        .await;
        // One that is made afterwards is found.
        memory.node().set_keyspaces(["shop", "unheard of"]);
        let made = session.with_keyspace("unheard of").await.unwrap();
        made.query(INSERT, ()).await.unwrap();
    }
}

/// One that anybody is in is asked about once, and one that nobody is in any more is forgotten.
#[tokio::test(start_paused = true)]
async fn a_keyspace_costs_nothing_while_somebody_is_in_it_and_afterwards() {
    for version in VERSIONS {
        let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
        let session = in_shop(&memory).await;
        let asked = || memory.node().count(Opcode::Query);
        let before = asked();
        let first = session.with_keyspace(OTHER).await.unwrap();
        let once = asked();
        assert!(once > before);
        let again = session.with_keyspace(OTHER).await.unwrap();
        session.use_keyspace(OTHER).await.unwrap();
        session.use_keyspace("shop").await.unwrap();
        assert_eq!(asked(), once, "{version}");
        drop((first, again));
        for number in 0..200 {
            drop(session.with_keyspace(&format!("of tenant {number}")).await.unwrap());
        }
        assert!(session.shared().keyspaces.len() < 20);
        at_rest(&session).await;
        eventually(PATIENCE, "they close", || session.resources().connections == 1).await;
    }
}

fn is_refused(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::PreparedElsewhere { .. }), "{error}");
    assert!(!error.may_have_been_applied(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g15_6_a_statement_belongs_to_the_keyspace_that_it_was_prepared_in() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let other = session.with_keyspace(OTHER).await.unwrap();
        let (here, there) = (session.prepare(WRITE).await, other.prepare(WRITE).await);
        let (here, there) = (here.unwrap(), there.unwrap());
        assert_ne!(here.id(), there.id(), "{version}: the same text is another statement");
        let before = memory.node().received().len();
        for (handle, statement) in [(&session, &there), (&other, &here)] {
            is_refused(&handle.execute(statement, (1,)).await.map(drop).unwrap_err());
            let mut rows = handle.execute(statement, (1,)).rows::<(i32,)>();
            is_refused(&rows.try_next().await.unwrap_err());
            is_refused(&handle.batch().add(statement, (1,)).map(drop).unwrap_err());
            let mut rows = [(1,), (2,)].into_iter();
            is_refused(&handle.insert_all(statement, &mut rows).await.unwrap_err().error);
            assert_eq!(rows.len(), 2, "none was taken");
        }
        assert_eq!(memory.node().received().len(), before, "nothing was sent");
        session.execute(&here, (1,)).await.unwrap();
        other.execute(&there, (1,)).await.unwrap();
        // The one that was there first is refused once the handle has moved on.
        session.use_keyspace(OTHER).await.unwrap();
        is_refused(&session.execute(&here, (1,)).await.map(drop).unwrap_err());
        session.execute(&there, (1,)).await.unwrap();
        assert_eq!(session.shared().statements.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn g15_6_a_request_names_its_own_keyspace_on_v5_and_below_that_is_not_sent() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let before = memory.node().received().len();
        let mut batch = session.batch().keyspace(ODD);
        batch.add(INSERT, ()).unwrap().add(WRITE, (1,)).unwrap();
        let results = [
            session.query(INSERT, ()).keyspace(ODD).await.map(drop),
            session.query(WRITE, (1,)).keyspace(ODD).await.map(drop),
            session.query(SELECT, ("Oslo",)).keyspace(ODD).pages().try_next().await.map(drop),
            batch.execute().await.map(drop),
        ];
        let requests = ours(&memory, before);
        if version == ProtocolVersion::V5 {
            results.into_iter().for_each(|result| result.unwrap());
            assert_eq!(requests.len(), 1 + 2 + 2 + 1);
            assert!(requests.iter().all(|one| one.fields.keyspace.as_deref() == Some(ODD)));
        } else {
            for result in results {
                let error = result.unwrap_err();
                let ErrorKind::Encode(EncodeError::NotInVersion { what, .. }) = error.kind() else {
                    panic!("{error}")
                };
                assert_eq!(*what, "keyspace of a request", "{error}");
                assert!(!error.may_have_been_applied());
            }
            assert_eq!(requests.len(), 0, "{version}");
        }
        // Its own is no other one.
        session.query(INSERT, ()).keyspace("shop").await.unwrap();
        let here = session.prepare(WRITE).await.unwrap();
        is_refused(&session.execute(&here, (1,)).keyspace(ODD).await.map(drop).unwrap_err());
        let mut batch = session.batch();
        batch.add(&here, (1,)).unwrap();
        is_refused(&batch.keyspace(ODD).execute().await.map(drop).unwrap_err());
        memory.node().assert_clean();
    }
}

/// Once more, and once more.
#[derive(Debug)]
struct Again;

impl RetryPolicy for Again {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        RetryVerdict::SameHost
    }
}

/// Nothing that happens on the way leads elsewhere.
#[tokio::test(start_paused = true)]
async fn g15_6_retries_forgotten_statements_and_new_connections_stay_in_the_keyspace() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let other = session.with_keyspace(OTHER).await.unwrap();
        let by_city = other.prepare(SELECT).await.unwrap();
        let mut pages =
            other.execute(&by_city, ("Oslo",)).page_size(1).stream().prefetch(0).pages();
        pages.try_next().await.unwrap();
        let mut batch = other.batch();
        batch.add(WRITE, (1,)).unwrap();
        batch.execute().await.unwrap();
        let before = memory.node().received().len();
        memory.node().forget_prepared();
        memory.node().prime(Prime::statement(INSERT).error(OVERLOADED, "no").first(2));
        other.query(INSERT, ()).idempotent(true).retry_policy(Again).await.unwrap();
        pages.try_next().await.unwrap();
        other.execute(&by_city, ("Oslo",)).await.unwrap();
        batch.execute().await.unwrap();
        memory.node().close_connections();
        let all_again = || session.resources().connections == other_connections(version);
        eventually(PATIENCE, "all are open again", all_again).await;
        other.query(INSERT, ()).idempotent(true).await.unwrap();
        memory.node().forget_prepared();
        pages.try_next().await.unwrap();
        batch.execute().idempotent(true).await.unwrap();
        let requests = ours(&memory, before);
        assert!(requests.iter().filter(|one| one.opcode == Opcode::Prepare).count() >= 3);
        for request in requests {
            assert_eq!(request.runs_in.as_deref(), Some(OTHER), "{version}: {request:?}");
        }
        drop((other, by_city));
        pages.try_next().await.unwrap();
        drop((pages, batch));
        eventually(PATIENCE, "they close", || session.resources().connections == 1).await;
        at_rest(&session).await;
    }
}

const fn other_connections(version: ProtocolVersion) -> usize {
    match version {
        ProtocolVersion::V5 => 1,
        _ => 2,
    }
}

#[tokio::test(start_paused = true)]
async fn g15_6_a_switch_is_for_all_that_is_made_afterwards_and_nothing_else() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let clone = session.clone();
        let other = session.with_keyspace(ODD).await.unwrap();
        let held = memory.node().hold(Prime::statement(INSERT).first(1));
        let mut in_flight = session.query(INSERT, ());
        assert!(poll_once(&mut in_flight).await.is_pending());
        eventually(PATIENCE, "it is held", || held.len() == 1).await;
        let (made, mut batch) = (session.query(INSERT, ()), session.batch());
        batch.add(INSERT, ()).unwrap();
        let by_city = session.prepare(SELECT).await.unwrap();
        let mut pages =
            session.execute(&by_city, ("Oslo",)).page_size(1).stream().prefetch(0).pages();
        pages.try_next().await.unwrap();
        let before = memory.node().received().len();
        session.use_keyspace(OTHER).await.unwrap();
        held.release();
        in_flight.await.unwrap();
        made.await.unwrap();
        batch.execute().await.unwrap();
        pages.try_next().await.unwrap();
        other.query(INSERT, ()).await.unwrap();
        clone.query(INSERT, ()).await.unwrap();
        session.batch().add(INSERT, ()).unwrap().execute().await.unwrap();
        let ran_in = ours(&memory, before).into_iter().map(|one| one.runs_in.unwrap());
        let expected = ["shop", "shop", "shop", ODD, OTHER, OTHER];
        assert_eq!(ran_in.collect::<Vec<_>>(), expected, "{version}");
        assert_eq!(clone.keyspace().as_deref(), Some(OTHER));
        session.use_keyspace("shop").await.unwrap();
        clone.query(INSERT, ()).await.unwrap();
        let last = memory.node().received().pop().unwrap();
        assert_eq!(last.runs_in.as_deref(), Some("shop"), "{version}");
        drop(other);
        eventually(PATIENCE, "they close", || session.resources().connections == 1).await;
    }
}

/// Whoever asks while others switch: what it asked for is where the handle was when it asked.
#[tokio::test(start_paused = true)]
async fn g15_6_switches_go_one_after_the_other_under_those_who_ask() {
    for version in VERSIONS {
        let memory = node_of(version);
        memory.node().prime(Prime::any().after(Duration::from_millis(1)));
        let session = in_shop(&memory).await;
        let mut tasks = JoinSet::new();
        for task in 0..8 {
            let session = session.clone();
            tasks.spawn(async move {
                for number in 0..50 {
                    let keyspace = session.keyspace().unwrap();
                    let text =
                        format!("INSERT INTO users (id) VALUES ({task}, {number}) -- {keyspace}");
                    // Nobody switches in between: there is no await.
                    session.query(&text, ()).idempotent(true).await.unwrap();
                }
            });
        }
        for _ in 0..2 {
            let session = session.clone();
            tasks.spawn(async move {
                for name in [OTHER, ODD, "shop", ODD, OTHER, "shop"] {
                    session.use_keyspace(name).await.unwrap();
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let requests = ours(&memory, 0);
        assert!(requests.len() >= 400);
        let mut seen = std::collections::BTreeSet::new();
        for request in requests {
            let (_, asked_in) = request.statements[0].split_once(" -- ").unwrap();
            assert_eq!(request.runs_in.as_deref(), Some(asked_in), "{version}: {request:?}");
            seen.insert(asked_in.to_owned());
        }
        assert_eq!(seen.len(), 3, "{version}: {seen:?}");
        eventually(PATIENCE, "they close", || session.resources().connections == 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_keyspace_dropped_at_every_poll_leaves_nothing() {
    for version in VERSIONS {
        let memory = node_of(version);
        let slow = Prime::any().after(Duration::from_millis(2));
        let session = in_shop(&memory).await;
        memory.node().prime(slow);
        let left = async |_| {
            assert_eq!(session.keyspace().as_deref(), Some("shop"));
            eventually(PATIENCE, "one is open", || {
                session.resources().connections == 1 && session.resources().is_idle()
            })
            .await;
        };
        let fresh = || Box::pin(async { session.with_keyspace(OTHER).await.map(drop) });
        let (output, dropped) = cancel_at_every_poll(fresh, left).await;
        output.unwrap();
        assert!(dropped >= 2, "{version}: dropped at {dropped} points only");
        let switched = async |_| {
            // One that came to its end before it was dropped has switched it.
            let settled = || session.resources().is_idle() && session.resources().connections <= 2;
            eventually(PATIENCE, "nothing is under way", settled).await;
        };
        let fresh = || Box::pin(session.use_keyspace(OTHER));
        let (output, dropped) = cancel_at_every_poll(fresh, switched).await;
        output.unwrap();
        assert!(dropped >= 2, "{version}: dropped at {dropped} points only");
        session.close(PATIENCE).await;
        assert!(session.resources().is_zero(), "{}", session.resources());
        let error = session.with_keyspace(OTHER).await.map(drop).unwrap_err();
        assert!(error.is_closed(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_keyspace_of_a_silent_server_ends_at_the_deadline() {
    let soon = Duration::from_millis(400);
    for version in VERSIONS {
        let memory = node_of(version);
        let profile = ExecutionProfile::default().timeout(soon);
        let builder = memory.builder().keyspace("shop").profile(profile);
        let session = builder.connect().await.unwrap();
        memory.node().prime(Prime::any().silence());
        let error = ends_after(soon, session.with_keyspace(OTHER)).await.map(drop).unwrap_err();
        assert!(error.is_timeout(), "{version}: {error}");
        let both = async { tokio::join!(session.use_keyspace(OTHER), session.use_keyspace(ODD)) };
        let (first, second) = ends_after(soon, both).await;
        assert!(first.unwrap_err().is_timeout() && second.unwrap_err().is_timeout());
        assert_eq!(session.keyspace().as_deref(), Some("shop"));
    }
}

#[tokio::test(start_paused = true)]
async fn g10_4_a_close_is_for_all_handles_and_their_connections() {
    for version in VERSIONS {
        let memory = node_of(version);
        let session = in_shop(&memory).await;
        let other = session.with_keyspace(OTHER).await.unwrap();
        other.close(PATIENCE).await;
        assert!(session.is_closed() && session.resources().is_zero(), "{}", session.resources());
        assert_eq!(memory.node().connections(), 0, "{version}");
        assert!(other.query(INSERT, ()).await.unwrap_err().is_closed());
    }
}
