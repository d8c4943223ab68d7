//! What can happen to one page in the middle of a result: lost, cut off, late, empty, silent, of
//! other columns; and what becomes of the rest.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, Row, ScriptedNode, cell, columns};
use futures_util::FutureExt;

use super::memory::{Memory, at_rest, ends_after};
use super::{INSERT, PATIENCE, SELECT, answer_users, prime_users, users};
use crate::codec::{ColumnType, Opcode, ProtocolVersion};
use crate::{ErrorKind, Execution, OwnedRow, PreparedStatement, Session};

const USERS: i64 = 45;
const SECOND: Duration = Duration::from_secs(1);

fn execution<'a>(
    session: &'a Session,
    by_city: &'a PreparedStatement,
) -> Execution<'a, (&'a str,)> {
    session.execute(by_city, ("Oslo",)).page_size(10).timeout(SECOND)
}

/// A page of the result, counted from 0.
fn page(number: u32) -> Prime {
    answer_users(USERS).page(number)
}

async fn one_node() -> (Arc<Memory>, Session, PreparedStatement) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), USERS);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    (memory, session, by_city)
}

async fn two_nodes() -> (Arc<Memory>, Session, PreparedStatement) {
    let second = Member::new(([127, 0, 0, 2], 9042).into());
    let nodes =
        [ScriptedNode::builder().in_memory(), ScriptedNode::builder().member(second).in_memory()];
    for (node, other) in [(0, 1), (1, 0)] {
        nodes[node].set_peers([nodes[other].member()]);
        prime_users(&nodes[node], USERS);
    }
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    (memory, session, by_city)
}

/// What becomes of a page on its way, all in the middle of it.
fn losses() -> Vec<Prime> {
    let cuts = [1, 20, 60, 200].map(|bytes| page(2).cut_after(bytes));
    [page(2).reset(), page(2).close()].into_iter().chain(cuts).collect()
}

fn ids(rows: &[(i64, String)]) -> Vec<i64> {
    rows.iter().map(|(id, _)| *id).collect()
}

fn all() -> Vec<i64> {
    (0..USERS).collect()
}

#[tokio::test(start_paused = true)]
async fn g1_6_a_page_that_is_lost_or_cut_off_comes_from_another_host() {
    for prefetch in [0, 1, 3] {
        for loss in losses() {
            let (memory, session, by_city) = two_nodes().await;
            memory.node().prime(loss.clone());
            // Hosts take turns: one of two readers meets the one that loses it.
            for _ in 0..2 {
                let execution =
                    execution(&session, &by_city).idempotent(true).stream().prefetch(prefetch);
                let rows = execution.rows::<(i64, String)>().try_collect(100).await.unwrap();
                assert_eq!(ids(&rows), all(), "{loss:?}");
            }
            let broken = memory.node().accepted().iter().filter(|link| !link.open).count();
            assert!(broken > 0, "nothing was lost: {loss:?}");
            at_rest(&session).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g1_6_a_page_that_is_lost_for_good_says_where_to_go_on() {
    for loss in losses() {
        let (memory, session, by_city) = one_node().await;
        memory.node().prime(loss.clone().first(1));
        let lost = execution(&session, &by_city).idempotent(false);
        let mut rows = lost.rows::<(i64, String)>();
        let mut read = Vec::new();
        let error = loop {
            match rows.try_next().await {
                Ok(row) => read.push(row.expect("it is not over yet")),
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{loss:?}: {error}");
        assert_eq!(read.len(), 20, "what came before was given out");
        let connected = || session.resources().connections == 1;
        eventually(PATIENCE, "it is connected again", connected).await;
        let from = error.resume_position().unwrap().clone();
        assert_eq!(Some(&from), rows.position().as_ref());
        let rest = execution(&session, &by_city).stream().from_position(from).rows();
        read.extend(rest.try_collect(100).await.unwrap());
        assert_eq!(ids(&read), all());
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g1_6_empty_pages_are_no_end_on_the_wire_either() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(answer_users(USERS).in_pages([0, 3, 0, 0, 40, 2, 0]));
    for prefetch in [0, 1, 3] {
        let rows =
            execution(&session, &by_city).stream().prefetch(prefetch).rows::<(i64, String)>();
        assert_eq!(ids(&rows.try_collect(100).await.unwrap()), all());
        let mut pages = execution(&session, &by_city).stream().prefetch(prefetch).pages();
        let mut sizes = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            sizes.push(page.len());
        }
        assert_eq!(sizes, [3, 40, 2, 0], "only the last one is given out without rows");
    }
    assert_eq!(session.metrics().streams.empty_pages, 3 * 2 * 4);
}

#[tokio::test(start_paused = true)]
async fn g6_7_a_page_that_is_late_costs_no_connection() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(page(2).first(1).after(3 * SECOND));
    let mut pages = execution(&session, &by_city).stream().prefetch(0).pages();
    for _ in 0..2 {
        assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    }
    let error = ends_after(SECOND, pages.try_next()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(session.resources().orphaned, 1, "its stream id stays taken");
    // The same page can be asked for again while the late one is still on its way.
    let from = error.resume_position().unwrap().clone();
    let rest = execution(&session, &by_city).stream().from_position(from).rows::<(i64, String)>();
    let rest = rest.try_collect(100).await.unwrap();
    assert_eq!(ids(&rest), (20..USERS).collect::<Vec<_>>());
    assert_eq!(session.resources().orphaned, 1);
    // Nothing but the late answer frees it, and the late answer is thrown away.
    at_rest(&session).await;
    assert_eq!(memory.node().accepted().iter().filter(|link| !link.open).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn g6_7_a_page_that_never_comes_leaves_the_connection_to_others() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(page(2).silence());
    memory.node().prime(Prime::statement(INSERT).void());
    let mut rows = execution(&session, &by_city).rows::<(i64, String)>();
    for id in 0..20 {
        assert_eq!(rows.try_next().await.unwrap().unwrap().0, id);
    }
    let error = rows.try_next().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(rows.try_next().await.unwrap().is_none(), "one error, then the end");
    session.query(INSERT, ()).await.unwrap();
    let resources = session.resources();
    assert_eq!((resources.orphaned, resources.in_flight, resources.page_bytes), (1, 0, 0));
    assert!(memory.node().accepted().iter().all(|link| link.open), "a timeout closes nothing");
}

#[tokio::test(start_paused = true)]
async fn g2_2_pages_are_freed_while_their_error_is_still_held() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(page(3).error(0x1200, "too slow"));
    for prefetch in [0, 3] {
        let mut rows =
            execution(&session, &by_city).stream().prefetch(prefetch).rows::<(i64, String)>();
        let error = loop {
            match rows.try_next().await {
                Ok(row) => assert!(row.is_some(), "it is not over yet"),
                Err(error) => break error,
            }
        };
        let resources = session.resources();
        assert!(resources.is_idle(), "{resources}, {error}");
        drop(rows);
    }
}

#[tokio::test(start_paused = true)]
async fn g2_4_dropped_with_a_page_on_its_way_the_late_page_goes_nowhere() {
    let (memory, session, by_city) = one_node().await;
    let tasks = session.resources().tasks;
    let held = memory.node().hold(page(1));
    for number in 1..=5 {
        let mut rows = execution(&session, &by_city).stream().prefetch(1).rows::<(i64, String)>();
        rows.try_next().await.unwrap().unwrap();
        eventually(PATIENCE, "the next page is asked for", || held.len() == number).await;
        drop(rows);
        assert_eq!(session.resources().page_bytes, 0);
        assert_eq!(session.resources().reserved_bytes, 0);
    }
    assert_eq!((session.resources().orphaned, session.resources().tasks), (5, tasks));
    held.release();
    at_rest(&session).await;
    assert_eq!(session.resources().tasks, tasks);
    assert!(memory.node().accepted().iter().all(|link| link.open));
}

#[tokio::test(start_paused = true)]
async fn g5_4_a_page_that_came_before_the_first_poll_is_there_on_it() {
    let (memory, session, by_city) = one_node().await;
    let mut pages = execution(&session, &by_city).pages();
    pages.fetch_ahead();
    eventually(PATIENCE, "it came", || memory.node().owed() == 0 && requests(&session) == 1).await;
    tokio::time::sleep(SECOND / 2).await;
    let first = pages.try_next().now_or_never().expect("on the first poll");
    assert_eq!(first.unwrap().unwrap().len(), 10);
}

fn requests(session: &Session) -> usize {
    session.resources().requests
}

#[tokio::test(start_paused = true)]
async fn g7_5_a_slow_reader_holds_up_nobody_on_its_connection() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(Prime::statement(INSERT).void());
    let mut slow = execution(&session, &by_city).stream().prefetch(1).rows::<(i64, String)>();
    slow.try_next().await.unwrap().unwrap();
    // It does not read on; a thousand others do, over the same connection.
    let started = tokio::time::Instant::now();
    for _ in 0..10 {
        let writes = (0..100).map(|_| session.query(INSERT, ()).into_future());
        for write in futures_util::future::join_all(writes).await {
            write.unwrap();
        }
        let other = execution(&session, &by_city).rows::<(i64, String)>();
        assert_eq!(ids(&other.try_collect(100).await.unwrap()), all());
    }
    assert!(started.elapsed() < SECOND / 10, "nobody waited for anything");
    let asked = memory.node().count(Opcode::Execute);
    assert_eq!(asked, 2 + 10 * 5, "the slow reader asked for two pages, and then no more");
    for id in 1..USERS {
        assert_eq!(slow.try_next().await.unwrap().unwrap().0, id);
    }
}

/// What is no page is not taken for the last one: the server has said that there are more.
#[tokio::test(start_paused = true)]
async fn g1_6_an_answer_without_rows_in_the_middle_is_no_end() {
    let (memory, session, by_city) = one_node().await;
    memory.node().prime(page(2).void());
    let mut rows = execution(&session, &by_city).rows::<(i64, String)>();
    for id in 0..20 {
        assert_eq!(rows.try_next().await.unwrap().unwrap().0, id);
    }
    let error = rows.try_next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedResponse(Opcode::Result)), "{error}");
}

fn users_with_age(name_first: bool) -> Prime {
    let mut shape =
        columns([("id", ColumnType::BigInt), ("age", ColumnType::Int), ("name", ColumnType::Text)]);
    let with_age = |mut row: Row| {
        row.insert(1, cell(7_i32.to_be_bytes()));
        row
    };
    let mut rows: Vec<Row> = users(USERS).into_iter().map(with_age).collect();
    if name_first {
        shape.swap(1, 2);
        rows.iter_mut().for_each(|row| row.swap(1, 2));
    }
    Prime::statement(SELECT).rows(shape, rows)
}

/// The table is altered while it is read: later pages have a column more, in the middle.
#[tokio::test(start_paused = true)]
async fn columns_that_change_in_the_middle_are_followed() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
        prime_users(memory.node(), USERS);
        let session = memory.session().await;
        let by_city = session.prepare(SELECT).await.unwrap();
        let mut rows = execution(&session, &by_city).stream().prefetch(0).rows::<OwnedRow>();
        for id in 0..USERS {
            if id == 20 {
                memory.node().prime(users_with_age(false));
            }
            let row = rows.try_next().await.unwrap().unwrap();
            assert_eq!(row.get("id"), Ok(id));
            assert_eq!(row.get("name"), Ok(format!("user {id}")));
            assert_eq!(row.columns().len(), if id < 20 { 2 } else { 3 });
            assert_eq!(row.get::<i32>("age").ok(), (id >= 20).then_some(7));
        }
        assert!(rows.try_next().await.unwrap().is_none());
        if version == ProtocolVersion::V5 {
            assert_eq!(by_city.columns().unwrap().len(), 3, "what was learnt is kept");
        }
    }
}

/// Another stream of the same statement is in the middle of a page when the columns change: each
/// page is read by its own columns.
#[tokio::test(start_paused = true)]
async fn columns_that_another_stream_learnt_do_not_touch_pages_that_came_before() {
    let (memory, session, by_city) = one_node().await;
    let mut first = execution(&session, &by_city).rows::<OwnedRow>();
    assert_eq!(first.try_next().await.unwrap().unwrap().columns().len(), 2);
    memory.node().prime(users_with_age(true));
    let second = execution(&session, &by_city).rows::<(i64, String, i32)>();
    let second = second.try_collect(100).await.unwrap();
    assert!(
        second
            .iter()
            .enumerate()
            .all(|(at, row)| { *row == (i64::try_from(at).unwrap(), format!("user {at}"), 7) })
    );
    for id in 1..USERS {
        let row = first.try_next().await.unwrap().unwrap();
        assert_eq!(row.get("id"), Ok(id));
        assert_eq!(row.get("name"), Ok(format!("user {id}")));
    }
}

/// A tuple does not fit the new columns: it is told so, and not filled with other columns' bytes.
#[tokio::test(start_paused = true)]
async fn g2_3_rows_of_other_columns_are_an_error_that_says_where_to_go_on() {
    let (memory, session, by_city) = one_node().await;
    let mut rows = execution(&session, &by_city).stream().prefetch(0).rows::<(i64, String)>();
    for id in 0..20 {
        assert_eq!(rows.try_next().await.unwrap(), Some((id, format!("user {id}"))));
    }
    memory.node().prime(users_with_age(false));
    let error = rows.try_next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Value { page: Some(3), row: None, .. }), "{error}");
    assert!(rows.try_next().await.unwrap().is_none(), "one error, then the end");
    let from = error.resume_position().unwrap().clone();
    let rest =
        execution(&session, &by_city).stream().from_position(from).rows::<(i64, i32, String)>();
    let rest = rest.try_collect(100).await.unwrap();
    assert_eq!((rest.len(), rest[0].0), (25, 20));
}
