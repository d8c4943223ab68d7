//! Slots under paused time: how patiently they connect, and that nothing ends them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_net::{ByteStream, Connection, Dialer, Dialing, ServerAddress};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::time::sleep;

use super::{PATIENCE, send};
use crate::{Pool, Registry, Settings};

/// Counts how often it is asked for a stream, and asks a closure.
struct Dials<F> {
    count: AtomicUsize,
    dial: F,
}

impl<F> Dialer for Dials<F>
where
    F: Fn(usize) -> std::io::Result<Box<dyn ByteStream>> + Send + Sync + 'static,
{
    fn dial<'a>(&'a self, _: &'a ServerAddress) -> Dialing<'a> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let dialed = (self.dial)(number);
        Box::pin(std::future::ready(dialed))
    }
}

impl<F> fmt::Debug for Dials<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dials").finish_non_exhaustive()
    }
}

/// A pool of one slot whose streams come from this closure, and how often it was asked for one.
fn dialing(
    dial: impl Fn(usize) -> std::io::Result<Box<dyn ByteStream>> + Send + Sync + 'static,
) -> (Registry, Pool, impl Fn() -> usize) {
    dialing_for(1, dial)
}

/// The same, with so many slots.
fn dialing_for(
    slots: usize,
    dial: impl Fn(usize) -> std::io::Result<Box<dyn ByteStream>> + Send + Sync + 'static,
) -> (Registry, Pool, impl Fn() -> usize) {
    let dials = Arc::new(Dials { count: AtomicUsize::new(0), dial });
    let mut settings = Settings::default();
    settings.connection.dialer = Some(dials.clone());
    let registry = Registry::new(settings);
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9042));
    let pool = registry.start(address.into(), slots).unwrap();
    (registry, pool, move || dials.count.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_host_that_refuses_is_dialled_less_and_less_often() {
    let (_registry, _pool, count) =
        dialing(|_| Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)));
    // 100 ms, 200 ms, ... each shortened by up to a half: at least 5 and at most 8 in 10 s.
    sleep(Duration::from_secs(10)).await;
    let early = count();
    assert!((7..=10).contains(&early), "{early}");
    sleep(Duration::from_secs(300)).await;
    let late = count() - early;
    assert!((10..=22).contains(&late), "at most 30 s apart: {late}");
}

#[tokio::test(start_paused = true)]
async fn requests_that_find_no_connection_hasten_the_next_attempt_at_a_bounded_rate() {
    let (_registry, pool, count) =
        dialing_for(4, |_| Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)));
    sleep(Duration::from_secs(300)).await;
    let before = count();
    // A thousand requests a second, for a minute.
    for _ in 0..60_000 {
        pool.hasten();
        sleep(Duration::from_millis(1)).await;
    }
    let hastened = count() - before;
    assert!((60..=136).contains(&hastened), "one or two a second of the whole pool: {hastened}");
    sleep(Duration::from_secs(60)).await;
    let after = count() - before - hastened;
    assert!((8..=17).contains(&after), "then as before, four slots at most 30 s apart: {after}");
}

/// Accounts are locked for less.
#[tokio::test(start_paused = true)]
async fn requests_hasten_no_attempt_where_the_last_one_was_refused_for_good() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    node.prime(Prime::opcode(Opcode::Startup).error(0x0100, "wrong password"));
    let reached = node.clone();
    let (_registry, pool, count) = dialing(move |_| Ok(Box::new(reached.connect())));
    sleep(Duration::from_secs(300)).await;
    let before = count();
    for _ in 0..60_000 {
        pool.hasten();
        sleep(Duration::from_millis(1)).await;
    }
    let attempts = count() - before;
    assert!((2..=5).contains(&attempts), "at most 30 s apart: {attempts}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_back_is_found_within_a_second_by_requests_that_want_it() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let (reached, begun) = (node.clone(), tokio::time::Instant::now());
    let (_registry, pool, _) = dialing(move |_| match begun.elapsed().as_secs() {
        0..600 => Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)),
        _ => Ok(Box::new(reached.connect())),
    });
    sleep(Duration::from_secs(600)).await;
    while pool.pick().is_err() {
        pool.hasten();
        sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() < Duration::from_millis(601_100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_right_away_is_dialled_less_and_less_often() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let reached = node.clone();
    let (_registry, pool, count) = dialing(move |_| Ok(Box::new(reached.connect())));
    for _ in 0..200 {
        if pool.pick().is_ok() {
            node.close_connections();
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!((5..=10).contains(&count()), "{}", count());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_lived_well_is_replaced_without_a_wait() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let reached = node.clone();
    let (_registry, pool, count) = dialing(move |number| match number {
        0..5 => Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)),
        _ => Ok(Box::new(reached.connect())),
    });
    eventually(PATIENCE, "it is open", || pool.pick().is_ok()).await;
    sleep(Duration::from_secs(31)).await;
    node.close_connections();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(count(), 7);
    assert!(pool.pick().is_ok());
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_dialer_that_panics_ends_no_slot() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let reached = node.clone();
    let (_registry, pool, count) = dialing(move |number| {
        assert!(number >= 3, "not yet");
        Ok(Box::new(reached.connect()))
    });
    let error = pool.ready(super::seconds(1)).await.unwrap_err();
    let text = "no connection to 127.0.0.1:9042: TCP failed after 0.0ns: \
                the dialer panicked: not yet";
    assert_eq!(error.to_string(), text);
    eventually(PATIENCE, "it is open all the same", || pool.pick().is_ok()).await;
    assert_eq!(count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_ready_with_its_first_connection_though_another_slot_failed() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let reached = node.clone();
    let held = node.hold(Prime::opcode(Opcode::Startup));
    let (_registry, pool, _) = dialing_for(2, move |number| match number {
        0 => Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)),
        _ => Ok(Box::new(reached.connect())),
    });
    let releasing = async {
        sleep(Duration::from_millis(20)).await;
        held.release();
    };
    let (ready, ()) = tokio::join!(pool.ready(super::seconds(5)), releasing);
    assert!(ready.is_ok(), "{ready:?}");
}

#[tokio::test]
async fn connections_that_are_equally_busy_take_turns() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (_registry, pool) = super::filled(&node, super::settings()).await;
    for _ in 0..100 {
        send(&pool).await.unwrap();
    }
    // Each serves 50 of 100 on average, and 20 but once in a thousand million runs.
    let queries = node.received().into_iter().filter(|request| request.opcode == Opcode::Query);
    let first = queries.filter(|request| request.connection == 0).count();
    assert!((20..=80).contains(&first), "{first}");
}

/// Sends a request each millisecond for so long, and gives how many came to each of these nodes.
async fn load(pool: &Pool, nodes: [&ScriptedNode; 2], time: Duration) -> [u64; 2] {
    let counts = || nodes.map(|node| node.count(Opcode::Query));
    let [first, second] = counts();
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..time.as_millis() {
        under_way.spawn(send(pool));
        sleep(Duration::from_millis(1)).await;
    }
    let after = counts();
    [after[0] - first, after[1] - second]
}

#[tokio::test(start_paused = true)]
async fn g13_7_one_quiet_connection_of_several_costs_only_what_is_in_flight_on_it() {
    let nodes = [(); 2].map(|()| Arc::new(ScriptedNode::builder().in_memory()));
    let reached = nodes.clone();
    let (_registry, pool, _) =
        dialing_for(2, move |number| Ok(Box::new(reached[number % 2].connect())));
    eventually(PATIENCE, "both are open", || pool.usage().connections == 2).await;
    let both = [&*nodes[0], &*nodes[1]];
    let half = 400..=600;
    let before = load(&pool, both, Duration::from_secs(1)).await;
    assert!(half.contains(&before[0]) && half.contains(&before[1]), "{before:?}");
    // It stays open, and nothing comes from it.
    nodes[1].stop();
    let noticing = send_until_quiet(&pool).await;
    assert!(noticing <= Duration::from_secs(1), "{noticing:?}");
    let quiet =
        pool.shared().open.connections.all().into_iter().find(Connection::is_quiet).unwrap();
    let owed = quiet.load();
    // The other is slow, so that it owes more before long; it is the better one all the same.
    let held = nodes[0].hold(Prime::opcode(Opcode::Query));
    assert_eq!(load(&pool, both, Duration::from_secs(3)).await, [3_000, 0]);
    held.release();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(quiet.load(), owed, "none went to it");
    assert!(pool.load().is_some_and(|load| load <= 1), "the host itself is well");
    let offer = pool.offer().unwrap();
    assert!(offer.load() <= 1 && !offer.connection().is_quiet());
    // Both: the host is the last to be asked, but it is.
    nodes[0].stop();
    send_until_quiet(&pool).await;
    assert_eq!(pool.load(), None);
    assert!(pool.offer().is_none());
    assert!(pool.pick().is_ok());
    nodes.iter().for_each(|node| node.resume());
    sleep(Duration::from_millis(1)).await;
    let after = load(&pool, both, Duration::from_secs(1)).await;
    assert!(half.contains(&after[0]) && half.contains(&after[1]), "{after:?}");
}

/// Also that of another pool of the host: its own connections that are well have to do all the work.
#[tokio::test(start_paused = true)]
async fn g13_7_what_quiet_connections_owe_is_no_load_of_a_host_with_several_pools() {
    let nodes = [(); 2].map(|()| Arc::new(ScriptedNode::builder().in_memory()));
    let reached = nodes.clone();
    let (registry, pool, _) =
        dialing_for(2, move |number| Ok(Box::new(reached[number % 2].connect())));
    eventually(PATIENCE, "both are open", || pool.usage().connections == 2).await;
    let beside = registry.start_beside(&pool, "other".into()).unwrap();
    eventually(PATIENCE, "both are open", || beside.usage().connections == 2).await;
    nodes[1].stop();
    for pool in [&pool, &beside] {
        send_until_quiet(pool).await;
    }
    let quiet_and_well = |pool: &Pool| {
        let all = pool.shared().open.connections.all();
        let (quiet, well): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.is_quiet());
        let sum = |some: Vec<&Connection>| some.into_iter().map(Connection::load).sum::<usize>();
        (sum(quiet), sum(well))
    };
    let ((quiet, well), (quiet_too, well_too)) = (quiet_and_well(&pool), quiet_and_well(&beside));
    assert!(quiet > 0 && quiet_too > 0, "{quiet}, {quiet_too}");
    for pool in [&pool, &beside] {
        assert_eq!(pool.load(), Some(well + well_too));
        assert_eq!(pool.offer().unwrap().load(), well + well_too);
    }
}

/// Sends a request each millisecond until one connection more is quiet; gives how long that took.
async fn send_until_quiet(pool: &Pool) -> Duration {
    let quiet = || pool.shared().open.connections.all().iter().filter(|one| one.is_quiet()).count();
    let (before, begun) = (quiet(), tokio::time::Instant::now());
    let mut under_way = tokio::task::JoinSet::new();
    while quiet() == before {
        assert!(begun.elapsed() < PATIENCE, "none more is quiet");
        under_way.spawn(send(pool));
        sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}
