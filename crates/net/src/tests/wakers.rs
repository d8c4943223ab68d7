//! Wakers may run anything when they are dropped: they are, outside of the lock.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::runtime::Builder;

use super::{connected, seconds, send};
use crate::{Connection, Request, Settings};

/// A task that is dropped with its last waker, and with it a request of the same connection.
struct OwnsARequest {
    _request: Mutex<Request>,
}

impl Wake for OwnsARequest {
    fn wake(self: Arc<Self>) {}
}

fn waker_that_owns(request: Request) -> Waker {
    Arc::new(OwnsARequest { _request: Mutex::new(request) }).into()
}

fn poll_with<F: Future>(future: std::pin::Pin<&mut F>, waker: Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&waker))
}

/// Polls a request and an event with such wakers, and then with others.
fn displace_wakers(connection: &Connection) {
    let statement = "SELECT silent";
    let mut watched = pin!(send(connection, statement, seconds(60)));
    let waker = waker_that_owns(send(connection, statement, seconds(60)));
    assert!(poll_with(watched.as_mut(), waker).is_pending());
    assert!(poll_with(watched.as_mut(), Waker::noop().clone()).is_pending());

    let mut event = pin!(connection.next_event());
    let waker = waker_that_owns(send(connection, statement, seconds(60)));
    assert!(poll_with(event.as_mut(), waker).is_pending());
    assert!(poll_with(event.as_mut(), Waker::noop().clone()).is_pending());
}

#[test]
fn g7_1_a_waker_is_dropped_outside_of_the_lock() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (node, connection) = runtime.block_on(async {
        let node = ScriptedNode::builder().in_memory();
        node.prime(Prime::opcode(Opcode::Query).silence());
        let connection = connected(&node, &Settings::default()).await;
        (node, connection)
    });
    let (done, is_done) = mpsc::channel();
    // A thread of its own, and a runtime that is not waited for: under the lock they would hang.
    thread::spawn(move || {
        displace_wakers(&connection);
        assert_eq!(connection.usage().requests, 0);
        done.send(())
    });
    let outcome = is_done.recv_timeout(Duration::from_secs(10));
    runtime.shutdown_background();
    assert_eq!(outcome, Ok(()));
    drop(node);
}
