//! What a thousand streams of a session hold, by the counting allocator: the budget and a page
//! each, of any size.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::time::Duration;

use cqlwire::codec::ColumnType;
use cqlwire::{Page, Pages, ProtocolVersion, Session};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Row, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::{alone, heap};
use futures_util::future::join_all;

#[global_allocator]
static HEAP: heap::Counting = heap::COUNTING;

const SELECT: &str = "SELECT id, photo FROM users";
const STREAMS: usize = 1_000;
/// The bytes of a row as it comes: two lengths, a bigint, and a blob.
const ROW: usize = 4 + 8 + 4 + 84;
/// What a stream takes beside its page, in bytes: itself, its request, what the page tells.
const STREAM: usize = 3 << 10;
/// What the session, the node and the harness may take meanwhile.
const NOISE: usize = 2 << 20;
const BUDGET: usize = 1 << 20;

async fn connected(version: ProtocolVersion, rows: usize) -> (ScriptedNode, Session) {
    let node = ScriptedNode::builder().versions([version]).start_tcp().await.unwrap();
    let shape = columns([("id", ColumnType::BigInt), ("photo", ColumnType::Blob)]);
    let row = |id: usize| -> Row { vec![cell(id.to_be_bytes()), cell([7; 84])] };
    node.prime(Prime::statement(SELECT).rows(shape, (0..rows).map(row).collect()));
    let builder = Session::builder().contact_points([node.address().to_string()]);
    let session = builder.connections_per_host(1).page_budget_bytes(BUDGET).connect().await;
    (node, session.unwrap())
}

fn live() -> usize {
    usize::try_from(heap::now().live_bytes).unwrap()
}

/// Each reads a page, and holds it while the others read theirs: one after the other, or all at
/// once, so that many pages come together.
async fn read(streams: &mut [(Pages, Option<Page>)], together: bool) {
    let each = streams.iter_mut().map(|(pages, held)| async move {
        *held = None;
        *held = pages.try_next().await.unwrap();
        assert!(held.is_some());
    });
    if together {
        join_all(each).await;
    } else {
        for one in each {
            one.await;
        }
    }
}

#[tokio::test]
async fn g2_1_a_thousand_streams_of_a_session_hold_the_budget_and_a_page_each() {
    let _alone = alone().await;
    for version in [ProtocolVersion::V4, ProtocolVersion::V5] {
        for rows_a_page in [3, 50, 160, 1_500] {
            let (_node, session) = connected(version, 2 * rows_a_page).await;
            let select = session.prepare(SELECT).await.unwrap();
            let open = || {
                let size = u32::try_from(rows_a_page).unwrap();
                session.execute(&select, ()).page_size(size).pages()
            };
            let before = live();
            let mut streams: Vec<_> = (0..STREAMS).map(|_| (open(), None)).collect();
            for together in [true, false] {
                read(&mut streams, together).await;
                let (taken, page) = (live().saturating_sub(before), rows_a_page * ROW);
                let most = BUDGET + STREAMS * (page + STREAM) + NOISE;
                assert!(taken <= most, "{version}, pages of {page}: {taken} of {most} bytes");
                assert!(taken >= STREAMS * page, "the pages were not even there");
            }
            drop(streams);
            let at_rest = || session.resources().is_idle();
            eventually(Duration::from_secs(10), "all is given back", at_rest).await;
            let left = live().saturating_sub(before);
            assert!(left <= NOISE, "{version}, {rows_a_page} rows a page: {left} bytes are left");
        }
    }
}
