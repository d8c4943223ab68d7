//! Runtimes: any, several, none, and those that are gone.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use cqlwire_mux::{Reached, Usage};
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{ask, connected, millis, query, seconds, send};
use crate::{Connection, ConnectionEnd, RefusedBecause, Request, RequestFailure, Sent, Settings};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Unparks its thread.
struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A second, as it is promised, and what a busy machine adds to it: threads and runtimes are real
/// here. What waits for a deadline has one of minutes.
const SOON: Duration = Duration::from_secs(10);

/// Waits until this is in time, at one of several tries: threads of a busy machine have their turn
/// late now and then, and a mistake is late each time.
fn in_time(limit: Duration, mut wait: impl FnMut() -> Duration) {
    let late: Vec<_> = (0..5).map(|_| wait()).take_while(|took| *took > limit).collect();
    assert!(late.len() < 5, "{late:?} of {limit:?}");
}

/// Waits for a future on a thread that has no runtime.
fn wait_for<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    let (mut future, begun) = (pin!(future), Instant::now());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park_timeout(SOON),
        }
        assert!(begun.elapsed() < SOON, "it waits for ever");
    }
}

/// A connection on this runtime, with the node there too, which is silent about `silence`.
fn on(runtime: &Runtime) -> (ScriptedNode, Connection) {
    runtime.block_on(async {
        let node = ScriptedNode::builder().in_memory();
        node.prime(Prime::statement("silence").silence());
        let connection = connected(&node, &Settings::default()).await;
        (node, connection)
    })
}

#[test]
fn g5_1_a_connection_serves_any_runtime_and_none_at_once() {
    let home = multi_thread();
    let (node, connection) = on(&home);
    let clients = [
        thread::spawn({
            let connection = connection.clone();
            move || current_thread().block_on(ask(&connection, "from another kind of runtime"))
        }),
        thread::spawn({
            let connection = connection.clone();
            move || multi_thread().block_on(ask(&connection, "from another of its kind"))
        }),
        thread::spawn({
            let connection = connection.clone();
            move || wait_for(send(&connection, "from none", seconds(5))).unwrap()
        }),
    ];
    home.block_on(ask(&connection, "from its own"));
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(connection.usage(), Usage::default());
    drop((node, connection));

    // A runtime of one thread serves others as well, for as long as it is run.
    let home = current_thread();
    let (node, connection) = on(&home);
    let client = thread::spawn(move || wait_for(send(&connection, "from none", seconds(5))));
    home.block_on(async {
        while !client.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    client.join().unwrap().unwrap();
    drop(node);
}

#[test]
fn g5_2_when_its_runtime_is_gone_every_call_ends() {
    for home in [current_thread(), multi_thread()] {
        let (node, connection) = on(&home);
        let pending = send(&connection, "silence", seconds(600));
        home.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
        let queued = send(&connection, "queued", seconds(600));
        let begun = Instant::now();
        drop(home);

        let gone = |end: &ConnectionEnd| matches!(end, ConnectionEnd::RuntimeGone);
        let RequestFailure::ConnectionLost(end) = wait_for(pending).unwrap_err().failure else {
            panic!("it was sent")
        };
        assert!(gone(&end), "{end}");
        // Threads of a runtime may have got to this one before they ended.
        match wait_for(queued).map_err(|error| error.failure) {
            Ok(_) => {}
            Err(RequestFailure::ConnectionLost(end) | RequestFailure::Unsent(end)) => {
                assert!(gone(&end));
            }
            Err(other) => panic!("{other}"),
        }
        let refused = connection.send(query(&connection, "SELECT"), seconds(5)).unwrap_err();
        assert_eq!(refused.because, RefusedBecause::Ended);
        assert!(gone(&wait_for(connection.ended())));
        assert!(wait_for(connection.next_event()).is_none());
        current_thread().block_on(connection.close(seconds(600)));
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert!(connection.is_ended() && !connection.is_open());
        assert_eq!(connection.usage(), Usage::default());
        drop(node);
    }
}

#[test]
fn g5_2_opening_on_a_runtime_that_shuts_down_gives_a_connection_that_is_over() {
    let home = current_thread();
    let (node, stream) = home.block_on(async {
        let node = ScriptedNode::builder().in_memory();
        let stream = node.connect();
        (node, stream)
    });
    let settings = Settings::default();
    let opening = Connection::over(stream, "node", &settings, seconds(5));
    drop(home);
    // The node went with its runtime; nothing here waits for it.
    let error = current_thread().block_on(opening).unwrap_err();
    assert!(!error.is_timeout(), "{error}");
    drop(node);
}

#[test]
fn g6_1_a_close_ends_though_nobody_drives_the_runtime_and_tells_the_requests() {
    let home = current_thread();
    let (node, connection) = on(&home);
    let pending = send(&connection, "silence", seconds(600));
    let begun = Instant::now();
    current_thread().block_on(connection.close(millis(100)));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let RequestFailure::Unsent(end) = wait_for(pending).unwrap_err().failure else {
        panic!("nothing was written")
    };
    assert!(matches!(*end, ConnectionEnd::ClosedHere), "{end}");
    assert_eq!(connection.usage(), Usage::default());
    // Run once more, it finds that it is over.
    home.block_on(async {
        connection.ended().await;
    });
    drop(node);
}

#[test]
fn g6_1_a_request_that_is_awaited_elsewhere_ends_in_time_though_nobody_drives_its_runtime() {
    for elsewhere in [current_thread(), multi_thread()] {
        for (reached, limit) in [(Reached::Queued, 250), (Reached::Written, 1_050)] {
            in_time(Duration::from_millis(limit), || {
                let home = current_thread();
                let (node, connection) = on(&home);
                let request = send(&connection, "silence", millis(limit - 50));
                if reached == Reached::Written {
                    home.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
                }
                let patient = async { timeout(Duration::from_secs(5), request).await };
                let error = elsewhere.block_on(patient).expect("it waits for ever").unwrap_err();
                let RequestFailure::DeadlinePassed(found) = error.failure else {
                    panic!("{error}")
                };
                assert_eq!(found, reached);
                let orphaned = usize::from(reached == Reached::Written);
                let Usage { in_flight, orphaned: found, .. } = connection.usage();
                assert_eq!((in_flight, found), (0, orphaned));
                drop((home, node));
                assert_eq!(connection.usage(), Usage::default());
                error.elapsed
            });
        }
    }
}

#[test]
fn g6_1_it_may_move_from_runtime_to_runtime_and_each_may_go() {
    in_time(Duration::from_millis(250), || {
        let home = current_thread();
        let (node, connection) = on(&home);
        let mut request = pin!(send(&connection, "silence", millis(200)));
        for elsewhere in [multi_thread(), multi_thread(), current_thread()] {
            let soon = async { timeout(Duration::from_millis(20), request.as_mut()).await };
            // Late itself, it finds that the other deadline has passed.
            let ended = elsewhere.block_on(soon).ok();
            if let Some(ended) = ended {
                return ended.unwrap_err().elapsed.max(Duration::from_secs(1));
            }
        }
        let patient = async { timeout(Duration::from_secs(5), request).await };
        let error = multi_thread().block_on(patient).expect("it waits for ever").unwrap_err();
        assert!(error.is_timeout(), "{error}");
        drop((home, node));
        error.elapsed
    });
}

#[test]
fn g6_1_outside_of_tokio_it_ends_in_time_while_its_runtime_runs() {
    in_time(Duration::from_millis(250), || {
        let home = multi_thread();
        let (node, connection) = on(&home);
        let error = wait_for(send(&connection, "silence", millis(200))).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        drop((home, node));
        error.elapsed
    });
}

/// Drops a value on a thread that has no runtime.
fn dropped_elsewhere<T: Send + 'static>(value: T) {
    thread::spawn(move || drop(value)).join().unwrap();
}

#[test]
fn g5_3_everything_can_be_dropped_outside_of_a_runtime() {
    let home = multi_thread();
    let (node, connection) = on(&home);
    let settings = Settings::default();
    let sent: Sent = connection.send(query(&connection, "silence"), seconds(5)).unwrap();
    dropped_elsewhere(sent);
    let request: Request = send(&connection, "silence", seconds(5));
    home.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    dropped_elsewhere(request);
    let failed = home.block_on(send(&connection, "silence", millis(1))).unwrap_err();
    dropped_elsewhere(failed);

    // Futures that have begun to wait, and have what to wait for.
    let pending = send(&connection, "silence", seconds(5));
    let closing = {
        let connection = connection.clone();
        Box::pin(async move { connection.close(seconds(5)).await })
    };
    dropped_elsewhere(begun(&home, closing));
    let (stream, _silent) = tokio::io::duplex(4096);
    let opening = async move { Connection::over(stream, "node", &settings, seconds(5)).await };
    dropped_elsewhere(begun(&home, Box::pin(opening)));
    dropped_elsewhere(connection);
    dropped_elsewhere(pending);
    drop(home);
    dropped_elsewhere(node);
}

/// Polls a future once, in this runtime.
fn begun<F: Future>(home: &Runtime, mut future: Pin<Box<F>>) -> Pin<Box<F>> {
    let _guard = home.enter();
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    future
}
