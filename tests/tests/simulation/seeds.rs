//! Many seeds, one, or as many as a time has room for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::plan::Plan;
use super::run::Outcome;
use super::shrink::shrink;

/// How many seeds are run where nothing else is said: always the same, so that what fails is what has
/// changed. `make soak` draws others.
const SEEDS: u64 = 1_000;

/// More than any run takes, in real time: one that takes it goes round in circles.
const STUCK: Duration = Duration::from_secs(60);

/// How many runs are made at once.
const THREADS: usize = 2;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A run fails: tells how to see it again, and with how few steps.
fn report(plan: &Plan, outcome: &Outcome) -> String {
    let seed = plan.seed;
    let all = plan.steps.len();
    let is_same = plan.run().wrong == outcome.wrong;
    let plan = shrink(plan);
    let outcome = plan.run_traced();
    let Plan { setup, steps, .. } = &plan;
    let mut lines = vec![format!("{setup:?}")];
    lines.push(format!("{} of {all} steps:", steps.len()));
    lines.extend(steps.iter().map(|step| format!("  {step:?}")));
    lines.push("what happened:".to_owned());
    let told = outcome.trace.iter().filter(|line| !line.ends_with(" Other"));
    lines.extend(told.map(|line| format!("  {line}")));
    lines.push("what is wrong:".to_owned());
    lines.extend(outcome.wrong.iter().map(|line| format!("  {line}")));
    if !is_same {
        lines.push("(the same seed was another run the second time)".to_owned());
    }
    lines.push(format!(
        "to see it again: CQLWIRE_SEED={seed} cargo test -p cqlwire-tests --test simulation"
    ));
    lines.join("\n")
}

/// What the threads tell.
enum News {
    Begun(usize, u64),
    Failed(u64, String),
    Done,
}

/// Runs seeds until there are no more, or one fails.
fn work(thread: usize, next: &(dyn Fn() -> Option<u64> + Sync), news: &Sender<News>) {
    let tell = |what| news.send(what).unwrap_or_default();
    while let Some(seed) = next() {
        tell(News::Begun(thread, seed));
        let plan = Plan::of(seed);
        let outcome = plan.run();
        if !outcome.wrong.is_empty() {
            tell(News::Failed(seed, report(&plan, &outcome)));
            break;
        }
    }
    tell(News::Done);
}

/// Runs the seeds that `next` gives on several threads.
fn each(next: impl Fn() -> Option<u64> + Send + Sync + 'static) -> u64 {
    let (sender, news) = channel();
    let next: &'static (dyn Fn() -> Option<u64> + Sync) = Box::leak(Box::new(next));
    for thread in 0..THREADS {
        let sender = sender.clone();
        // Not joined: one that is stuck would be waited for in vain.
        drop(thread::spawn(move || work(thread, next, &sender)));
    }
    let mut under_way = [None; THREADS];
    let (mut done, mut count) = (0, 0);
    while done < THREADS {
        match news.recv_timeout(Duration::from_secs(1)) {
            Ok(News::Begun(thread, seed)) => {
                under_way[thread] = Some((seed, Instant::now()));
                count += 1;
            }
            Ok(News::Failed(seed, report)) => panic!("seed {seed} fails\n{report}"),
            Ok(News::Done) => done += 1,
            Err(RecvTimeoutError::Disconnected) => panic!("a thread has ended before its time"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let stuck = under_way.iter().flatten().find(|(_, since)| since.elapsed() > STUCK);
        if let Some((seed, since)) = stuck {
            panic!("seed {seed} has not come to its end after {:?}", since.elapsed());
        }
    }
    count
}

/// The seed of `CQLWIRE_SEED`, seeds for `CQLWIRE_MINUTES`, or those that are always run.
#[test]
fn whatever_servers_do_the_session_keeps_its_promises() {
    let began = Instant::now();
    let count = if let Some(seed) = setting("CQLWIRE_SEED") {
        let left = AtomicU64::new(1);
        each(move || (left.swap(0, Relaxed) == 1).then_some(seed))
    } else if let Some(minutes) = setting("CQLWIRE_MINUTES") {
        let end = began + Duration::from_secs(60 * minutes);
        each(move || (Instant::now() < end).then(|| fastrand::u64(..)))
    } else {
        let next = AtomicU64::new(0);
        let count = setting("CQLWIRE_SEEDS").unwrap_or(SEEDS);
        each(move || Some(next.fetch_add(1, Relaxed)).filter(|seed| *seed < count))
    };
    println!("{count} seeds in {:.1?}", began.elapsed());
}

/// What would be the use of a seed otherwise?
#[test]
fn a_seed_is_the_same_run_each_time() {
    for seed in 0..setting("CQLWIRE_SEEDS").unwrap_or(30) {
        let (first, second) = (Plan::of(seed).run_traced(), Plan::of(seed).run_traced());
        let differs = first.trace.iter().zip(&second.trace).position(|(one, other)| one != other);
        if let Some(at) = differs {
            let from = at.saturating_sub(5);
            let lines = |outcome: &Outcome| outcome.trace[from..at + 1].join("\n");
            panic!("seed {seed} differs:\n{}\nand:\n{}", lines(&first), lines(&second));
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
    }
}
