//! Open loop: so many operations a second are due, whatever the answers do. The latency of each
//! counts from when it was due, so that a stall is seen by all that had to wait for it.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::read;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::RoundSettings;
use crate::client::Client;
use crate::measure::{Latencies, Moment, Round, peak_rss_bytes};
use crate::work::KEYS;
use crate::{Error, Result, ensure};

/// How often operations fall due: all of one tick at once. The runtime's own timers are ten times
/// as coarse.
const TICK: Duration = Duration::from_micros(100);

/// How many operations may be on their way: a client that falls back further would only fill the
/// memory of the machine.
const MOST_WAITING: u64 = 250_000;

/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operations of a round have in common.
#[derive(Debug)]
struct Shared {
    measuring: AtomicBool,
    done: AtomicU64,
    latencies: Mutex<Latencies>,
    failed: Mutex<Option<Error>>,
}

/// One round at so many reads a second.
///
/// # Errors
///
/// Any operation failed, or the last answers do not come.
pub async fn open_round<C: Client>(
    client: &C,
    reads_per_second: u32,
    settings: RoundSettings,
) -> Result<Round> {
    let shared = Arc::new(Shared {
        measuring: AtomicBool::new(false),
        done: AtomicU64::new(0),
        latencies: Mutex::new(Latencies::new()?),
        failed: Mutex::new(None),
    });
    let mut schedule = Schedule::start(reads_per_second)?;
    schedule.issue(client, &shared, settings.warm_up()).await?;
    shared.measuring.store(true, Ordering::Relaxed);
    let from = Moment::now(shared.done.load(Ordering::Relaxed), settings.probe)?;
    schedule.issue(client, &shared, settings.measured).await?;
    let to = Moment::now(shared.done.load(Ordering::Relaxed), settings.probe)?;
    // Those that are still on their way have waited longest, and count as well.
    let drained = Instant::now();
    while shared.done.load(Ordering::Relaxed) < schedule.issued {
        if let Some(error) = lock(&shared.failed).take() {
            return Err(error);
        }
        if drained.elapsed() > PATIENCE {
            return Err("answers are missing ten seconds after the last request".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let latencies = lock(&shared.latencies);
    Round::between(&from, &to, &latencies, peak_rss_bytes()?)
}

/// When operations fall due.
struct Schedule {
    timer: AsyncFd<OwnedFd>,
    start: Instant,
    /// Of a tick.
    due_at_once: u64,
    ticks: u64,
    issued: u64,
}

impl Schedule {
    fn start(reads_per_second: u32) -> Result<Self> {
        let ticks_per_second = 1_000_000 / TICK.as_micros();
        let due_at_once = u64::from(reads_per_second) / u64::try_from(ticks_per_second)?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let every = Expiration::Interval(TimeSpec::from_duration(TICK));
        timer.set(every, TimerSetTimeFlags::empty())?;
        #[expect(deprecated, reason = "what took its place is unsafe; the descriptor is our own")]
        let timer = AsyncFd::with_interest(OwnedFd::from(timer), Interest::READABLE)?;
        Ok(Self { timer, start: Instant::now(), due_at_once, ticks: 0, issued: 0 })
    }

    /// Starts what falls due, for so long.
    async fn issue<C: Client>(
        &mut self,
        client: &C,
        shared: &Arc<Shared>,
        length: Duration,
    ) -> Result<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.tick().await?;
            let backlog = self.issued - shared.done.load(Ordering::Relaxed);
            ensure(backlog < MOST_WAITING, "the client keeps up with the rate")?;
            let passed = self.start.elapsed().as_micros() / TICK.as_micros();
            while u128::from(self.ticks) < passed {
                self.ticks += 1;
                let due = self.start + TICK * u32::try_from(self.ticks)?;
                for _ in 0..self.due_at_once {
                    let key = i64::try_from(self.issued)? % KEYS;
                    self.issued += 1;
                    tokio::spawn(read_one(client.clone(), key, due, Arc::clone(shared)));
                }
            }
        }
        Ok(())
    }

    async fn tick(&self) -> Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            match read(self.timer.get_ref(), &mut [0; 8]) {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn read_one<C: Client>(client: C, key: i64, due: Instant, shared: Arc<Shared>) {
    match client.read(key).await {
        Ok(()) if shared.measuring.load(Ordering::Relaxed) => {
            lock(&shared.latencies).record(due.elapsed());
        }
        Ok(()) => {}
        Err(error) => *lock(&shared.failed) = Some(error),
    }
    shared.done.fetch_add(1, Ordering::Relaxed);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
