//! Sessions that are closed or dropped, whoever waits meanwhile.

use std::thread;
use std::time::Duration;

use cqlwire_testkit::probe;

use super::{AGES, Node, SILENT, in_flight, until};
use crate::blocking::{Session, Wait};
use crate::tests::{INSERT, PATIENCE, SELECT, answer_users};
use crate::{Error, ErrorKind, PreparedStatement};

#[test]
fn g16_1_a_close_while_threads_wait_ends_each_wait() {
    let node = Node::with(25);
    let session = node.session();
    let (waiting, closes): (Vec<Error>, _) = thread::scope(|threads| {
        let (ask, close) = (
            || session.query(SILENT, ()).timeout(AGES).wait().unwrap_err(),
            || session.close(Duration::from_millis(200)),
        );
        let waiting: Vec<_> = (0..8).map(|_| threads.spawn(ask)).collect();
        in_flight(&session, 8);
        let closes: Vec<_> = (0..3).map(|_| threads.spawn(close)).collect();
        let joined = |thread: thread::ScopedJoinHandle<'_, Error>| thread.join().unwrap();
        let waiting = waiting.into_iter().map(joined).collect();
        (waiting, closes.into_iter().map(|close| close.join().unwrap()).count())
    });
    assert_eq!(closes, 3);
    for error in waiting {
        assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error}");
        assert!(error.may_have_been_applied(), "{error}");
    }
    assert!(session.resources().is_zero(), "{}", session.resources());
    assert!(session.shared().thread.get().unwrap().has_ended());
    session.close(PATIENCE);
}

/// What was let in has its true outcome, what was not is not sent.
#[test]
fn g16_1_every_call_is_let_in_or_refused_and_nothing_else() {
    let node = Node::with(3);
    for _ in 0..20 {
        let session = node.session();
        let by_city = session.prepare(SELECT).unwrap();
        let before = (node.node.count_statement(INSERT), node.node.count_statement(SELECT));
        let (inserted, selected) = thread::scope(|threads| {
            let ask = || ask_until_closed(&session, &by_city);
            let asking: Vec<_> = (0..8).map(|_| threads.spawn(ask)).collect();
            until("some are answered", || node.node.count_statement(INSERT) > before.0 + 8);
            session.close(PATIENCE);
            let counts = asking.into_iter().map(|asking| asking.join().unwrap());
            counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        });
        assert!(session.resources().is_zero(), "{}", session.resources());
        assert_eq!(node.node.count_statement(INSERT), before.0 + inserted, "refused, but sent");
        assert_eq!(node.node.count_statement(SELECT), before.1 + selected, "refused, but sent");
    }
}

/// How many statements of each kind were answered before the first that was refused.
fn ask_until_closed(session: &Session, by_city: &PreparedStatement) -> (usize, usize) {
    let (mut inserts, mut selects) = (0, 0);
    loop {
        match session.query(INSERT, ()).wait() {
            Ok(_) => inserts += 1,
            Err(error) => {
                assert!(error.is_closed(), "{error}");
                return (inserts, selects);
            }
        }
        match session.execute(by_city, ("Oslo",)).rows::<(i64, String)>().wait().next() {
            Some(Ok(_)) => selects += 1,
            other => {
                let error = other.unwrap().unwrap_err();
                assert!(error.is_closed(), "{error}");
                return (inserts, selects);
            }
        }
    }
}

#[test]
fn g16_1_a_session_dropped_while_threads_wait_serves_them_and_then_ends() {
    let node = Node::with(25);
    let session = node.session();
    let end = session.shared().thread.get().unwrap().end();
    let by_city = session.prepare(SELECT).unwrap();
    let held = node.node.hold(answer_users(25).page(1));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let described = session.execute(&by_city, ("Oslo",)).page_size(10);
            let rows = described.rows::<(i64, String)>().wait();
            thread::spawn(move || rows.map(|row| row.unwrap().0).collect::<Vec<_>>())
        })
        .collect();
    until("each waits for its second page", || held.len() == 4);
    drop((session, by_city));
    assert!(end.try_recv().is_err_and(|error| error.is_empty()), "it serves them");
    held.release();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (0..25).collect::<Vec<i64>>());
    }
    assert!(end.recv_timeout(PATIENCE).is_err_and(|error| error.is_disconnected()));
    until("nothing is open", || node.node.connections() == 0);
}

/// Its socket, its thread and what that has open.
#[test]
fn g16_1_a_dropped_session_leaves_nothing() {
    let node = Node::with(25);
    let before = probe::descriptors();
    let session = node.session();
    let end = session.shared().thread.get().unwrap().end();
    let batch = session.batch();
    let clone = session.clone();
    drop(session);
    assert!(clone.query(SILENT, ()).timeout(Duration::from_millis(10)).wait().is_err());
    drop(clone);
    assert!(end.try_recv().is_err_and(|error| error.is_empty()), "a batch is a handle");
    drop(batch);
    assert!(end.recv_timeout(PATIENCE).is_err_and(|error| error.is_disconnected()));
    until("nothing is open", || node.node.connections() == 0);
    until("no descriptors are left", || probe::descriptors() <= before);
}

#[test]
fn g16_1_a_stream_that_nobody_reads_does_not_hold_up_a_close() {
    let node = Node::with(100);
    let session = node.session();
    let by_city = session.prepare(SELECT).unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages().wait();
    pages.next().unwrap().unwrap();
    session.close(AGES);
    // What was asked for before may have come, and nothing is asked for any more.
    let rest: Vec<_> = pages.by_ref().collect();
    assert!(rest.last().unwrap().as_ref().unwrap_err().is_closed());
    assert!(pages.next().is_none());
    drop((rest, pages));
    assert!(session.resources().is_zero(), "{}", session.resources());
}
