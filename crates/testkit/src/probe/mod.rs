//! Leak probes: what a test looks at in the end to know that everything came back.
//!
//! * [`Baseline`]: tasks of the runtime and, for a test that is [`alone`] in its process,
//!   descriptors of the process.
//! * [`heap`]: bytes and allocations, for a test binary that installs the counting allocator and
//!   has [one thread](crate::one_thread).
//!
//! ```
//! # use cqlwire_testkit::probe::Baseline;
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let baseline = Baseline::of_tasks();
//! let task = tokio::spawn(async {});
//! // … the test …
//! drop(task);
//! baseline.regained().await;
//! # }
//! ```

mod baseline;
mod descriptors;
pub mod heap;
mod one_thread;

pub use baseline::Baseline;
pub use descriptors::{Alone, alone, descriptors};
pub use one_thread::run_in_turn;

/// How many tasks of the current runtime have not ended yet, the caller's own included if it was
/// spawned.
///
/// # Panics
///
/// Outside a runtime.
pub fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[cfg(test)]
mod tests;
