//! Hooks that block, panic, or call back in.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::node::ScriptedNode;
use futures_util::FutureExt;
use tokio::sync::Notify;

use super::memory::{Memory, at_rest};
use super::{INSERT, PATIENCE, SELECT, builder, prime_users};
use crate::Progress;

/// The hook holds its thread until the others are done: if it held them up, neither would end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g7_2_a_hook_that_blocks_delays_only_its_own_stream() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 100);
    let session = builder(&node).connections_per_host(1).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();

    let (others_done, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let blocked = Arc::new(Notify::new());
    let held_out = Arc::new(AtomicBool::new(false));
    let hook = {
        let (blocked, held_out) = (Arc::clone(&blocked), Arc::clone(&held_out));
        move |progress: &Progress| {
            if progress.pages == 1 {
                blocked.notify_one();
                let wait = wait.lock().unwrap_or_else(PoisonError::into_inner);
                held_out.store(wait.recv_timeout(PATIENCE).is_ok(), Ordering::Relaxed);
            }
        }
    };
    let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().on_progress(hook);
    let reading = tokio::spawn(stream.rows::<(i64, String)>().try_collect(1_000));

    blocked.notified().await;
    for _ in 0..1_000 {
        session.query(INSERT, ()).timeout(PATIENCE / 2).await.unwrap();
    }
    others_done.send(()).unwrap();
    assert_eq!(reading.await.unwrap().unwrap().len(), 100);
    assert!(held_out.load(Ordering::Relaxed), "the others were done while it blocked");
}

#[tokio::test(start_paused = true)]
async fn g7_4_a_hook_may_call_back_into_its_session() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 30);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let hook = {
        let session = session.clone();
        move |_: &Progress| {
            assert!(session.resources().connections > 0);
            // Sent, and dropped on its way.
            assert!(session.query(INSERT, ()).into_future().now_or_never().is_none());
            // A stream within the stream.
            drop(session.query("SELECT", ()).pages());
        }
    };
    let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().on_progress(hook);
    let rows = tokio::time::timeout(
        Duration::from_secs(5),
        stream.rows::<(i64, String)>().try_collect(1_000),
    );
    assert_eq!(rows.await.expect("no deadlock").unwrap().len(), 30);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g7_4_a_hook_may_close_its_session() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 30);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let hook = {
        let session = session.clone();
        move |_: &Progress| {
            let mut close = Box::pin(session.close(Duration::from_secs(1)));
            let _begun = poll_once(&mut close).now_or_never();
        }
    };
    let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0);
    let mut rows = stream.on_progress(hook).rows::<(i64, String)>();
    for _ in 0..10 {
        assert!(rows.try_next().await.unwrap().is_some(), "the page that has come is read");
    }
    assert!(matches!(rows.try_next().await.unwrap_err().kind(), crate::ErrorKind::SessionClosed));
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_hook_that_panicked_is_not_called_again() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 30);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let hook = move |_: &Progress| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("what a hook does");
    };
    let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().on_progress(hook);
    let mut pages = stream.pages();
    while pages.try_next().await.unwrap().is_some() {}
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}
