//! What filling and sending batches takes of the heap, by the counting allocator.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use cqlwire::codec::ColumnType;
use cqlwire::{Batch, PreparedStatement, Session};
use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use cqlwire_testkit::probe::heap;

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

const TEXTS: [&str; 2] =
    ["INSERT INTO users (id, name) VALUES (?, ?)", "INSERT INTO names (id, name) VALUES (?, ?)"];
const ROWS: i64 = 1_000;

cqlwire_testkit::one_thread![
    a_batch_that_is_filled_again_allocates_nothing,
    a_batch_that_is_sent_again_allocates_as_a_small_one_does,
];

async fn connected() -> (ScriptedNode, Session, Vec<PreparedStatement>) {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    for text in TEXTS {
        let markers = columns([("id", ColumnType::BigInt), ("name", ColumnType::Text)]);
        node.prime(Prime::statement(text).void().binds(markers, &[0]));
    }
    let builder = Session::builder().contact_points([node.address().to_string()]);
    let session = builder.connections_per_host(1).connect().await.unwrap();
    let mut statements = Vec::new();
    for text in TEXTS {
        statements.push(session.prepare(text).await.unwrap());
    }
    (node, session, statements)
}

/// Rows of two tables by turns, and a text after each ten.
fn fill(batch: &mut Batch, statements: &[PreparedStatement]) {
    batch.clear();
    for id in 0..ROWS {
        for statement in statements {
            batch.add(statement, (id, "a name of some length")).unwrap();
        }
        if id % 10 == 0 {
            batch.add("DELETE FROM users WHERE id = -1", ()).unwrap();
        }
    }
    let rows = (0..ROWS).map(|id| (id, "another name"));
    batch.add_all(&statements[0], rows).unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn a_batch_that_is_filled_again_allocates_nothing() {
    let (_node, session, statements) = connected().await;
    let mut batch = session.batch().unlogged();
    fill(&mut batch, &statements);
    let before = heap::now().allocations;
    fill(&mut batch, &statements);
    assert_eq!(heap::now().allocations - before, 0, "for {} statements", batch.len());
}

/// How often the first poll of this batch allocates, which encodes it and hands it over: the node is
/// in this process, but has not had its turn by then.
async fn allocations(batch: &Batch) -> u64 {
    let mut execution = batch.execute();
    let before = heap::now().allocations;
    assert!(poll_once(&mut execution).await.is_pending());
    let allocations = heap::now().allocations - before;
    execution.await.unwrap();
    allocations
}

#[tokio::main(flavor = "current_thread")]
async fn a_batch_that_is_sent_again_allocates_as_a_small_one_does() {
    let (_node, session, statements) = connected().await;
    let (mut small, mut large) = (session.batch(), session.batch());
    small.add(&statements[0], (1_i64, "a name")).unwrap();
    large.add_all(&statements[0], (0..ROWS).map(|id| (id, "a name"))).unwrap();
    for batch in [&small, &large] {
        allocations(batch).await;
        allocations(batch).await;
    }
    let (of_small, of_large) = (allocations(&small).await, allocations(&large).await);
    assert!(of_large <= of_small + 1, "{of_large} for {ROWS} rows, {of_small} for one");
    assert!(of_small <= 1, "{of_small}");
}
