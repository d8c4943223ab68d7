//! Closed, or not closed: every request is either taken in and gets its true outcome, or refused
//! and never written; and when it is over, it is all over.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

use super::{ask, connected, millis, query, rounds, seconds, send};
use crate::{Connection, ConnectionEnd, RefusedBecause, RequestFailure, Settings};

/// Asks until it is refused; gives how many were taken in, all of which were answered.
async fn ask_until_refused(connection: Connection) -> u64 {
    let mut taken = 0;
    loop {
        match connection.send(query(&connection, "SELECT"), seconds(60)) {
            Ok(sent) => {
                sent.request.await.unwrap();
                taken += 1;
            }
            Err(refused) => {
                let because = refused.because;
                assert!(matches!(because, RefusedBecause::Closing | RefusedBecause::Ended));
                return taken;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn g10_1_no_third_way_between_answered_and_refused() {
    for _ in 0..rounds(40, 10_000) {
        let node = ScriptedNode::builder().in_memory();
        let connection = connected(&node, &Settings::default()).await;
        let askers: Vec<_> =
            (0..4).map(|_| tokio::spawn(ask_until_refused(connection.clone()))).collect();
        for _ in 0..fastrand::usize(0..20) {
            tokio::task::yield_now().await;
        }
        let closing = connection.clone();
        let closer = tokio::spawn(async move { closing.close(seconds(60)).await });
        connection.close(seconds(60)).await;
        closer.await.unwrap();
        let mut taken = 0;
        for asker in askers {
            taken += asker.await.unwrap();
        }
        assert_eq!(node.count(Opcode::Query), taken, "written, and not taken in");
    }
}

#[tokio::test(start_paused = true)]
async fn g10_1_a_close_at_its_deadline_tells_what_was_sent_from_what_was_not() {
    let node = ScriptedNode::builder().buffer(64).in_memory();
    node.prime(Prime::statement("silence").silence());
    let connection = connected(&node, &Settings::default()).await;
    let sent = send(&connection, "silence", seconds(60));
    eventually(Duration::from_secs(1), "sent", || node.count(Opcode::Query) == 1).await;
    node.pause_reading();
    let stuck = send(&connection, &"x".repeat(1_000), seconds(60));
    sleep(Duration::from_millis(1)).await;
    let queued = send(&connection, "queued", seconds(60));
    connection.close(millis(100)).await;
    assert!(matches!(sent.await.unwrap_err().failure, RequestFailure::ConnectionLost(_)));
    for unsent in [stuck, queued] {
        let RequestFailure::Unsent(end) = unsent.await.unwrap_err().failure else {
            panic!("not all of it was written")
        };
        assert!(matches!(*end, ConnectionEnd::ClosedHere));
    }
    node.resume_reading();
    eventually(Duration::from_secs(5), "closed", || node.connections() == 0).await;
    assert_eq!(node.count(Opcode::Query), 1);
    // Half of a request is what a client that has to go leaves behind.
    assert_eq!(node.take_violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn g10_2_many_may_close_and_all_return_after_the_same_drain() {
    let node = ScriptedNode::builder().in_memory();
    let held = node.hold(Prime::statement("held"));
    let connection = connected(&node, &Settings::default()).await;
    let pending = send(&connection, "held", seconds(60));
    let returned = Arc::new(AtomicUsize::new(0));
    let closers: Vec<_> = (0..10)
        .map(|_| {
            let (connection, returned) = (connection.clone(), Arc::clone(&returned));
            tokio::spawn(async move {
                connection.close(seconds(30)).await;
                returned.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(returned.load(Ordering::Relaxed), 0, "there is a request under way");
    let refused = connection.send(query(&connection, "more"), seconds(5)).unwrap_err();
    assert_eq!(refused.because, RefusedBecause::Closing);
    held.release();
    pending.await.unwrap();
    for closer in closers {
        closer.await.unwrap();
    }
    connection.close(seconds(30)).await;
    assert!(matches!(*connection.ended().await, ConnectionEnd::ClosedHere));
    assert!(connection.next_event().await.is_none());
}

/// A stream that tells when it is dropped.
struct Closes<S> {
    stream: S,
    closed: Arc<AtomicBool>,
}

impl<S> Drop for Closes<S> {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Closes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Closes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Looks, when it is woken, whether the stream is closed: counts how often it was, and was not.
#[derive(Default)]
struct Looks {
    closed: Arc<AtomicBool>,
    found_closed: AtomicUsize,
    found_open: AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let found =
            if self.closed.load(Ordering::Relaxed) { &self.found_closed } else { &self.found_open };
        found.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn g10_2_whoever_waits_for_the_end_finds_the_socket_closed() {
    let node = ScriptedNode::builder().in_memory();
    let looks = Arc::new(Looks::default());
    let stream = Closes { stream: node.connect(), closed: Arc::clone(&looks.closed) };
    let settings = Settings::default();
    let connection = Connection::over(stream, "node", &settings, seconds(5)).await.unwrap();
    let waker = Waker::from(Arc::clone(&looks));
    let mut closing = pin!(connection.close(seconds(5)));
    assert!(closing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    eventually(Duration::from_secs(1), "over", || connection.is_ended()).await;
    let found = (&looks.found_open, &looks.found_closed);
    let (open, closed) = (found.0.load(Ordering::Relaxed), found.1.load(Ordering::Relaxed));
    assert_eq!((open, closed), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn g10_3_g10_4_an_idle_connection_closes_at_once_and_for_good() {
    let baseline = Baseline::of_tasks();
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    ask(&connection, "before").await;
    let begun = Instant::now();
    connection.close(seconds(30)).await;
    assert!(begun.elapsed() <= Duration::from_millis(50), "{:?}", begun.elapsed());
    sleep(Duration::from_secs(60)).await;
    assert_eq!((node.connections(), node.accepted().len()), (0, 1));
    drop(node);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn g10_3_a_close_waits_for_no_answer_that_nobody_waits_for() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::statement("silence").silence());
    let connection = connected(&node, &Settings::default()).await;
    assert!(send(&connection, "silence", millis(10)).await.is_err());
    let dropped = send(&connection, "silence", seconds(60));
    eventually(Duration::from_secs(1), "sent", || node.count(Opcode::Query) == 2).await;
    drop(dropped);
    let begun = Instant::now();
    connection.close(seconds(30)).await;
    assert!(begun.elapsed() <= Duration::from_millis(50), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn g8_6_after_the_last_handle_there_is_no_socket_and_no_task() {
    let baseline = Baseline::of_tasks();
    let node = ScriptedNode::builder().in_memory();
    let held = node.hold(Prime::statement("held"));
    let connection = connected(&node, &Settings::default()).await;
    let pending = send(&connection, "held", seconds(60));
    eventually(Duration::from_secs(1), "held", || held.len() == 1).await;
    drop(connection.clone());
    drop(connection);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(node.connections(), 1, "there is a request under way");
    held.release();
    pending.await.unwrap();
    eventually(Duration::from_millis(50), "closed", || node.connections() == 0).await;
    drop(node);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn g8_6_a_handle_that_goes_does_not_wait_for_ever_for_a_server_that_reads_nothing() {
    let node = ScriptedNode::builder().buffer(64).in_memory();
    let connection = connected(&node, &Settings::default()).await;
    node.pause_reading();
    let stuck = send(&connection, &"x".repeat(1_000), millis(100));
    drop(connection);
    assert!(stuck.await.unwrap_err().is_timeout());
    // Only the heartbeat finds out, and it does.
    sleep(Duration::from_secs(36)).await;
    node.resume_reading();
    eventually(Duration::from_secs(5), "closed", || node.connections() == 0).await;
    node.take_violations();
}
