//! Any thread may wait: one of no runtime, or of whichever.

use std::thread;

use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::alone;
use tokio::runtime::Builder;

use super::{AGES, Node, runtime};
use crate::blocking::{Session, Wait};
use crate::tests::memory::Memory;
use crate::tests::{INSERT, PATIENCE, SELECT};
use crate::{ErrorKind, Unserved};

/// More than a task of tokio's may take from it in one turn.
const PAGES: i64 = 300;

/// All that waits, with retries that pause, a text that is prepared, and more pages than a turn has.
fn use_session(node: &Node) {
    let session = node.session();
    node.node.prime(Prime::statement(INSERT).first(1).error(0x1001, "overloaded"));
    session.query(INSERT, ()).idempotent(true).timeout(AGES).wait().unwrap();
    let all = session.query(SELECT, ("Oslo",)).page_size(1).rows::<(i64, String)>().wait();
    let ids: Vec<i64> = all.map(|row| row.unwrap().0).collect();
    assert_eq!(ids, (0..PAGES).collect::<Vec<_>>());
    assert!(session.refresh(PATIENCE));
    session.close(PATIENCE);
    assert!(session.resources().is_zero(), "{}", session.resources());
    // Once more, dropped.
    node.session().query(INSERT, ()).wait().unwrap();
}

#[test]
fn g16_2_on_a_thread_without_a_runtime() {
    let node = Node::with(PAGES);
    thread::scope(|threads| drop(threads.spawn(|| use_session(&node))));
}

#[tokio::test]
async fn g16_2_inside_of_a_runtime_of_one_thread() {
    let alone = alone().await;
    use_session(&Node::beside(&alone, PAGES));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g16_2_inside_of_a_runtime_of_several_threads() {
    let alone = alone().await;
    let node = std::sync::Arc::new(Node::beside(&alone, PAGES));
    let tasks = [(); 2].map(|()| {
        let node = std::sync::Arc::clone(&node);
        tokio::spawn(async move { use_session(&node) })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

/// The timers of a runtime that is blocked do not run, and this one has none.
#[test]
fn g16_2_inside_of_a_runtime_without_timers() {
    let node = Node::with(PAGES);
    Builder::new_current_thread().build().unwrap().block_on(async { use_session(&node) });
}

#[test]
fn g16_2_inside_of_another_executor() {
    let node = Node::with(PAGES);
    futures_executor::block_on(async { use_session(&node) });
}

/// One session, from all of them at once.
#[test]
fn g16_2_one_session_serves_threads_of_all_kinds() {
    let node = Node::with(25);
    let session = node.session();
    let read = || {
        for _ in 0..20 {
            let rows =
                session.query(SELECT, ("Oslo",)).page_size(10).rows::<(i64, String)>().wait();
            assert_eq!(rows.map(Result::unwrap).count(), 25);
        }
    };
    thread::scope(|threads| {
        threads.spawn(read);
        threads.spawn(|| futures_executor::block_on(async { read() }));
        threads.spawn(|| runtime().block_on(async { read() }));
        // It may be awaited, too, as the async session that it is.
        threads.spawn(|| {
            let own = Builder::new_current_thread().enable_all().build().unwrap();
            own.block_on(async { session.query(INSERT, ()).await }).unwrap();
        });
    });
    assert!(session.resources().is_idle(), "{}", session.resources());
}

#[tokio::test(start_paused = true)]
async fn g16_2_what_an_async_session_describes_is_not_waited_for() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let not_blocking = |error: crate::Error| {
        assert!(matches!(error.kind(), ErrorKind::Unserved(Unserved::NotBlocking)), "{error}");
    };
    not_blocking(session.query(INSERT, ()).wait().unwrap_err());
    let mut pages = session.query(SELECT, ("Oslo",)).pages().wait();
    not_blocking(pages.next().unwrap().unwrap_err());
    assert!(pages.next().is_none());
    assert_eq!(memory.node().count_statement(INSERT), 0);
    assert!(session.resources().is_idle(), "{}", session.resources());
}

/// A session is made, used and dropped where a runtime could not be dropped.
#[test]
fn g16_2_a_session_is_dropped_anywhere() {
    let node = Node::with(3);
    let session = node.session();
    let mut rows = session.query(SELECT, ("Oslo",)).rows::<(i64, String)>().wait();
    rows.next().unwrap().unwrap();
    let end = session.shared().thread.get().unwrap().end();
    runtime().block_on(async move { drop((session, rows)) });
    assert!(end.recv_timeout(PATIENCE).is_err_and(|error| error.is_disconnected()));
    assert!(Session::connect(Session::builder().contact_points([""; 0])).is_err());
}
