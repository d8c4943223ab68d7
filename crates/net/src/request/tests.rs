//! Who wakes a request, and what it costs to be awaited here or elsewhere.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use cqlwire_codec::Opcode;
use cqlwire_mux::{Measure, RequestKind};
use tokio::runtime::Builder;

use super::*;
use crate::tests::played::{self, VOID};
use crate::tests::{query, seconds, send};

/// How the time is counted of what is sent here.
const MEASURE: Measure =
    Measure { kind: RequestKind::Other, allowed_micros: 5_000_000, is_whole: true };

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(request: Pin<&mut Request>, woken: &Arc<Woken>) -> bool {
    let waker = Waker::from(Arc::clone(woken));
    request.poll(&mut Context::from_waker(&waker)).is_ready()
}

#[tokio::test(start_paused = true)]
async fn the_last_that_polled_is_woken_and_nobody_else() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let mut request = pin!(send(&connection, "SELECT", seconds(5)));
    let (first, last) = <(Arc<Woken>, Arc<Woken>)>::default();
    assert!(!poll(request.as_mut(), &first));
    assert!(!poll(request.as_mut(), &last));
    let asked = server.asked().await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!((first.0.load(Ordering::Relaxed), last.0.load(Ordering::Relaxed)), (0, 1));
    assert!(poll(request.as_mut(), &last));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_sent_from_within_a_poll_wakes_who_polls_without_another_poll() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let statement = query(&connection, "SELECT");
    let sent = connection.send_watched(&statement, seconds(5), &MEASURE, &mut context).unwrap();
    let mut request = pin!(sent);
    let asked = server.asked().await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(poll(request.as_mut(), &woken));
}

/// As a poll there does.
#[test]
fn g6_1_sent_from_within_a_poll_elsewhere_it_keeps_a_timer_of_its_own() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (home, elsewhere) = (runtime(), runtime());
    let (connection, server) = home.block_on(played::connected(&played::settings(), 4096));
    let send_on = |runtime: &runtime::Runtime| {
        let _inside = runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        let statement = query(&connection, "SELECT");
        connection.send_watched(&statement, seconds(5), &MEASURE, &mut context).unwrap()
    };
    assert!(send_on(&home).timer.is_none());
    assert!(send_on(&elsewhere).timer.is_some(), "nobody would notice its deadline");
    drop(server);
}

#[test]
fn only_elsewhere_it_keeps_a_timer_of_its_own() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (home, elsewhere) = (runtime(), runtime());
    let (connection, server) = home.block_on(played::connected(&played::settings(), 4096));
    let mut request = pin!(send(&connection, "SELECT", seconds(5)));
    let (one, other) = <(Arc<Woken>, Arc<Woken>)>::default();
    home.block_on(async { assert!(!poll(request.as_mut(), &one)) });
    assert!(request.timer.is_none());
    // Moved to another runtime, and back.
    elsewhere.block_on(async { assert!(!poll(request.as_mut(), &other)) });
    assert!(request.timer.is_some());
    home.block_on(async { assert!(!poll(request.as_mut(), &one)) });
    assert!(request.timer.is_none());
    assert!(!poll(request.as_mut(), &other), "outside of any");
    assert!(request.timer.is_none());
    drop(server);
}

/// A task of its own for each future, as `FuturesUnordered` has, is the same waker on every runtime.
#[test]
fn g6_1_by_the_same_waker_on_another_runtime_it_keeps_a_timer_too() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (home, elsewhere) = (runtime(), runtime());
    let (connection, server) = home.block_on(played::connected(&played::settings(), 4096));
    let mut request = pin!(send(&connection, "SELECT", seconds(5)));
    let same = Arc::<Woken>::default();
    home.block_on(async { assert!(!poll(request.as_mut(), &same)) });
    assert!(request.timer.is_none());
    elsewhere.block_on(async { assert!(!poll(request.as_mut(), &same)) });
    assert!(request.timer.is_some(), "nobody would notice its deadline");
    home.block_on(async { assert!(!poll(request.as_mut(), &same)) });
    assert!(request.timer.is_none());
    drop(server);
}
