//! Batches: filled, sent, sent again; and what is refused before it is sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Received, ScriptedNode, cell, columns};

use super::memory::{Memory, at_rest, ends_after};
use super::statements::{WRITE, alter, connected, three};
use super::{INSERT, PATIENCE};
use crate::codec::wire::write;
use crate::codec::{
    ColumnType, CqlUserType, CqlValue, EnvelopeFlags, NamedValues, Opcode, ProtocolVersion,
    UserType,
};
use crate::value::Unset;
use crate::{Batch, Consistency, Error, ErrorKind, PreparedStatement, Session, TimeoutPhase};

const DELETE: &str = "DELETE FROM users WHERE id = 2";
const OTHER: &str = "INSERT INTO other (k) VALUES (?)";
const IF_NOT: &str = "INSERT INTO t (k, a) VALUES (?, ?) IF NOT EXISTS";

/// The batches that a node has accepted: those of which it knew all statements.
pub(super) fn batches(node: &ScriptedNode) -> Vec<Received> {
    let is_batch = |one: &Received| one.opcode == Opcode::Batch && !one.statements.is_empty();
    node.received().into_iter().filter(is_batch).collect()
}

fn values(batch: &Received) -> Vec<Option<Vec<u8>>> {
    batch.values.iter().map(|value| value.clone().map(Vec::from)).collect()
}

fn int(value: i32) -> Option<Vec<u8>> {
    Some(value.to_be_bytes().to_vec())
}

/// One node, which knows `WRITE` and `OTHER`.
async fn one(version: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.session().await;
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_what_was_added_in_its_order_on_every_version() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        let mut batch = session.batch();
        batch.add(&write, (1, 5)).unwrap().add(DELETE, ()).unwrap();
        batch.add_all(&write, [(2, None), (3, Some(7))]).unwrap();
        assert_eq!(batch.len(), 4);
        let result = batch.execute().timestamp_micros(9).await.unwrap();
        assert_eq!(result.row_count(), 0);
        assert!(result.was_applied().unwrap());
        let received = batches(memory.node());
        assert_eq!(received[0].statements, [WRITE, DELETE, WRITE, WRITE]);
        let expected = [int(1), int(5), int(2), None, int(3), int(7)];
        assert_eq!(values(&received[0]), expected, "{version}");

        // It stays as it is until it is cleared.
        batch.execute().await.unwrap();
        batch.clear();
        assert!(batch.is_empty() && batch.bytes() == 0);
        batch.add(&write, (4, 4)).unwrap();
        batch.execute().await.unwrap();
        let received = batches(memory.node());
        assert_eq!(received[1].statements.len(), 4);
        assert_eq!(values(&received[2]), [int(4), int(4)]);
        drop(result);
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_statements_is_one() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    session.batch().execute().await.unwrap();
    assert_eq!(memory.node().count(Opcode::Batch), 1);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_fit_is_refused_when_it_is_added_and_the_batch_is_as_it_was() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap();
    let bytes = batch.bytes();
    let error = batch.add(&write, (3,)).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Encode(_)));
    assert_eq!(error.to_string(), "statement 2 of the batch: 1 values for 2 bind markers");
    assert!(!error.may_have_been_applied() && !error.is_retryable());
    let text = batch.add_all(&write, [vec![3, 3], vec![4, 4], vec![5]]).map(drop).unwrap_err();
    assert_eq!(text.to_string(), "statement 4 of the batch: 1 values for 2 bind markers");
    let text = batch.add(&write, (2, Nothing)).map(drop).unwrap_err().to_string();
    assert!(text.starts_with("statement 2 of the batch: column `a`: int"), "{text}");
    assert_eq!((batch.len(), batch.bytes()), (1, bytes));
    batch.execute().await.unwrap();
    assert_eq!(values(&batches(memory.node())[0]), [int(1), int(5)]);

    // Nor is a host asked for a statement of which nothing was added.
    let unused = session.prepare(OTHER).await.unwrap();
    assert!(batch.add(&unused, (1, 2)).is_err());
    assert!(batch.add_all(&unused, [vec![1], vec![1, 2]]).is_err());
    memory.node().forget_prepared();
    let before = memory.node().count(Opcode::Prepare);
    batch.execute().await.unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), before + 1);
}

/// A value that says nothing of its type.
struct Nothing;

impl crate::EncodeValue for Nothing {
    fn encode(
        &self,
        marker: Option<&ColumnType>,
        _: &mut BytesMut,
    ) -> Result<(), crate::ValueError> {
        Err(crate::ValueError::mismatch::<Self>(marker.unwrap_or(&ColumnType::Blob)))
    }
}

/// It is the host that says what the statement is by now.
#[tokio::test(start_paused = true)]
async fn g15_1_a_batch_takes_what_its_statement_is_now_and_names_what_is_no_value_of_that() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    session.execute(&write, (0, 5)).await.unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    let mut batch = session.batch();
    batch.add(&write, (1, 5_f32)).unwrap().add(DELETE, ()).unwrap();
    batch.add_all(&write, [(2, Some(6_f32)), (3, None)]).unwrap();
    for _ in 0..6 {
        batch.execute().await.unwrap();
    }
    let float = |value: f32| Some(value.to_be_bytes().to_vec());
    let expected = [int(1), float(5.0), int(2), float(6.0), int(3), None];
    for node in memory.nodes() {
        let received = batches(node);
        assert_eq!(received.len(), 2);
        assert_eq!(received[0].statements, [WRITE, DELETE, WRITE, WRITE]);
        assert!(received.iter().all(|one| values(one) == expected));
    }
    batch.clear();
    batch.add(&write, (1, 5_f32)).unwrap().add(&write, (2, "text")).unwrap();
    let error = batch.execute().await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("statement 2 of the batch: column `a`: float"), "{text}");
    assert!(matches!(error.kind(), ErrorKind::Encode(_)) && !error.may_have_been_applied());
    // What was right before is not any more.
    batch.clear();
    batch.add(DELETE, ()).unwrap().add(&write, (1, 5)).unwrap();
    for _ in 0..6 {
        names_the_column(&session, &batch).await;
    }
    assert!(memory.nodes().iter().all(|node| batches(node).len() == 2));
    at_rest(&session).await;
}

/// A field that was added to a user type: known to whoever writes it first, and to no statement yet.
#[tokio::test(start_paused = true)]
async fn g15_1_a_batch_takes_a_field_that_a_type_has_got_since() {
    let of = |fields: &[&str]| {
        let fields = fields.iter().map(|name| ((*name).to_owned(), ColumnType::Text)).collect();
        let (keyspace, name) = ("ks".to_owned(), "address".to_owned());
        Arc::new(UserType { keyspace, name, fields })
    };
    let nodes = three();
    alter(&nodes, &ColumnType::UserType(of(&["street"])));
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    alter(memory.nodes(), &ColumnType::UserType(of(&["street", "zip"])));
    let parts = ["Elm", "0150"].map(CqlValue::from).to_vec();
    let home = CqlUserType { user_type: of(&["street", "zip"]), values: parts };
    let mut batch = session.batch();
    batch.add(&write, (1, CqlValue::UserType(home))).unwrap();
    batch.execute().await.unwrap();
    let received: Vec<_> = memory.nodes().iter().flat_map(batches).collect();
    let written = values(&received[0])[1].clone().unwrap();
    assert_eq!(written, [&[0, 0, 0, 3][..], b"Elm", &[0, 0, 0, 4], b"0150"].concat());
}

/// Values of a user, who makes a mistake.
struct Panics;

impl crate::EncodeValues for Panics {
    fn encode_values(
        &self,
        _: &[crate::codec::ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, crate::ValueError> {
        out.put_i32(1);
        panic!("a mistake")
    }
}

#[tokio::test(start_paused = true)]
async fn g7_3_values_that_panic_leave_the_batch_as_it_was() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap();
    let add = std::panic::AssertUnwindSafe(|| batch.add(&write, Panics).map(drop));
    assert!(std::panic::catch_unwind(add).is_err());
    let rows = [(3, 7), (4, 8)].into_iter().inspect(|row| assert_eq!(row.0, 3, "a mistake"));
    let add_all = std::panic::AssertUnwindSafe(|| batch.add_all(&write, rows).map(drop));
    assert!(std::panic::catch_unwind(add_all).is_err());
    batch.add(&write, (2, 6)).unwrap();
    batch.execute().await.unwrap();
    assert_eq!(values(&batches(memory.node())[0]), [int(1), int(5), int(2), int(6)]);
}

#[tokio::test(start_paused = true)]
async fn what_no_batch_can_have_is_refused_when_it_is_added() {
    let (memory, session) = one(ProtocolVersion::V4).await;
    let mut batch = session.batch();
    let add = |batch: &mut Batch, text: &str, values: &dyn crate::EncodeValues| {
        batch.add(text, values).map(drop).unwrap_err()
    };
    let error = add(&mut batch, "use other", &());
    assert!(matches!(error.kind(), ErrorKind::UseStatement), "{error}");
    let (_other, elsewhere) = {
        let memory = Memory::of([ScriptedNode::builder().in_memory()]);
        let session = memory.builder().keyspace("other").connect().await.unwrap();
        (memory, session)
    };
    let foreign = elsewhere.prepare(OTHER).await.unwrap();
    let error = batch.add(&foreign, (vec![1_u8],)).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PreparedElsewhere { .. }), "{error}");
    assert!(batch.is_empty() && memory.node().count(Opcode::Batch) == 0);
}

/// The text of `WRITE` has values here, and the session has not prepared it.
#[tokio::test(start_paused = true)]
async fn g15_5_values_of_a_text_in_a_batch_are_encoded_by_its_bind_markers() {
    let vector = ColumnType::Vector(Box::new(ColumnType::Float), 2);
    for version in [ProtocolVersion::V3, ProtocolVersion::V5] {
        let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
        alter(memory.nodes(), &vector);
        let session = memory.session().await;
        let mut batch = session.batch();
        batch.add(WRITE, (1, vec![1_f32, 2.0])).unwrap().add(DELETE, ()).unwrap();
        let named: NamedValues<'_, &dyn crate::EncodeValue> =
            NamedValues(&[("a", &[3_f32, 4.0]), ("k", &2)]);
        batch.add(WRITE, named).unwrap();
        let two = |a: f32, b: f32| Some([a.to_be_bytes(), b.to_be_bytes()].concat());
        for _ in 0..2 {
            batch.execute().await.unwrap();
            let received = batches(memory.node()).pop().unwrap();
            assert_eq!(received.statements, [WRITE, DELETE, WRITE]);
            let expected = [int(1), two(1.0, 2.0), int(2), two(3.0, 4.0)];
            assert_eq!(values(&received), expected, "{version}");
        }
        assert_eq!(memory.node().count(Opcode::Prepare), 1);

        // It is prepared by now, so that it is known at once what can fit.
        let text = batch.add(WRITE, (1,)).map(drop).unwrap_err().to_string();
        assert_eq!(text, "statement 4 of the batch: 1 values for 2 bind markers");
        batch.clear();
        batch.add(WRITE, (1, [5_f32, 6.0])).unwrap();
        batch.execute().await.unwrap();
        assert_eq!(values(&batches(memory.node()).pop().unwrap()), [int(1), two(5.0, 6.0)]);
        assert_eq!(memory.node().count(Opcode::Prepare), 1);
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g15_5_values_of_a_text_that_do_not_fit_are_named_and_nothing_is_sent() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap().add(WRITE, (1, 5_f32)).unwrap();
    let error = batch.execute().await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("statement 2 of the batch: column `a`: int"), "{text}");
    assert!(!error.may_have_been_applied());
    let mut batch = session.batch();
    batch.add(OTHER, (vec![1_u8], 2)).unwrap();
    let error = batch.execute().await.unwrap_err().to_string();
    assert_eq!(error, "statement 1 of the batch: 2 values for 1 bind markers");
    assert_eq!(memory.node().count(Opcode::Batch), 0);
}

#[tokio::test(start_paused = true)]
async fn g15_1_values_of_a_text_in_a_batch_never_go_by_stale_markers() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let mut batch = session.batch();
    batch.add(WRITE, (1, 5)).unwrap();
    batch.execute().await.unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    for _ in 0..6 {
        names_the_column(&session, &batch).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_batch_whose_text_nobody_prepares_ends_at_its_deadline() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    memory.node().prime(Prime::prepare(WRITE).silence());
    let mut batch = session.batch();
    batch.add(WRITE, (1, 5)).unwrap();
    let timeout = Duration::from_secs(2);
    let error = ends_after(timeout, batch.execute().timeout(timeout)).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_batch_dropped_at_every_poll_while_its_texts_are_prepared() {
    let (_memory, session) = one(ProtocolVersion::V5).await;
    let number = std::cell::Cell::new(0);
    let fresh = || {
        let mut batch = session.batch();
        for _ in 0..2 {
            number.set(number.get() + 1);
            let text = format!("INSERT INTO t{} (k) VALUES (?)", number.get());
            batch.add(&text, (vec![1_u8],)).unwrap();
        }
        Box::pin(async move { batch.execute().await.map(drop) })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 6, "dropped at {dropped} points only");
}

/// On v3 what is to be left alone would be deleted.
#[tokio::test(start_paused = true)]
async fn unset_values_are_refused_where_no_server_knows_them() {
    let (memory, session) = one(ProtocolVersion::V3).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap().add(&write, (2, Unset)).unwrap();
    let error = batch.execute().await.unwrap_err();
    assert!(error.to_string().starts_with("statement 2 of the batch: an unset value"), "{error}");
    assert_eq!(memory.node().count(Opcode::Batch), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_limits_of_bytes_and_of_statements_and_says_which() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &ColumnType::Blob);
    let session = memory.builder().max_request_bytes(1_000).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, vec![0_u8; 400])).unwrap();
    let before = batch.bytes();
    let error = batch.add(&write, (2, vec![0_u8; 600])).map(drop).unwrap_err();
    let too_large = |statements| {
        move |kind: &ErrorKind| match kind {
            ErrorKind::BatchTooLarge { statements: of, bytes, limit } => {
                *of == statements && *bytes > 1_000 && *limit == 1_000
            }
            _ => false,
        }
    };
    assert!(too_large(2)(error.kind()), "{error}");
    assert!(error.to_string().starts_with("a batch of 2 statements and 1"), "{error}");
    let error = batch.add("x".repeat(600).as_str(), ()).map(drop).unwrap_err();
    assert!(too_large(2)(error.kind()), "{error}");
    let rows = [vec![0_u8; 100], vec![0; 500]].map(|blob| (3, blob));
    let error = batch.add_all(&write, &rows).map(drop).unwrap_err();
    assert!(too_large(3)(error.kind()), "{error}");
    assert_eq!((batch.len(), batch.bytes()), (1, before));
    batch.execute().await.unwrap();

    // Whatever was let in goes as one request.
    let mut batch = session.batch();
    while batch.add("", ()).is_ok() {}
    assert!(batch.len() > 100);
    batch.execute().await.unwrap();

    let session = memory.builder().max_request_bytes(1 << 20).connect().await.unwrap();
    let mut batch = session.batch();
    for _ in 0..65_535 {
        batch.add("", ()).unwrap();
    }
    let error = batch.add("", ()).map(drop).unwrap_err().to_string();
    assert_eq!(error, "statements of a batch: 65536 is over the limit of 65535");
    batch.execute().await.unwrap();
    assert_eq!(batches(memory.node())[2].statements.len(), 65_535);
}

/// What fitted when it was added may not fit as what the table is by now.
#[tokio::test(start_paused = true)]
async fn g15_1_a_batch_that_is_too_large_once_it_is_encoded_anew_says_so() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let of_fields = |count: usize| {
        let field = |number| (format!("f{number}"), ColumnType::Int);
        let (keyspace, name) = ("ks".to_owned(), "udt".to_owned());
        // The one that there was is the last one, so that those before it are written as null.
        let fields = (0..count).rev().map(field).collect();
        ColumnType::UserType(Arc::new(UserType { keyspace, name, fields }))
    };
    let ColumnType::UserType(user_type) = of_fields(1) else { unreachable!("made as one") };
    let value = CqlValue::UserType(CqlUserType { user_type, values: vec![CqlValue::from(7)] });
    alter(memory.nodes(), &of_fields(1));
    let session = memory.builder().max_request_bytes(1_000).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add_all(&write, (0..3).map(|k| (k, value.clone()))).unwrap();
    batch.execute().await.unwrap();
    alter(memory.nodes(), &of_fields(100));
    let error = batch.execute().await.unwrap_err();
    let said = match error.kind() {
        ErrorKind::BatchTooLarge { statements: 3, bytes, limit: 1_000 } => *bytes > 1_200,
        _ => false,
    };
    assert!(said && !error.may_have_been_applied(), "{error}");
    assert_eq!(batches(memory.node()).len(), 1);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn conditional_batches_give_their_rows() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(IF_NOT).await.unwrap();
    let shape = columns([
        ("[applied]", ColumnType::Boolean),
        ("k", ColumnType::Int),
        ("a", ColumnType::Int),
    ]);
    let row = vec![cell([0]), cell(1_i32.to_be_bytes()), cell(5_i32.to_be_bytes())];
    memory.node().prime(Prime::opcode(Opcode::Batch).rows(shape, vec![row]));
    let mut batch = session.batch();
    let blob = |value: i32| value.to_be_bytes().to_vec();
    batch.add(DELETE, ()).unwrap().add(&write, (blob(1), blob(6))).unwrap();
    let result = batch.execute().await.unwrap();
    assert!(!result.was_applied().unwrap());
    assert_eq!(result.one_row::<(bool, i32, i32)>().unwrap(), (false, 1, 5));
}

/// All statements of these batches have an `a`.
async fn names_the_column(session: &Session, batch: &Batch) -> Error {
    let error = batch.execute().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("of the batch: column `a`: float"), "{text}");
    assert!(!error.may_have_been_applied(), "{text}");
    at_rest(session).await;
    error
}

/// Values that were encoded before the table was made anew.
#[tokio::test(start_paused = true)]
async fn g15_1_a_batch_that_is_stale_passes_on_no_try_nor_any_host() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap().add_all(&write, [(1, 5), (2, 6)]).unwrap();
    for _ in 0..3 {
        batch.execute().await.unwrap();
    }
    alter(memory.nodes(), &ColumnType::Float);
    let before: usize = memory.nodes().iter().map(|node| batches(node).len()).sum();
    for _ in 0..12 {
        let error = names_the_column(&session, &batch).await;
        assert!(error.to_string().starts_with("statement 2 of the batch"), "{error}");
    }
    let after: usize = memory.nodes().iter().map(|node| batches(node).len()).sum();
    assert_eq!(before, after, "nobody executed it");
    // What is added now is encoded by what is known now.
    batch.clear();
    batch.add_all(&write, [(1, 5_f32)]).unwrap();
    for _ in 0..3 {
        batch.execute().await.unwrap();
    }
    for node in memory.nodes() {
        let last = batches(node).pop().unwrap();
        assert_eq!(values(&last), [int(1), Some(5_f32.to_be_bytes().to_vec())]);
    }
}

#[tokio::test(start_paused = true)]
async fn g15_1_a_batch_is_encoded_anew_for_a_host_that_says_otherwise() {
    let nodes = three();
    // Text and blob are the same bytes, but not to who reads them.
    alter(&nodes, &ColumnType::Ascii);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let other = session.prepare(OTHER).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (7, "seven")).unwrap();
    let rows = [vec![vec![1_u8]], vec![vec![1_u8], vec![1_u8]]];
    assert!(batch.add_all(&other, rows).is_err(), "taken back");
    batch.add(DELETE, ()).unwrap().add(&other, (vec![1_u8],)).unwrap();
    alter(&memory.nodes()[..1], &ColumnType::Text);
    for _ in 0..6 {
        batch.execute().await.unwrap();
    }
    for node in memory.nodes() {
        let received = batches(node);
        assert_eq!(received.len(), 2);
        for one in received {
            assert_eq!(one.statements, [WRITE, DELETE, OTHER]);
            assert_eq!(values(&one), [int(7), Some(b"seven".to_vec()), Some(vec![1])]);
        }
    }
    // One host alone is ahead with a type that the values cannot be of.
    alter(&memory.nodes()[..1], &ColumnType::Float);
    let mut refused = 0;
    for _ in 0..6 {
        refused += usize::from(batch.execute().await.is_err());
    }
    assert_eq!(refused, 2, "one host in three");
}

/// A host is asked once more before its values are refused: it may be what is known that is stale.
#[tokio::test(start_paused = true)]
async fn g15_1_what_a_host_said_long_ago_refuses_nothing() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    for k in 0..3 {
        session.execute(&write, (k, 5)).await.unwrap();
    }
    alter(&memory.nodes()[2..], &ColumnType::Float);
    for k in 0..3 {
        drop(session.execute(&write, (k, 5)).await);
    }
    // It is what it was, which only the server knows yet.
    let markers = columns([("k", ColumnType::Int), ("a", ColumnType::Int)]);
    memory.nodes()[2].prime(Prime::statement(WRITE).void().binds(markers, &[0]));
    let mut batch = session.batch();
    while batch.add(&write, (1, 5)).is_err() {
        session.prepare(WRITE).await.unwrap();
    }
    let prepared = memory.nodes()[2].count(Opcode::Prepare);
    for _ in 0..6 {
        batch.execute().await.unwrap();
    }
    assert_eq!(memory.nodes()[2].count(Opcode::Prepare), prepared + 1);
    for node in memory.nodes() {
        assert_eq!(batches(node).len(), 2);
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("INSERT INTO t{number} (k) VALUES (?)")).collect()
}

async fn prepared(session: &Session, count: usize) -> Vec<PreparedStatement> {
    let mut prepared = Vec::new();
    for text in names(count) {
        prepared.push(session.prepare(&text).await.unwrap());
    }
    prepared
}

/// A batch of these, each some times.
fn of(session: &Session, statements: &[PreparedStatement]) -> Batch {
    let mut batch = session.batch();
    for turn in 0..3_u8 {
        for statement in statements {
            batch.add(statement, (vec![turn],)).unwrap();
        }
    }
    batch
}

/// A server names one that it does not know at a time.
#[tokio::test(start_paused = true)]
async fn g15_4_all_statements_of_a_batch_that_a_host_forgot_are_taught_it_at_once_and_once() {
    for (count, rounds) in [(1, 1), (20, 1), (300, 3)] {
        let memory = Memory::of([ScriptedNode::builder().in_memory()]);
        let session = memory.session().await;
        let statements = prepared(&session, count).await;
        let batch = of(&session, &statements);
        batch.execute().await.unwrap();
        memory.node().forget_prepared();
        let before = [Opcode::Prepare, Opcode::Batch].map(|opcode| memory.node().count(opcode));
        batch.execute().await.unwrap();
        let after = [Opcode::Prepare, Opcode::Batch].map(|opcode| memory.node().count(opcode));
        assert_eq!((after[0] - before[0], after[1] - before[1]), (count as u64, rounds + 1));
        let received = batches(memory.node());
        assert_eq!(received.len(), 2);
        assert_eq!(received[0].statements, received[1].statements);
        assert_eq!(received[0].values, received[1].values);
        at_rest(&session).await;
    }
}

/// However often some of them come before the rest.
#[tokio::test(start_paused = true)]
async fn g15_4_statements_that_come_often_take_no_room_from_others_that_a_host_forgot() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let statements = prepared(&session, 60).await;
    let (often, once) = statements.split_at(20);
    let mut batch = session.batch();
    for statement in often.iter().cycle().take(20 * 50).chain(once) {
        batch.add(statement, (vec![7_u8],)).unwrap();
    }
    memory.node().forget_prepared();
    let before = [Opcode::Prepare, Opcode::Batch].map(|opcode| memory.node().count(opcode));
    batch.execute().await.unwrap();
    let after = [Opcode::Prepare, Opcode::Batch].map(|opcode| memory.node().count(opcode));
    assert_eq!((after[0] - before[0], after[1] - before[1]), (60, 2));
    at_rest(&session).await;
}

/// Beside each other, so many at a time, and not one after the other.
#[tokio::test(start_paused = true)]
async fn g15_4_what_a_batch_has_a_host_taught_takes_little_longer_than_one_of_it() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let batch = of(&session, &prepared(&session, 32).await);
    memory.node().prime(Prime::opcode(Opcode::Prepare).after(Duration::from_millis(20)));
    memory.node().forget_prepared();
    let began = tokio::time::Instant::now();
    batch.execute().await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_millis(60), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn g15_4_many_batches_teach_a_host_what_it_forgot_together() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let statements = prepared(&session, 20).await;
    let batch = of(&session, &statements);
    memory.node().forget_prepared();
    let before = memory.node().count(Opcode::Prepare);
    let all = (0..100).map(|_| async { batch.execute().await.map(drop) });
    futures_util::future::try_join_all(all).await.unwrap();
    let taught = memory.node().count(Opcode::Prepare) - before;
    assert!((20..=60).contains(&taught), "{taught}");
    assert_eq!(batches(memory.node()).len(), 100);
    at_rest(&session).await;
}

/// One that cannot be taught is no reason to take it for known, nor for another error than its own.
#[tokio::test(start_paused = true)]
async fn g15_4_a_statement_that_a_host_does_not_prepare_any_more_fails_the_batch_as_its_own() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let statements = prepared(&session, 5).await;
    let batch = of(&session, &statements);
    for refused in [0, 3] {
        memory.node().clear_primes();
        memory.node().forget_prepared();
        let gone = Prime::prepare(statements[refused].text()).error(0x2200, "unconfigured table");
        memory.node().prime(gone);
        let before = batches(memory.node()).len();
        for _ in 0..2 {
            let error = batch.execute().await.unwrap_err();
            assert!(error.to_string().contains("unconfigured table"), "{error}");
            assert!(!error.may_have_been_applied());
        }
        assert_eq!(batches(memory.node()).len(), before);
        at_rest(&session).await;
    }
    memory.node().clear_primes();
    batch.execute().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g15_4_a_host_that_never_remembers_one_of_many_is_taught_it_three_times() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let statements = prepared(&session, 3).await;
    let id = statements[1].id();
    let detail = [&[0, u8::try_from(id.len()).unwrap()], &id[..]].concat();
    let never = Prime::opcode(Opcode::Batch).error_with(0x2500, "never heard of it", detail);
    memory.node().prime(never);
    let taught = || {
        let prepares =
            |one: &Received| one.opcode == Opcode::Prepare && one.statements[0] == names(3)[1];
        memory.node().received().iter().filter(|one| prepares(one)).count()
    };
    let before = taught();
    let error = of(&session, &statements).execute().await.unwrap_err();
    assert!(!error.may_have_been_applied(), "{error}");
    assert_eq!(taught() - before, 3);
    assert_eq!(memory.node().count(Opcode::Batch), 4);
}

/// What one host was asked to prepare is no matter of the next one.
#[tokio::test(start_paused = true)]
async fn g15_4_each_host_is_taught_anew_what_another_never_remembers() {
    let (memory, session) = connected(three()).await;
    let statements = prepared(&session, 2).await;
    let batch = of(&session, &statements);
    let id = statements[1].id();
    let detail = [&[0, u8::try_from(id.len()).unwrap()], &id[..]].concat();
    let never = Prime::opcode(Opcode::Batch).error_with(0x2500, "never heard of it", detail);
    memory.node().prime(never);
    memory.nodes()[1..].iter().for_each(ScriptedNode::forget_prepared);
    for _ in 0..6 {
        batch.execute().await.unwrap();
    }
    assert!(memory.node().count(Opcode::Batch) > 3, "it was asked");
    let executed: Vec<_> = memory.nodes()[1..].iter().map(|node| batches(node).len()).collect();
    assert_eq!(executed.iter().sum::<usize>(), 6, "{executed:?}");
}

/// However many there are, a request holds so many at once.
#[tokio::test(start_paused = true)]
async fn g15_4_a_host_is_taught_so_many_statements_of_a_batch_at_once() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let statements = prepared(&session, 300).await;
    let batch = of(&session, &statements);
    let host = session.topology().hosts()[0].id();
    statements.iter().for_each(|statement| statement.forgotten_by(host));
    let held = memory.node().hold(Prime::opcode(Opcode::Prepare));
    let before = memory.node().count(Opcode::Prepare);
    let (mut execution, mut most) = (batch.execute(), 0);
    while poll_once(&mut execution).await.is_pending() {
        most = most.max(session.shared().teachings.count());
        held.release();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((most, memory.node().count(Opcode::Prepare) - before), (128, 300));
    assert_eq!(batches(memory.node()).len(), 1);
}

/// An id that is of no statement of the batch: nobody can be taught it.
#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_know_what_nobody_asked_is_passed_over() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let before = memory.node().count(Opcode::Prepare);
    let detail = vec![0, 2, 7, 7];
    memory.node().prime(Prime::opcode(Opcode::Batch).error_with(0x2500, "what is that?", detail));
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap();
    for _ in 0..3 {
        batch.execute().await.unwrap();
    }
    assert_eq!(memory.node().count(Opcode::Prepare), before);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_batch_dropped_at_every_poll_while_hosts_forget_its_statements() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let statements = prepared(&session, 2).await;
    let batch = of(&session, &statements);
    let fresh = || {
        memory.nodes().iter().for_each(ScriptedNode::forget_prepared);
        Box::pin(async { batch.execute().await.map(drop) })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 6, "dropped at {dropped} points only");
    batch.execute().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g8_2_a_batch_dropped_before_it_was_written_is_never_sent() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap();
    for _ in 0..100 {
        let mut execution = batch.execute();
        assert!(poll_once(&mut execution).await.is_pending());
    }
    at_rest(&session).await;
    session.query(INSERT, ()).await.unwrap();
    assert_eq!(memory.node().count(Opcode::Batch), 0);
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_batch_that_nobody_answers_ends_at_its_deadline() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    memory.node().prime(Prime::opcode(Opcode::Batch).silence());
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap();
    let timeout = Duration::from_secs(2);
    let error = ends_after(timeout, batch.execute().timeout(timeout)).await.unwrap_err();
    let phase = TimeoutPhase::Response;
    assert!(matches!(error.kind(), ErrorKind::Timeout { phase: p, .. } if *p == phase), "{error}");
    assert!(error.may_have_been_applied());
}

/// What the kind of a batch makes of an error: see `docs/server-errors.md`.
#[tokio::test(start_paused = true)]
async fn g14_2_what_a_batch_may_have_done_is_told_by_its_kind() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(IF_NOT).await.unwrap();
    let too_few = vec![0, 6, 0, 0, 0, 2, 0, 0, 0, 1];
    memory.node().prime(Prime::opcode(Opcode::Batch).error_with(0x1000, "too few", too_few));
    let conditional = {
        let mut batch = session.batch();
        batch.add(&write, (vec![1_u8], vec![1_u8])).unwrap();
        batch
    };
    let of_text = |mut batch: Batch, text: &str| {
        batch.add(text, ()).unwrap();
        batch
    };
    // What was taken back is no part of it.
    let mut taken_back = session.batch();
    taken_back.add(DELETE, ()).unwrap();
    let rows = [vec![vec![1_u8]; 2], vec![vec![1_u8]]];
    assert!(taken_back.add_all(&write, &rows).is_err());
    // Nor is what was cleared.
    let mut cleared = session.batch();
    cleared.add(&write, (vec![1_u8], vec![1_u8])).unwrap();
    cleared.clear();
    let batches = [
        (of_text(session.batch(), DELETE), false),
        (taken_back, false),
        (of_text(cleared, DELETE), false),
        (of_text(session.batch().unlogged(), DELETE), true),
        (of_text(session.batch().counter(), "UPDATE c SET n = n + 1 WHERE k = 1"), true),
        (of_text(session.batch(), "DELETE FROM users WHERE id = 2 IF EXISTS"), true),
        (conditional, true),
    ];
    for (batch, expected) in batches {
        let error = batch.execute().await.unwrap_err();
        assert_eq!(error.may_have_been_applied(), expected, "{batch:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn g14_1_a_batch_is_sent_to_another_host_if_its_user_says_that_this_is_harmless() {
    let nodes = three();
    nodes[0].prime(Prime::opcode(Opcode::Batch).error(0x1001, "overloaded"));
    let (memory, session) = connected(nodes).await;
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap();
    for _ in 0..3 {
        batch.execute().idempotent(true).await.unwrap();
    }
    let mut failed = 0;
    for _ in 0..3 {
        failed += usize::from(batch.execute().await.is_err());
    }
    assert_eq!(failed, 1, "of three plans one begins with the host that is overloaded");
    assert!(memory.node().count(Opcode::Batch) >= 2);
}

#[tokio::test(start_paused = true)]
async fn warnings_of_a_batch_come_with_its_result() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let mut body = BytesMut::new();
    body.put_u16(1);
    write::string(&mut body, "warning", "Batch for [t] is of size 6000").unwrap();
    body.put_i32(1);
    memory.node().prime(Prime::opcode(Opcode::Batch).raw(
        Opcode::Result,
        EnvelopeFlags::WARNING,
        body,
    ));
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap();
    let result = batch.execute().await.unwrap();
    assert_eq!(result.page().warnings(), ["Batch for [t] is of size 6000"]);
}

/// Batches go by many hands, and outlive the handle of the session that made them.
#[tokio::test(start_paused = true)]
async fn a_batch_goes_to_another_task_and_keeps_its_session() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let mut batch = session.batch();
    batch.add(DELETE, ()).unwrap();
    drop(session);
    let sent = tokio::spawn(async move {
        batch.execute().consistency(Consistency::One).tracing(false).await.map(drop)
    });
    sent.await.unwrap().unwrap();
    eventually(PATIENCE, "nothing is open", || memory.node().connections() == 0).await;
}
