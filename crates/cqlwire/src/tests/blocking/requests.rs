//! What is asked for, and what comes.

use std::thread;
use std::time::Duration;

use cqlwire_testkit::node::{Prime, Received, columns};

use super::{Node, SILENT, at_rest, until};
use crate::blocking::{Session, Wait};
use crate::codec::{ColumnType, ErrorCode, Opcode};
use crate::tests::{INSERT, PATIENCE, SELECT, answer_users};
use crate::{Consistency, ErrorKind, TimeoutPhase};

#[test]
fn g16_1_a_session_from_beginning_to_end_leaves_nothing() {
    let node = Node::with(25);
    let session = node.session();
    session.query(INSERT, ()).consistency(Consistency::Quorum).wait().unwrap();
    assert_eq!(node.last(INSERT).fields.consistency, Some(Consistency::Quorum));

    let by_city = session.prepare(SELECT).unwrap();
    let found = session.execute(&by_city, ("Oslo",)).wait().unwrap();
    assert_eq!(found.first_row().unwrap(), Some((0_i64, "user 0")));
    drop(found);
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap().add(&by_city, ("Oslo",)).unwrap();
    batch.execute().wait().unwrap();
    assert_eq!(node.node.count(Opcode::Batch), 1);
    let explained = session.query(INSERT, ()).explain().wait();
    assert!(explained.result.is_ok() && explained.report.is_some());

    let rows = session.execute(&by_city, ("Oslo",)).page_size(10).rows::<(i64, String)>().wait();
    let ids: Vec<i64> = rows.map(|row| row.unwrap().0).collect();
    assert_eq!(ids, (0..25).collect::<Vec<i64>>());
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages().wait();
    assert_eq!(pages.by_ref().map(|page| page.unwrap().len()).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(pages.progress().rows, 25);
    drop(pages);
    let written = session.insert_all(INSERT, [(), ()]).wait().unwrap();
    assert_eq!(written.written, 2);
    assert!(session.refresh(PATIENCE));
    assert!(session.resources().is_idle(), "{}", session.resources());

    let end = session.shared().thread.get().unwrap().end();
    session.close(PATIENCE);
    assert!(end.try_recv().is_err_and(|error| error.is_disconnected()), "its thread has ended");
    assert!(session.resources().is_zero(), "{}", session.resources());
    assert!(session.prepare(SELECT).unwrap_err().is_closed());
    assert!(session.query(INSERT, ()).wait().unwrap_err().is_closed());
    until("nothing is open", || node.node.connections() == 0);
}

/// Eight threads at once, each of whose answers are its own.
#[test]
fn g16_1_eight_threads_get_their_own_answers() {
    const ECHO: &str = "SELECT id FROM users WHERE id = ?";
    let node = Node::with(0);
    let (id, marker) = (columns([("id", ColumnType::BigInt)]), [("id", ColumnType::BigInt)]);
    let own = |request: &Received| vec![vec![request.values[0].clone()]];
    node.node.prime(Prime::statement(ECHO).rows_from(id, own).binds(columns(marker), &[0]));
    let session = node.session();
    let echo = session.prepare(ECHO).unwrap();
    thread::scope(|threads| {
        for first in (0..8).map(|thread| thread * 1_000) {
            let (session, echo) = (&session, &echo);
            threads.spawn(move || {
                for id in first..first + 1_000_i64 {
                    let found = session.execute(echo, (id,)).wait().unwrap();
                    assert_eq!(found.one_row::<(i64,)>().unwrap(), (id,));
                }
            });
        }
    });
    assert!(session.resources().is_idle(), "{}", session.resources());
    assert_eq!(session.metrics().requests.ok, 8_001);
}

#[test]
fn g16_1_rows_come_before_the_error_and_then_the_end() {
    let node = Node::with(25);
    let session = node.session();
    let by_city = session.prepare(SELECT).unwrap();
    node.node.prime(Prime::statement(SELECT).page(1).error(0x1300, "failed"));
    let described = session.execute(&by_city, ("Oslo",)).page_size(10);
    let mut rows = described.rows::<(i64, String)>().wait();
    for id in 0..10 {
        assert_eq!(rows.next().unwrap().unwrap().0, id);
    }
    let error = rows.next().unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Server { error, .. } if error.code == ErrorCode::ReadFailure),
        "{error}"
    );
    assert_eq!(session.resources().page_bytes, 0, "while the error is held");
    assert!(rows.next().is_none() && rows.next().is_none());
    assert!(session.resources().is_idle(), "{}", session.resources());
}

#[test]
fn g16_1_an_iterator_dropped_in_the_middle_abandons_its_page() {
    let node = Node::with(25);
    let session = node.session();
    let by_city = session.prepare(SELECT).unwrap();
    for prefetch in [0, 1] {
        let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(prefetch);
        let mut rows = stream.rows::<(i64, String)>().wait();
        rows.next().unwrap().unwrap();
        assert!(session.resources().page_bytes > 0);
        drop(rows);
        at_rest(&session);
    }
    // The next page is on its way.
    let held = node.node.hold(answer_users(25).page(1));
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages().wait();
    pages.next().unwrap().unwrap();
    until("the next page is asked for", || held.len() == 1);
    drop(pages);
    let left = session.resources();
    assert_eq!((left.requests, left.pages, left.page_bytes, left.reserved_bytes), (0, 0, 0, 0));
    held.release();
    at_rest(&session);
    session.query(INSERT, ()).wait().unwrap();
}

#[test]
fn g16_1_collecting_stops_at_its_limit() {
    let node = Node::with(25);
    let session = node.session();
    let rows = || session.query(SELECT, ("Oslo",)).page_size(10).rows::<(i64, String)>().wait();
    assert_eq!(rows().try_collect(25).unwrap().len(), 25);
    let error = rows().try_collect(24).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooManyRows { limit: 24 }), "{error}");
    at_rest(&session);
}

/// Whoever waits is told what it waited for, by the error that async code gets.
#[test]
fn g16_1_each_wait_ends_at_its_deadline() {
    const TIMEOUT: Duration = Duration::from_millis(200);
    let node = Node::with(25);
    let session = Session::connect(node.builder().max_requests(1)).unwrap();
    let by_city = session.prepare(SELECT).unwrap();
    let ended = |error: crate::Error, phase: TimeoutPhase| {
        assert!(
            matches!(error.kind(), ErrorKind::Timeout { phase: of, .. } if *of == phase),
            "{error}"
        );
        assert!(error.elapsed().unwrap() >= TIMEOUT, "{error}");
        assert_eq!(error.may_have_been_applied(), phase == TimeoutPhase::Response, "{error}");
    };
    let silent = session.query(SILENT, ()).timeout(TIMEOUT).wait();
    ended(silent.unwrap_err(), TimeoutPhase::Response);
    let mut batch = session.batch();
    batch.add(SILENT, ()).unwrap();
    ended(batch.execute().timeout(TIMEOUT).wait().unwrap_err(), TimeoutPhase::Response);
    node.node.prime(Prime::prepare("SELECT silence").silence());
    let silent = session.query("SELECT silence", (1_i32,)).timeout(TIMEOUT).wait();
    assert!(silent.unwrap_err().is_timeout());

    node.node.prime(Prime::statement(SELECT).page(1).silence());
    let described = session.execute(&by_city, ("Oslo",)).page_size(10).timeout(TIMEOUT);
    let mut pages = described.pages().wait();
    assert_eq!(pages.next().unwrap().unwrap().len(), 10);
    assert!(pages.next().unwrap().unwrap_err().is_timeout());
    assert!(pages.next().is_none());

    // The only permit is somebody else's.
    let held = node.node.hold(Prime::statement(INSERT).nth(1));
    thread::scope(|threads| {
        let first = threads.spawn(|| session.query(INSERT, ()).wait());
        until("it is asked", || held.len() == 1);
        let second = session.query(INSERT, ()).timeout(TIMEOUT).wait();
        ended(second.unwrap_err(), TimeoutPhase::Queue);
        held.release();
        first.join().unwrap().unwrap();
    });
    drop(pages);
    session.close(TIMEOUT);
    assert!(session.resources().is_zero(), "{}", session.resources());
}

#[test]
fn g16_1_what_cannot_be_connected_says_why_and_leaves_nothing() {
    let node = Node::with(0);
    node.node.prime(Prime::opcode(Opcode::Startup).error(0, "not today"));
    let error = Session::connect(node.builder()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
    assert_eq!(error.attempts().len(), 1);
    node.node.prime(Prime::opcode(Opcode::Startup).silence());
    let soon = node.builder().connect_timeout(Duration::from_millis(100));
    assert!(Session::connect(soon).unwrap_err().is_timeout());
    let error = Session::connect(Session::builder().contact_points([""; 0])).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Settings { .. }), "{error}");
    until("nothing is open", || node.node.connections() == 0);
}

/// Handles in other keyspaces are of the same session, and so is its thread.
#[test]
fn g16_1_handles_in_keyspaces_share_the_thread() {
    let node = Node::with(0);
    node.node.set_keyspaces(["shop"]);
    let session = node.session();
    let shop = session.with_keyspace("shop").unwrap();
    assert_eq!(shop.keyspace().as_deref(), Some("shop"));
    let error = session.with_keyspace("nowhere").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownKeyspace { .. }), "{error}");
    drop(session);
    shop.query(INSERT, ()).wait().unwrap();
    assert_eq!(node.last(INSERT).runs_in.as_deref(), Some("shop"));
}
