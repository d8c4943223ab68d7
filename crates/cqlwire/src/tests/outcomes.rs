//! Every request counts, once, as what it became: what the session has counted is compared with what
//! its callers have seen, after servers that did anything, and a close in the middle of it.
//!
//! Each seed is a cluster of its own, and is named by what fails; `CQLWIRE_SEED` runs that one alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::memory::Memory;
use super::seeds::each_seed;
use super::statements::three;
use super::{INSERT, PATIENCE, SELECT, answer_users};
use crate::codec::Opcode;
use crate::{Error, ErrorKind, PreparedStatement, RequestTotals, Session};

/// Callers at once, and how often each asks at most.
const CALLERS: usize = 24;
const CALLS: usize = 40;

/// What callers have seen.
#[derive(Debug, Default)]
struct Seen {
    ok: AtomicU64,
    server_errors: AtomicU64,
    timed_out: AtomicU64,
    lost: AtomicU64,
    unsent: AtomicU64,
    rejected: AtomicU64,
    invalid: AtomicU64,
    unreadable: AtomicU64,
    closed: AtomicU64,
    cancelled: AtomicU64,
}

impl Seen {
    fn note(&self, outcome: Option<&Result<(), Error>>) {
        let counter = match outcome {
            None => &self.cancelled,
            Some(Ok(())) => &self.ok,
            Some(Err(error)) => match error.kind() {
                ErrorKind::Server { .. } => &self.server_errors,
                ErrorKind::Timeout { .. } => &self.timed_out,
                ErrorKind::ConnectionLost { .. } => &self.lost,
                ErrorKind::NoHostAvailable { .. } => &self.unsent,
                ErrorKind::Overloaded { .. } => &self.rejected,
                ErrorKind::Encode(_) => &self.invalid,
                ErrorKind::Decode(_)
                | ErrorKind::UnexpectedResponse(_)
                | ErrorKind::MorePages { .. } => &self.unreadable,
                ErrorKind::SessionClosed => &self.closed,
                other => panic!("not seen before: {other}"),
            },
        };
        counter.fetch_add(1, Relaxed);
    }

    fn all(&self) -> [u64; 10] {
        let Self { ok, server_errors, timed_out, lost, unsent, .. } = self;
        let Self { rejected, invalid, unreadable, closed, cancelled, .. } = self;
        [
            ok,
            server_errors,
            timed_out,
            lost,
            unsent,
            rejected,
            invalid,
            unreadable,
            closed,
            cancelled,
        ]
        .map(|count| count.load(Relaxed))
    }
}

/// The same figures, as the session has counted them.
fn counted(totals: &RequestTotals) -> [u64; 10] {
    [
        totals.ok,
        totals.server_errors,
        totals.timed_out(),
        totals.lost,
        totals.no_host_available,
        totals.rejected,
        totals.invalid,
        totals.unreadable,
        totals.closed,
        totals.cancelled,
    ]
}

/// What a host does with what it is asked, for a while.
fn fault(rng: &mut Rng, prime: Prime) -> Option<Prime> {
    const CODES: [i32; 6] = [0x0000, 0x1001, 0x1100, 0x1200, 0x2200, 0x7777];
    Some(match rng.u8(..12) {
        0 => prime.error(CODES[rng.usize(..CODES.len())], "chaos"),
        1 => prime.close(),
        2 => prime.reset(),
        3 => prime.silence(),
        4 => prime.after(Duration::from_millis(rng.u64(1..80))),
        5 => prime.cut_after(7),
        6 => prime.garbage(vec![0xFF; 32]),
        _ => return None,
    })
}

async fn ask(session: &Session, by_city: &PreparedStatement, rng: &mut Rng, seen: &Seen) {
    let limit = Duration::from_millis(rng.u64(5..200));
    // Some are let go of before they are done.
    let patience = if rng.u8(..4) == 0 { Duration::from_millis(rng.u64(..40)) } else { PATIENCE };
    let call = async {
        match rng.u8(..6) {
            0 => session.query(INSERT, ()).timeout(limit).await.map(drop),
            1 => session.query(INSERT, ()).idempotent(true).timeout(limit).await.map(drop),
            2 => session.execute(by_city, ("Oslo",)).timeout(limit).await.map(drop),
            // The wrong type: refused here.
            3 => session.execute(by_city, (7_i32,)).timeout(limit).await.map(drop),
            4 => session.prepare(&format!("INSERT {}", rng.u64(..))).await.map(drop),
            _ => {
                let mut batch = session.batch();
                batch.add(by_city, ("Oslo",)).unwrap().add(INSERT, ()).unwrap();
                batch.execute().timeout(limit).await.map(drop)
            }
        }
    };
    seen.note(timeout(patience, call).await.ok().as_ref());
}

/// Reads some pages: each one that is asked for is a request.
async fn read(session: &Session, by_city: &PreparedStatement, rng: &mut Rng, seen: &Seen) {
    let execution = session.execute(by_city, ("Oslo",)).page_size(10);
    let limit = Duration::from_millis(rng.u64(5..200));
    let mut pages = execution.timeout(limit).stream().prefetch(0).pages();
    for _ in 0..rng.usize(1..5) {
        let patience =
            if rng.u8(..4) == 0 { Duration::from_millis(rng.u64(..40)) } else { PATIENCE };
        match timeout(patience, pages.try_next()).await {
            Err(_) => {
                // Let go of while the page is on its way.
                seen.note(None);
                return;
            }
            Ok(Ok(Some(_))) => seen.note(Some(&Ok(()))),
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                seen.note(Some(&Err(error)));
                return;
            }
        }
    }
}

async fn call(session: Session, by_city: PreparedStatement, seed: u64, seen: Arc<Seen>) {
    let mut rng = Rng::with_seed(seed);
    for _ in 0..CALLS {
        match rng.u8(..5) {
            0 => read(&session, &by_city, &mut rng, &seen).await,
            _ => ask(&session, &by_city, &mut rng, &seen).await,
        }
        // After a close it goes on for a little, and is refused.
        if session.is_closed() && rng.u8(..4) == 0 {
            return;
        }
        sleep(Duration::from_millis(rng.u64(..4))).await;
    }
}

async fn chaos(seed: u64) {
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let memory = Memory::of(three());
    memory.nodes().iter().for_each(|node| node.prime(answer_users(35)));
    let soon = Duration::from_millis(10);
    let builder = memory.builder().reconnection(soon, soon).max_requests(12).max_queued_requests(8);
    let session = builder.connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;

    let seen = Arc::new(Seen::default());
    seen.note(Some(&Ok(())));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (session, by_city, seen) = (session.clone(), by_city.clone(), Arc::clone(&seen));
        callers.spawn(call(session, by_city, rng.u64(..), seen));
    }
    for _ in 0..rng.usize(2..12) {
        for node in memory.nodes() {
            node.clear_primes();
            node.prime(answer_users(35));
            let asked = [Opcode::Execute, Opcode::Query, Opcode::Batch, Opcode::Prepare];
            asked
                .into_iter()
                .filter_map(|o| fault(&mut rng, Prime::opcode(o)))
                .for_each(|p| node.prime(p));
        }
        sleep(Duration::from_millis(rng.u64(5..40))).await;
    }
    for node in memory.nodes() {
        node.clear_primes();
        node.prime(answer_users(35));
    }
    session.close(Duration::from_millis(rng.u64(..300))).await;
    while callers.join_next().await.transpose().unwrap().is_some() {}

    let totals = session.metrics().requests;
    assert_eq!(counted(&totals), seen.all(), "counted and seen: {totals}");
    assert_eq!((totals.begun, totals.under_way()), (totals.ended(), 0), "{totals}");
}

#[test]
fn g9_3_outcomes_are_those_that_callers_have_seen_and_add_up_to_the_requests_begun() {
    each_seed(30, 2_000, chaos);
}
