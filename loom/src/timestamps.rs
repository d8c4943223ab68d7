//! Those who draw write times at once, by a clock that stands still or is set back.

use loom::sync::Arc;
use loom::sync::atomic::AtomicBool;
use loom::sync::atomic::Ordering::{Acquire, Release};
use loom::thread;

use crate::increasing::Increasing;

/// What each thread drew by these clocks, in its order.
fn drawn_by(increasing: &Increasing, clocks: &[i64]) -> Vec<i64> {
    let drawn: Vec<i64> = clocks.iter().map(|clock| increasing.next(*clock)).collect();
    let above = drawn.iter().zip(clocks).all(|(drawn, clock)| drawn >= clock);
    assert!(above, "below the clock: {drawn:?} by {clocks:?}");
    drawn
}

fn explore(clocks: &'static [&'static [i64]]) {
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = (clocks.len() > 2).then_some(2);
    explorer.check(move || {
        let increasing = Arc::new(Increasing::new());
        let threads: Vec<_> = clocks[1..]
            .iter()
            .map(|clocks| {
                let increasing = Arc::clone(&increasing);
                thread::spawn(move || drawn_by(&increasing, clocks))
            })
            .collect();
        let mut all = vec![drawn_by(&increasing, clocks[0])];
        all.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        for drawn in &all {
            assert!(drawn.is_sorted_by(|one, next| one < next), "not increasing: {drawn:?}");
        }
        let mut together = all.concat();
        together.sort_unstable();
        assert!(together.is_sorted_by(|one, next| one < next), "twice the same: {all:?}");
    });
}

#[test]
fn g14_5_explored_two_that_draw_by_a_clock_that_stands_still() {
    explore(&[&[5, 5, 5], &[5, 5, 5]]);
}

#[test]
fn g14_5_explored_two_that_draw_by_clocks_that_are_apart_and_set_back() {
    explore(&[&[5, 3, 6], &[6, 2, 7]]);
}

#[test]
fn g14_5_explored_three_that_draw() {
    explore(&[&[5, 5], &[5, 4], &[6, 5]]);
}

#[test]
fn g14_5_explored_who_draws_after_another_thread_draws_the_greater() {
    loom::model(|| {
        let scene = Arc::new((Increasing::new(), AtomicBool::new(false)));
        let other = Arc::clone(&scene);
        let thread = thread::spawn(move || {
            let drawn = other.0.next(5);
            other.1.store(true, Release);
            drawn
        });
        let is_after = scene.1.load(Acquire);
        // Its clock is behind.
        let own = scene.0.next(3);
        let others = thread.join().unwrap();
        assert!(own != others && (!is_after || own > others), "{own} after {others}");
    });
}
