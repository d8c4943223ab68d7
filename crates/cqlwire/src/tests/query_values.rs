//! Texts with values: prepared behind the scenes, or sent as they are.

use cqlwire_testkit::cancel::cancel_at_every_poll;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use uuid::Uuid;

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter, connected, second_values, three};
use super::{SELECT, answer_users};
use crate::codec::{ColumnType, Opcode};
use crate::{ErrorKind, Session, ValueError};

async fn with(a: ColumnType) -> (std::sync::Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &a);
    let session = memory.session().await;
    (memory, session)
}

/// How often the node got the text as it is.
fn as_it_is(node: &ScriptedNode) -> usize {
    let queries = node.received().into_iter().filter(|one| one.opcode == Opcode::Query);
    queries.filter(|one| one.statements.iter().any(|text| text == WRITE)).count()
}

#[tokio::test(start_paused = true)]
async fn g15_5_values_of_a_text_are_what_its_columns_are() {
    let vector = ColumnType::Vector(Box::new(ColumnType::Float), 3);
    let (memory, session) = with(vector).await;
    session.query(WRITE, (1_i32, vec![1.0_f32, 2.0, 3.0])).await.unwrap();
    let bytes: Vec<u8> = [1.0_f32, 2.0, 3.0].iter().flat_map(|one| one.to_be_bytes()).collect();
    assert_eq!(second_values(memory.node()), [bytes]);
    let error = session.query(WRITE, (1_i32, vec![1.0_f32; 2])).await.unwrap_err();
    assert!(error.to_string().contains("column `a`"), "{error}");

    let (memory, session) = with(ColumnType::Float).await;
    let error = session.query(WRITE, (1_i32, 5_i32)).await.unwrap_err();
    assert!(error.to_string().starts_with("column `a`: float"), "{error}");
    assert!(!error.may_have_been_applied(), "{error}");
    assert_eq!(memory.node().count(Opcode::Execute), 0);
}

#[tokio::test(start_paused = true)]
async fn a_text_with_values_is_one_round_trip_from_the_second_time_on() {
    let (memory, session) = with(ColumnType::Int).await;
    for k in 0..10 {
        session.query(WRITE, (k, 5_i32)).await.unwrap();
    }
    let counts = [Opcode::Prepare, Opcode::Execute].map(|opcode| memory.node().count(opcode));
    assert_eq!(counts, [1, 10]);
    assert_eq!(as_it_is(memory.node()), 0);
    session.prepare(WRITE).await.unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), 1, "it is the same statement");
}

#[tokio::test(start_paused = true)]
async fn a_text_without_values_goes_as_it_is() {
    let (memory, session) = with(ColumnType::Int).await;
    let nothing: [i32; 0] = [];
    session.query("INSERT INTO t (k, a) VALUES (1, 2)", ()).await.unwrap();
    session.query("INSERT INTO t (k, a) VALUES (1, 2)", nothing).await.unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), 0);
}

#[tokio::test(start_paused = true)]
async fn g15_5_what_is_sent_unprepared_refuses_what_a_server_would_take_for_something_else() {
    let (memory, session) = with(ColumnType::Int).await;
    let list = session.query(WRITE, (1_i32, vec![1.0_f32; 3])).unprepared();
    let error = list.await.unwrap_err();
    let ErrorKind::Encode(crate::codec::EncodeError::Value(value)) = error.kind() else {
        panic!("{error}")
    };
    assert!(matches!(value, ValueError::NeedsMarker { which } if &**which == "value 2"), "{error}");
    let mut pages = session.query(WRITE, (1_i32, vec![1.0_f32; 3])).unprepared().pages();
    assert!(pages.try_next().await.unwrap_err().to_string().contains("value 2"));
    assert_eq!(as_it_is(memory.node()), 0);
    session.query(WRITE, (1_i32, 2_i32)).unprepared().await.unwrap();
    assert_eq!(as_it_is(memory.node()), 1);
    assert_eq!(memory.node().count(Opcode::Prepare), 0);
}

#[tokio::test(start_paused = true)]
async fn values_for_a_text_without_markers_are_refused_before_anything_is_executed() {
    let (memory, session) = with(ColumnType::Int).await;
    let text = "INSERT INTO t (k, a) VALUES (1, 2)";
    let error = session.query(text, (1_i32,)).await.unwrap_err();
    assert!(error.to_string().contains("1 values for 0 bind markers"), "{error}");
    assert_eq!(memory.node().count(Opcode::Execute), 0);
}

/// The stream outlives its values, and they are what the columns are all the same, whether the
/// statement is known when it begins or not.
#[tokio::test(start_paused = true)]
async fn g15_5_a_stream_of_a_text_prepares_it_with_its_first_page() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(answer_users(25));
    let session = memory.session().await;
    for round in 0..2 {
        let city = "Oslo".to_owned();
        let rows = session.query(SELECT, (city.as_str(),)).page_size(10).rows::<(i64, String)>();
        drop(city);
        let rows = rows.try_collect(100).await.unwrap();
        assert_eq!(rows.len(), 25, "round {round}");
        assert_eq!(memory.node().count(Opcode::Prepare), 1);
    }
    let wrong = session.query(SELECT, (1_i32,)).pages().try_next().await.unwrap_err();
    assert!(wrong.to_string().contains("column `city`"), "{wrong}");
}

#[tokio::test(start_paused = true)]
async fn a_position_of_a_text_goes_on_whether_it_is_prepared_by_then_or_not() {
    let vector = ColumnType::Vector(Box::new(ColumnType::Float), 2);
    let text = "SELECT id FROM users WHERE near = ?";
    let prime = || {
        let shape = columns([("id", ColumnType::Int)]);
        let rows = (0..20_i32).map(|id| vec![Some(id.to_be_bytes().to_vec().into())]).collect();
        let markers = columns([("near", vector.clone())]);
        Prime::statement(text).rows(shape, rows).binds(markers, &[])
    };
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(prime());
    let (first, second) = (memory.session().await, memory.session().await);
    let near = |session: &Session| {
        session.query(text, (vec![1.0_f32, 2.0],)).page_size(10).stream().prefetch(0)
    };
    let mut begun = near(&first).pages();
    begun.try_next().await.unwrap().unwrap();
    let position = begun.position().unwrap();
    // The one that knows the statement, and one that has yet to prepare it.
    for session in [&first, &second] {
        let mut rest = near(session).from_position(position.clone()).pages();
        assert_eq!(rest.try_next().await.unwrap().unwrap().len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_text_with_values_dropped_at_every_poll_leaves_nothing() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(answer_users(3));
    let session = memory.session().await;
    let whole = || Box::pin(async { session.query(SELECT, ("Oslo",)).await.map(drop) });
    let (output, dropped) = cancel_at_every_poll(whole, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 2, "dropped at {dropped} points only");
    let session = memory.session().await;
    let page =
        || Box::pin(async { session.query(SELECT, ("Oslo",)).pages().try_next().await.map(drop) });
    let (output, dropped) = cancel_at_every_poll(page, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 2, "dropped at {dropped} points only");
}

/// Values by name may turn out to be none.
#[tokio::test(start_paused = true)]
async fn no_values_by_name_are_no_values() {
    let text = "INSERT INTO t (k, a) VALUES (1, 2)";
    let (memory, session) = with(ColumnType::Int).await;
    let none = std::collections::HashMap::<String, i32>::new();
    session.query(text, &none).await.unwrap();
    let prepared = session.prepare(text).await.unwrap();
    session.execute(&prepared, &none).await.unwrap();
    session.execute(&prepared, crate::codec::NamedValues::<i32>(&[])).await.unwrap();
    let mut batch = session.batch();
    batch.add(text, &none).unwrap().add(&prepared, &none).unwrap();
    batch.execute().await.unwrap();
    drop(memory);
}

/// Custom values that say nothing about themselves.
#[tokio::test(start_paused = true)]
async fn values_that_show_nothing_are_counted_as_they_are() {
    struct Custom(usize);
    impl crate::EncodeValues for Custom {
        fn encode_values(
            &self,
            columns: &[crate::codec::ColumnSpec],
            out: &mut bytes::BytesMut,
        ) -> Result<usize, ValueError> {
            vec![1_i32; self.0].encode_values(columns, out)
        }
    }
    let (_memory, session) = with(ColumnType::Int).await;
    let prepared = session.prepare("INSERT INTO t (k, a) VALUES (1, 2)").await.unwrap();
    session.execute(&prepared, Custom(0)).await.unwrap();
    let error = session.execute(&prepared, Custom(1)).await.unwrap_err();
    assert!(!error.to_string().contains("0 values for 0"), "{error}");
    session.query(WRITE, Custom(2)).await.unwrap();
}

/// The first page of a text has its time once, preparing included.
#[tokio::test(start_paused = true)]
async fn g6_1_a_page_of_a_text_with_values_takes_no_longer_than_its_timeout() {
    use std::time::Duration;
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(answer_users(3).silence());
    memory.node().prime(Prime::prepare(SELECT).after(Duration::from_millis(900)));
    let session = memory.session().await;
    let began = tokio::time::Instant::now();
    let timeout = Duration::from_secs(1);
    let mut rows = session.query(SELECT, ("Oslo",)).timeout(timeout).rows::<(i64, String)>();
    let error = rows.try_next().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let took = began.elapsed();
    assert!(took <= timeout + Duration::from_millis(50), "{took:?}");
}

/// A virtual table is perhaps of the newest release: nobody else can say what the text means.
#[tokio::test(start_paused = true)]
async fn a_text_for_one_host_is_prepared_there() {
    const TEXTS: [&str; 3] =
        ["SELECT a FROM v WHERE k = ?", "SELECT b FROM v WHERE k = ?", "DELETE ?"];
    for number in 0..3 {
        let (memory, session) = connected(three()).await;
        for (_, node) in memory.nodes().iter().enumerate().filter(|(other, _)| *other != number) {
            for text in TEXTS {
                node.prime(Prime::prepare(text).error(0x2200, "no such table"));
            }
        }
        let host = Uuid::from_bytes(memory.nodes()[number].member().host_id);
        let one = session.query(TEXTS[0], ([1_u8],)).host(host);
        // Whoever asks for the same meanwhile, and not for that host, is told by another, or not.
        let (one, _) = tokio::join!(one, session.prepare(TEXTS[0]));
        one.unwrap();
        session.query(TEXTS[1], ([1_u8],)).host(host).pages().try_next().await.unwrap();
        let mut batch = session.batch();
        batch.add(TEXTS[2], ([1_u8],)).unwrap();
        batch.execute().host(host).await.unwrap();
    }
}
