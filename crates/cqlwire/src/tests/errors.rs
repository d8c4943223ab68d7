//! Every failure names the hosts that were tried, and has one face on every path.

use cqlwire_pool::Unconnected;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use cqlwire_testkit::probe::alone;

use super::memory::Memory;
use super::{INSERT, PATIENCE, SELECT, builder, connected, prime_users, users};
use crate::codec::{ColumnType, ErrorCode, Opcode};
use crate::{AttemptFailure, Batch, Error, ErrorKind, PreparedStatement, Session};

/// Two nodes that know each other, in memory.
fn two() -> [ScriptedNode; 2] {
    let second = cqlwire_testkit::node::Member::new(([127, 0, 0, 2], 9042).into());
    let nodes =
        [ScriptedNode::builder().in_memory(), ScriptedNode::builder().member(second).in_memory()];
    nodes[0].set_peers([nodes[1].member()]);
    nodes[1].set_peers([nodes[0].member()]);
    nodes
}

/// What a server would say to a SELECT among them is not of interest.
fn batch_of(session: &Session, by_city: &PreparedStatement) -> Batch {
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap().add(by_city, ("Oslo",)).unwrap();
    batch
}

fn hosts(error: &Error) -> Vec<&str> {
    error.attempts().iter().map(|attempt| &*attempt.host).collect()
}

#[tokio::test(start_paused = true)]
async fn g3_1_every_host_that_was_tried_is_told_with_its_own_reason() {
    let [first, second] = two();
    first.prime(Prime::statement(INSERT).error(0x1001, "overloaded"));
    second.prime(Prime::statement(INSERT).error(0x1002, "bootstrapping"));
    let memory = Memory::of([first, second]);
    let session = memory.builder().retries(|retries| retries.max_plans = 1);
    let session = session.connect().await.unwrap();
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    let error = session.query(INSERT, ()).idempotent(true).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { plan_was_empty: false }));
    let mut tried = hosts(&error);
    tried.sort_unstable();
    assert_eq!(tried, ["127.0.0.1:9042", "127.0.0.2:9042"]);
    for attempt in error.attempts() {
        let AttemptFailure::Server { error, .. } = &attempt.failure else { panic!("{attempt}") };
        let expected = if attempt.host.starts_with("127.0.0.1:") {
            ErrorCode::Overloaded
        } else {
            ErrorCode::IsBootstrapping
        };
        assert_eq!(error.code, expected);
    }
    assert!(error.is_retryable() && error.may_have_been_applied());
}

/// Only where every host met a limit of ours is it the caller who sends too much.
#[tokio::test(start_paused = true)]
async fn g3_1_hosts_that_are_full_and_hosts_that_are_down_are_not_all_full() {
    let memory = Memory::of(two());
    let builder = memory.builder().max_waiting_requests(1);
    let builder = builder.connection(|settings| settings.multiplexer.max_in_flight = 1);
    let session = builder.connect().await.unwrap();
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::statement(INSERT).silence()));
    let mut held: Vec<_> = (0..4).map(|_| Box::pin(session.query(INSERT, ()))).collect();
    for call in &mut held {
        assert!(cqlwire_testkit::cancel::poll_once(call).await.is_pending());
    }
    let error = session.query(INSERT, ()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }), "{error}");
    assert_eq!(error.attempts().len(), 2, "{error}");
    let second = session.topology().hosts()[1].clone();
    session.force_down(second.id()).await;
    eventually(PATIENCE, "it is down", || second.pool().pick().is_err()).await;
    let error = session.query(INSERT, ()).await.unwrap_err();
    let mixed = matches!(error.kind(), ErrorKind::NoHostAvailable { plan_was_empty: false });
    assert!(mixed, "{error}");
    assert_eq!(error.attempts().len(), 2, "{error}");
}

#[tokio::test(start_paused = true)]
async fn i7_an_overloaded_host_is_passed_over() {
    let [first, second] = two();
    first.prime(Prime::statement(INSERT).error(0x1001, "overloaded"));
    let memory = Memory::of([first, second]);
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    for _ in 0..4 {
        session.query(INSERT, ()).idempotent(true).await.unwrap();
    }
    // A coordinator may say so after it has stored a batch log, or the log of a view.
    let mut failed = 0;
    for _ in 0..2 {
        if let Err(error) = session.query(INSERT, ()).await {
            assert!(error.may_have_been_applied() && error.is_retryable(), "{error}");
            failed += 1;
        }
    }
    assert_eq!(failed, 1, "of two plans one begins with the host that is overloaded");
}

#[tokio::test(start_paused = true)]
async fn g3_1_an_answer_that_is_an_error_here_lists_the_hosts_before_it() {
    let [first, second] = two();
    let everybody = "SELECT id, name FROM users";
    let shape = columns([("id", ColumnType::BigInt), ("name", ColumnType::Text)]);
    first.prime(Prime::statement(everybody).error(0x1001, "overloaded"));
    second.prime(Prime::statement(everybody).rows(shape, users(25)));
    let memory = Memory::of([first, second]);
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    let mut attempts = Vec::new();
    for _ in 0..2 {
        let error = session.query(everybody, ()).page_size(10).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::MorePages { rows: 10 }), "{error}");
        assert!(error.elapsed().is_some());
        attempts.push(error.attempts().len());
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [0, 1], "each host was the first once");
}

#[tokio::test]
async fn g3_2_no_host_is_the_same_error_on_every_path() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 25);
    let address = node.address();
    let at_once = builder(&node).retries(|retries| retries.max_plans = 1);
    let session = at_once.connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0).pages();
    pages.try_next().await.unwrap().unwrap();
    drop(node);
    let pool = session.topology().hosts()[0].pool().clone();
    eventually(PATIENCE, "it was tried again", || {
        matches!(pool.pick().map_err(|error| error.reason), Err(Unconnected::Failed(_)))
    })
    .await;

    let errors = [
        session.query(INSERT, ()).await.unwrap_err(),
        session.execute(&by_city, ("Oslo",)).await.unwrap_err(),
        session.prepare("SELECT id FROM users").await.unwrap_err(),
        session.query("SELECT id FROM users WHERE city = ?", ("Oslo",)).await.unwrap_err(),
        pages.try_next().await.unwrap_err(),
        batch_of(&session, &by_city).execute().await.unwrap_err(),
        Session::builder().contact_points([address.to_string()]).connect().await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(error.kind(), ErrorKind::NoHostAvailable { plan_was_empty: false }),
            "{error}"
        );
        assert_eq!(hosts(&error), [address.to_string()]);
        assert!(!error.may_have_been_applied());
        assert!(root_is_io(&error), "{error:?}");
    }
}

/// G4.3: does the chain of causes reach the error of the system?
fn root_is_io(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<std::io::Error>() || error.source().is_some_and(root_is_io)
}

#[tokio::test(start_paused = true)]
async fn g4_1_g4_2_an_error_of_the_server_has_one_face_on_every_path() {
    for code in [0x0000, 0x1000, 0x1003, 0x1200, 0x1300, 0x2100, 0x2200, 0x7777] {
        let memory = Memory::of([ScriptedNode::builder().in_memory()]);
        prime_users(memory.node(), 25);
        let session = memory.session().await;
        let by_city = session.prepare(SELECT).await.unwrap();
        let mut pages =
            session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0).pages();
        pages.try_next().await.unwrap().unwrap();
        for opcode in [Opcode::Query, Opcode::Execute, Opcode::Prepare, Opcode::Batch] {
            memory.node().prime(Prime::opcode(opcode).error(code, "what it says"));
        }
        let errors = [
            session.query(INSERT, ()).await.unwrap_err(),
            session.execute(&by_city, ("Oslo",)).await.unwrap_err(),
            session.prepare("SELECT id FROM users").await.unwrap_err(),
            session.query("SELECT id FROM users WHERE city = ?", ("Oslo",)).await.unwrap_err(),
            pages.try_next().await.unwrap_err(),
            batch_of(&session, &by_city).execute().await.unwrap_err(),
        ];
        for error in errors {
            let ErrorKind::Server { host, error, .. } = error.kind() else { panic!("{error}") };
            assert_eq!(&**host, "127.0.0.1:9042");
            assert_eq!((error.code.code(), error.message.as_str()), (code, "what it says"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g4_5_what_was_lost_is_sent_again_only_if_that_is_harmless() {
    let memory = Memory::of(two());
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    memory.node().prime(Prime::statement(INSERT).close());
    let mut lost = 0;
    for _ in 0..4 {
        eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
        if let Err(error) = session.query(INSERT, ()).await {
            assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error}");
            assert!(error.may_have_been_applied());
            lost += 1;
        }
    }
    assert_eq!(lost, 2, "every other one goes to the host that closes");
    for _ in 0..4 {
        eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
        session.query(INSERT, ()).idempotent(true).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn too_few_replicas_in_time_are_another_hosts_turn_if_that_is_harmless() {
    let [first, second] = two();
    first.prime(Prime::statement(INSERT).error(0x1100, "timed out"));
    let memory = Memory::of([first, second]);
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    for _ in 0..2 {
        session.query(INSERT, ()).idempotent(true).await.unwrap();
    }
    let mut failed = 0;
    for _ in 0..2 {
        failed += usize::from(session.query(INSERT, ()).await.is_err());
    }
    assert_eq!(failed, 1, "of two plans one begins with the host that fails");

    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).error(0x1100, "timed out"));
    }
    let error = session.query(INSERT, ()).idempotent(true).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
    assert_eq!(error.attempts().len(), 1, "the host before the last");
    assert!(error.may_have_been_applied());
}

const fn is_error<E: std::error::Error + Send + Sync + Clone + 'static>() {}

/// G4.5, by the compiler.
const _: () = is_error::<Error>();

#[tokio::test]
async fn bad_settings_are_told_before_anything_is_done() {
    let text =
        |builder: crate::SessionBuilder| async { builder.connect().await.unwrap_err().to_string() };
    let nobody: [&str; 0] = [];
    let builder = Session::builder;
    assert_eq!(text(builder().contact_points(nobody)).await, "contact_points: none was given");
    assert_eq!(
        text(builder().contact_points(["http://db"])).await,
        "contact_points: `http://db` is no host, and no host:port: it is a URL, where a host is wanted"
    );
    assert_eq!(
        text(builder().credentials("ada", "")).await,
        "credentials: user and password must not be empty, nor contain NUL"
    );
    assert_eq!(
        text(builder().keyspace("")).await,
        "keyspace: `` was given; allowed: a text that is not empty"
    );
}

/// Reading changes nothing, whatever is wrong with what was read.
#[tokio::test]
async fn g14_2_what_only_reads_has_applied_nothing_though_its_rows_are_of_no_use() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 3);
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let found = session.execute(&by_city, ("Oslo",)).await.unwrap();
    let mut rows = session.execute(&by_city, ("Oslo",)).rows::<(i32, i32)>();
    let errors = [
        found.one_row::<(i64, String)>().map(drop).unwrap_err(),
        found.rows::<(i32, i32)>().map(drop).unwrap_err(),
        found.first_row::<(i32, i32)>().map(drop).unwrap_err(),
        rows.try_next().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert!(!error.may_have_been_applied(), "{error}");
    }
}
