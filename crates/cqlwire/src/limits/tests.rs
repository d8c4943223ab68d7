//! The queue against an oracle, and what only time tells.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::limiter::{Joined, Limiter, Place, RequestPermit};
use super::queue::{Full, Presence};

type Permit = RequestPermit<Arc<Limiter>>;
type Waiter = Place<Arc<Limiter>>;

/// How often somebody was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn join(limiter: &Arc<Limiter>, presence: Presence) -> (Waiter, Arc<Woken>) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    match Place::join(limiter, presence, &Context::from_waker(&waker)) {
        Ok(Joined::Place(place)) => (place, woken),
        Ok(Joined::Permit(_)) => panic!("a permit was free"),
        Err(full) => panic!("{full:?}"),
    }
}

fn poll(place: &mut Waiter) -> Option<Permit> {
    match place.poll(&Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

/// What a limiter should be like: who holds a permit, and who waits in which order.
struct Model {
    limit: usize,
    max_waiting: usize,
    limiter: Arc<Limiter>,
    held: Vec<Permit>,
    /// Those who have been handed a permit, and have not looked.
    handed: Vec<(Waiter, Arc<Woken>)>,
    waiting: VecDeque<(Waiter, Arc<Woken>)>,
}

impl Model {
    fn new(limit: usize, max_waiting: usize) -> Self {
        let limiter = Arc::new(Limiter::new(limit, max_waiting));
        let (held, handed, waiting) = <_>::default();
        Self { limit, max_waiting, limiter, held, handed, waiting }
    }

    fn step(&mut self) {
        match fastrand::u8(..10) {
            0..4 => self.arrive(),
            4 | 5 => self.release(),
            6 => self.look(),
            7 => self.leave(),
            8 => self.take(),
            _ => self.drop_handed(),
        }
        self.check();
    }

    fn arrive(&mut self) {
        let is_free = self.held.len() + self.handed.len() < self.limit;
        assert!(!is_free || self.waiting.is_empty(), "a permit lies idle while somebody waits");
        let permit = Permit::try_of(&self.limiter);
        assert_eq!(permit.is_some(), is_free);
        self.held.extend(permit);
        if is_free {
            return;
        }
        if self.waiting.len() == self.max_waiting {
            let context = Context::from_waker(Waker::noop());
            let full = Place::join(&self.limiter, Presence::Sure, &context).err();
            let expected = Full { in_flight: self.limit, waiting: self.max_waiting };
            assert_eq!(full, Some(expected));
        } else {
            self.waiting.push_back(join(&self.limiter, Presence::Sure));
        }
    }

    /// A permit goes back, and to the first who waits.
    fn release(&mut self) {
        if !self.held.is_empty() {
            drop(self.held.swap_remove(fastrand::usize(..self.held.len())));
            self.handed.extend(self.waiting.pop_front());
        }
    }

    fn look(&mut self) {
        if !self.waiting.is_empty() {
            let index = fastrand::usize(..self.waiting.len());
            let (place, woken) = &mut self.waiting[index];
            let waker = Waker::from(Arc::clone(woken));
            assert!(place.poll(&Context::from_waker(&waker)).is_pending());
        }
    }

    fn leave(&mut self) {
        if !self.waiting.is_empty() {
            drop(self.waiting.remove(fastrand::usize(..self.waiting.len())));
        }
    }

    fn take(&mut self) {
        if !self.handed.is_empty() {
            let index = fastrand::usize(..self.handed.len());
            let (mut place, _) = self.handed.swap_remove(index);
            self.held.push(poll(&mut place).expect("it was handed one"));
        }
    }

    /// Dropped with a permit that it never looked at: the next one has it.
    fn drop_handed(&mut self) {
        if !self.handed.is_empty() {
            drop(self.handed.swap_remove(fastrand::usize(..self.handed.len())));
            self.handed.extend(self.waiting.pop_front());
        }
    }

    fn check(&self) {
        let held = self.held.len() + self.handed.len();
        assert!(held <= self.limit);
        assert_eq!(self.limiter.usage(), (held, self.waiting.len()));
        assert!(self.handed.iter().all(|(_, woken)| woken.0.load(Relaxed) == 1), "not woken once");
        assert!(self.waiting.iter().all(|(_, woken)| woken.0.load(Relaxed) == 0), "out of turn");
    }
}

#[test]
fn g8_1_permits_and_places_are_those_of_the_oracle() {
    for seed in 0..200 {
        println!("seed {seed}");
        fastrand::seed(seed);
        let mut model = Model::new(fastrand::usize(1..5), fastrand::usize(0..6));
        for _ in 0..500 {
            model.step();
        }
        let limiter = Arc::clone(&model.limiter);
        drop(model);
        assert_eq!(limiter.usage(), (0, 0), "at rest, no permit is held");
    }
}

#[test]
fn g8_1_a_permit_that_comes_back_before_somebody_waits_is_not_lost() {
    let limiter = Arc::new(Limiter::new(1, 8));
    let permit = Permit::try_of(&limiter).unwrap();
    assert!(Permit::try_of(&limiter).is_none());
    drop(permit);
    let context = Context::from_waker(Waker::noop());
    let joined = Place::join(&limiter, Presence::Sure, &context).unwrap();
    assert!(matches!(joined, Joined::Permit(_)));
}

/// Somebody who does not come keeps a permit from nobody for long, and keeps its place.
#[test]
fn g7_5_a_permit_that_nobody_takes_goes_to_the_next() {
    let (limiter, start) = (Arc::new(Limiter::new(1, 8)), Instant::now());
    let after = |millis| start + Duration::from_millis(millis);
    let permit = Permit::try_of(&limiter).unwrap();
    let (mut reader, woken) = join(&limiter, Presence::Unsure);
    let (mut next, next_woken) = join(&limiter, Presence::Sure);
    drop(permit);
    assert_eq!(woken.0.load(Relaxed), 1);
    limiter.take_back(after(0));
    limiter.take_back(after(99));
    assert!(poll(&mut next).is_none(), "the reader may still come");
    limiter.take_back(after(100));
    assert_eq!(next_woken.0.load(Relaxed), 0, "its first waker was replaced");
    let taken = poll(&mut next).expect("it was handed on");

    let (mut last, _) = join(&limiter, Presence::Sure);
    assert!(poll(&mut reader).is_none(), "too late");
    drop(taken);
    let taken = poll(&mut reader).expect("but it kept its place");
    assert!(poll(&mut last).is_none());
    drop((taken, reader));
    assert!(poll(&mut last).is_some());
    drop((next, last));
    assert_eq!(limiter.usage(), (0, 0));
}

#[test]
fn g8_1_who_was_lent_a_permit_too_long_gives_back_none() {
    let (limiter, start) = (Arc::new(Limiter::new(1, 8)), Instant::now());
    let permit = Permit::try_of(&limiter).unwrap();
    let (reader, _) = join(&limiter, Presence::Unsure);
    let (mut next, _) = join(&limiter, Presence::Sure);
    drop(permit);
    limiter.take_back(start);
    limiter.take_back(start + Duration::from_secs(1));
    drop(reader);
    let taken = poll(&mut next).unwrap();
    assert_eq!(limiter.usage(), (1, 0));
    drop(taken);
    let (permit, _) = (Permit::try_of(&limiter).unwrap(), ());
    let (reader, _) = join(&limiter, Presence::Unsure);
    drop((permit, reader));
    assert_eq!(limiter.usage(), (0, 0), "lent and dropped, it came back");
}
