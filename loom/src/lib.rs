//! The session's gate, its limit of requests and its write times, in the interleavings of two threads and of three: the
//! very files that sessions have, with the atomics and locks of loom in them and a model of tokio's `Notify`. Nothing
//! here without `--cfg loom`; `make loom` sets it.
#![cfg(all(loom, test))]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/cqlwire/src/gate.rs"]
mod gate;
#[path = "../../crates/cqlwire/src/timestamps/increasing.rs"]
mod increasing;
#[path = "../../crates/cqlwire/src/limits/limiter.rs"]
#[allow(dead_code, reason = "what takes a clock is not explored")]
mod limiter;
mod limits;
mod notify;
#[path = "../../crates/cqlwire/src/limits/queue.rs"]
#[allow(dead_code, reason = "what takes a clock is not explored")]
mod queue;
mod timestamps;

use std::sync::atomic::Ordering::{Acquire, Release};

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::AtomicBool;
use loom::thread;

use gate::Gate;

/// A gate, and whether somebody was told that nobody is inside any more.
#[derive(Default)]
struct Scene {
    gate: Gate,
    drained: AtomicBool,
}

impl Scene {
    /// Comes in, if it is let in, and looks around.
    fn visit(&self) -> bool {
        let inside = self.gate.enter();
        assert!(inside.is_none() || !self.drained.load(Acquire), "inside after the drain");
        inside.is_some()
    }

    fn close(&self) {
        self.gate.close();
        block_on(self.gate.empty());
        self.drained.store(true, Release);
        assert!(self.gate.is_closed());
        assert!(self.gate.enter().is_none(), "let in after the drain");
    }
}

/// Closes a gate while others are at it, each in a thread of its own. Of two threads all interleavings are gone
/// through; of three, those with two preemptions at most.
fn close_against(others: &[fn(&Scene)]) {
    let others = others.to_vec();
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = (others.len() > 1).then_some(2);
    explorer.check(move || {
        let scene = Arc::new(Scene::default());
        let run = |other: fn(&Scene)| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || other(&scene))
        };
        let threads: Vec<_> = others.iter().copied().map(run).collect();
        scene.close();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(scene.gate.count(), 0);
    });
}

fn visit(scene: &Scene) {
    scene.visit();
}

#[test]
fn g10_1_explored_a_close_against_one_that_comes_and_leaves() {
    close_against(&[visit]);
}

#[test]
fn g10_1_explored_refused_once_is_refused_for_good() {
    close_against(&[|scene| {
        let (first, second) = (scene.visit(), scene.visit());
        assert!(first || !second, "let in after a refusal");
    }]);
}

#[test]
fn g10_1_explored_a_close_against_two_that_come_and_leave() {
    close_against(&[visit, visit]);
}

#[test]
fn g10_2_explored_two_that_close_and_one_that_comes_and_leaves() {
    close_against(&[Scene::close, visit]);
}
