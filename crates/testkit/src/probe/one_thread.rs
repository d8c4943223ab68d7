//! Tests that have a process to themselves: one after the other, all on its main thread.
//!
//! The usual harness has threads of its own, and what they allocate is counted with the rest. A
//! test binary that counts is built without it:
//!
//! ```toml
//! [[test]]
//! name = "heap"
//! harness = false
//! ```
//!
//! and lists its tests itself. Names on the command line pick among them as usual.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// The `main` of a test binary that is built with `harness = false`: runs these functions in turn,
/// on the main thread, as the only thread that there is.
///
/// ```
/// # fn a_page_is_freed() {}
/// # fn a_row_costs_nothing() {}
/// cqlwire_testkit::one_thread![a_page_is_freed, a_row_costs_nothing];
/// ```
#[macro_export]
macro_rules! one_thread {
    ($($test:ident),+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::probe::run_in_turn(&[$((stringify!($test), $test)),+])
        }
    };
}

/// What the `main` of [`one_thread!`](crate::one_thread) does, for a binary that has a `main` of its
/// own: runs these tests in turn, each under its name.
pub fn run_in_turn(tests: &[(&str, fn())]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // With one, they run on the main thread, and none is started.
    arguments.test_threads = Some(1);
    let trial = |&(name, test): &(&str, fn())| {
        Trial::test(name, move || {
            alone(test);
            Ok(())
        })
    };
    libtest_mimic::run(&arguments, tests.iter().map(trial).collect()).exit_code()
}

/// Whoever starts a thread and leaves it there would be counted with the next test.
pub(super) fn alone(test: fn()) {
    assert_eq!(threads().unwrap_or(1), 1, "the test before it has left a thread");
    test();
}

/// How many threads the process has, where the system lists them.
fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}
