//! The thread of a session that has ended, has panicked, or stands still: nobody waits for it for ever.

use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cqlwire_testkit::node::Prime;
use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{AGES, Node, SILENT, at_rest, in_flight, until};
use crate::blocking::{RuntimeThread, Session, Wait, wait_on};
use crate::tests::{INSERT, PATIENCE, SELECT, answer_users};
use crate::{Error, ErrorKind, Unserved};

/// A session, and what has its thread end: by itself, or in a panic.
fn mortal(node: &Node, panics: bool) -> (Session, oneshot::Sender<()>) {
    let (kill, killed) = oneshot::channel();
    let end = killed.map(move |killed| assert!(!(killed.is_ok() && panics), "as it was told"));
    let thread = RuntimeThread::start_beside(end).unwrap();
    (Session::connect_on(thread, node.builder()).unwrap(), kill)
}

fn is_unserved(error: &Error, why: &Unserved) -> bool {
    matches!(error.kind(), ErrorKind::Unserved(said) if said == why)
}

#[test]
fn g16_1_when_the_thread_is_gone_every_wait_ends() {
    for panics in [false, true] {
        let node = Node::with(25);
        let (session, kill) = mortal(&node, panics);
        let by_city = session.prepare(SELECT).unwrap();
        let held = node.node.hold(answer_users(25).page(1));
        let described = session.execute(&by_city, ("Oslo",)).page_size(10).timeout(AGES);
        let mut rows = described.rows::<(i64, String)>().wait();
        let (asked, read) = thread::scope(|threads| {
            let ask = || session.query(SILENT, ()).timeout(AGES).wait().unwrap_err();
            let asking: Vec<_> = (0..8).map(|_| threads.spawn(ask)).collect();
            let reading = threads.spawn(|| rows.by_ref().collect::<Vec<_>>());
            until("the second page is waited for", || held.len() == 1);
            in_flight(&session, 9);
            kill.send(()).unwrap();
            let joined = |thread: thread::ScopedJoinHandle<'_, Error>| thread.join().unwrap();
            (asking.into_iter().map(joined).collect::<Vec<_>>(), reading.join().unwrap())
        });
        for error in asked {
            assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error}");
            assert!(
                error.to_string().contains("the runtime on which it was opened is gone"),
                "{error}"
            );
            assert!(error.may_have_been_applied());
        }
        assert_eq!(read.len(), 11, "the rows that came, and why no more do");
        assert!(read[10].is_err() && rows.next().is_none());
        // Later calls are refused at once, and so are those that need a timer.
        assert!(
            !session.query(INSERT, ()).timeout(AGES).wait().unwrap_err().may_have_been_applied()
        );
        assert!(session.query("SELECT ?", (1,)).timeout(AGES).wait().is_err());
        assert!(!session.refresh(AGES));
        session.close(AGES);
        drop(rows);
        assert!(session.resources().is_idle(), "{}", session.resources());
    }
}

/// The pause before the next attempt has its timer on the session's thread: without that, it is over.
#[test]
fn g16_1_a_pause_ends_with_the_thread() {
    let node = Node::with(0);
    let (kill, killed) = oneshot::channel();
    let thread = RuntimeThread::start_beside(killed.map(drop)).unwrap();
    let builder = node.builder().retries(|retries| {
        (retries.backoff.first, retries.backoff.longest) = (AGES / 4, AGES / 4);
    });
    let session = Session::connect_on(thread, builder).unwrap();
    node.node.prime(Prime::statement(INSERT).error(0x1001, "overloaded"));
    thread::scope(|threads| {
        let asking =
            threads.spawn(|| session.query(INSERT, ()).idempotent(true).timeout(AGES).wait());
        until("it pauses", || session.metrics().retries.plans > 0);
        kill.send(()).unwrap();
        asking.join().unwrap().unwrap_err();
    });
    assert!(session.resources().is_idle(), "{}", session.resources());
}

/// What waits for the thread itself is told so, though nobody wakes it.
#[test]
fn g16_1_a_wait_that_nobody_wakes_ends_with_the_thread() {
    let (kill, killed) = oneshot::channel();
    let thread = RuntimeThread::start_beside(killed.map(drop)).unwrap();
    thread::scope(|threads| {
        let waiting = threads.spawn(|| wait_on(&thread, None, pending::<()>()));
        kill.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), Err(Unserved::Ended));
    });
}

#[test]
fn g16_1_a_thread_that_stands_still_keeps_nobody_past_its_deadline() {
    const TIMEOUT: Duration = Duration::from_millis(100);
    let node = Node::with(0);
    let session = node.session();
    let (wake, sleep) = mpsc::channel::<()>();
    let (slept, sleeps) = mpsc::channel();
    let thread = session.shared().thread.get().unwrap();
    thread.handle().spawn(async move {
        slept.send(()).unwrap();
        sleep.recv().unwrap_err();
    });
    sleeps.recv_timeout(PATIENCE).unwrap();
    // Its own deadline, and what it waited for.
    let error = session.query(INSERT, ()).timeout(TIMEOUT).wait().unwrap_err();
    assert!(error.is_timeout() && error.elapsed().unwrap() >= TIMEOUT, "{error}");
    // What is on that thread alone: a second later, and long before its silence is strange.
    let begun = Instant::now();
    let waited = wait_on(thread, Some(TIMEOUT), pending::<()>());
    assert_eq!(waited, Err(Unserved::StandsStill));
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    session.close(TIMEOUT);
    assert!(session.query(INSERT, ()).wait().unwrap_err().is_closed());
    drop(wake);
    at_rest(&session);
}

#[test]
fn g16_1_a_thread_that_ends_while_it_connects_is_told() {
    let node = Node::with(0);
    let (kill, killed) = oneshot::channel();
    let thread = RuntimeThread::start_beside(killed.map(drop)).unwrap();
    let held = node.node.hold(Prime::opcode(crate::codec::Opcode::Startup));
    let builder = node.builder().connect_timeout(AGES);
    let connecting = thread::spawn(|| Session::connect_on(thread, builder).unwrap_err());
    until("it connects", || held.len() == 1);
    kill.send(()).unwrap();
    let error = connecting.join().unwrap();
    assert!(is_unserved(&error, &Unserved::Ended), "{error}");
}

/// The thread that serves the session would wait for itself.
#[test]
fn g16_1_the_thread_itself_is_refused_at_once() {
    let node = Node::with(3);
    let session = node.session();
    let (tell, told) = mpsc::channel();
    let own = session.clone();
    session.shared().thread.get().unwrap().handle().spawn(async move {
        let rows = own.query(SELECT, ("Oslo",)).rows::<(i64, String)>().wait().collect::<Vec<_>>();
        own.close(Duration::ZERO);
        tell.send((own.query(INSERT, ()).wait(), rows)).unwrap();
    });
    let (query, mut rows) = told.recv_timeout(PATIENCE).unwrap();
    assert!(is_unserved(&query.unwrap_err(), &Unserved::OwnThread));
    assert!(is_unserved(&rows.pop().unwrap().unwrap_err(), &Unserved::OwnThread));
    assert!(rows.is_empty());
}
