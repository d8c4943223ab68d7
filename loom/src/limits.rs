//! Those who want a permit, wait for one, hold one, and are dropped with one that they were handed.

use std::future::poll_fn;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::AtomicUsize;
use loom::sync::atomic::Ordering::{AcqRel, Acquire};
use loom::thread;

use crate::limiter::{Joined, Limiter, Place, RequestPermit};
use crate::queue::Presence;

/// One permit, and how many hold it.
struct Scene {
    limiter: Arc<Limiter>,
    inside: AtomicUsize,
}

impl Scene {
    /// Waits for the permit, and gives it back.
    fn call(&self) {
        let permit = RequestPermit::try_of(&self.limiter).unwrap_or_else(|| {
            block_on(async {
                let joined = poll_fn(|context| {
                    std::task::Poll::Ready(Place::join(&self.limiter, Presence::Sure, context))
                });
                match joined.await.unwrap() {
                    Joined::Permit(permit) => permit,
                    Joined::Place(mut place) => poll_fn(|context| place.poll(context)).await,
                }
            })
        });
        assert_eq!(self.inside.fetch_add(1, AcqRel), 0, "two hold the only permit");
        self.inside.fetch_sub(1, AcqRel);
        drop(permit);
    }

    /// Comes, and goes again, whatever it has by then.
    fn come_and_go(&self) {
        let context = Context::from_waker(Waker::noop());
        drop(Place::join(&self.limiter, Presence::Sure, &context).unwrap());
    }
}

fn explore(others: &[fn(&Scene)]) {
    let others = others.to_vec();
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = (others.len() > 1).then_some(2);
    explorer.check(move || {
        let limiter = Arc::new(Limiter::new(1, 8));
        let scene = Arc::new(Scene { limiter, inside: AtomicUsize::new(0) });
        let run = |other: fn(&Scene)| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || other(&scene))
        };
        let threads: Vec<_> = others.iter().copied().map(run).collect();
        scene.call();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(scene.limiter.usage(), (0, 0));
        assert_eq!(scene.inside.load(Acquire), 0);
    });
}

#[test]
fn g8_1_explored_two_that_want_the_only_permit() {
    explore(&[Scene::call]);
}

#[test]
fn g8_1_explored_one_that_is_dropped_with_a_permit_or_a_place() {
    explore(&[Scene::come_and_go]);
}

#[test]
fn g8_1_explored_two_that_want_it_and_one_that_is_dropped() {
    explore(&[Scene::call, Scene::come_and_go]);
}

#[test]
fn g8_1_explored_three_that_want_the_only_permit() {
    explore(&[Scene::call, Scene::call]);
}
