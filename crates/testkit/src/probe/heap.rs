//! The heap: bytes alive and allocations made, over all threads of the process.
//!
//! A test binary that asks has to install the counting allocator, once, at its top:
//!
//! ```standalone_crate
//! use cqlwire_testkit::probe::heap;
//!
//! #[global_allocator]
//! static HEAP: heap::Counting = &heap::COUNTING;
//!
//! let before = heap::now();
//! let page = vec![0_u8; 4096];
//! assert_eq!(heap::now().live_bytes - before.live_bytes, 4096);
//! assert_eq!(heap::now().allocations - before.allocations, 1);
//! drop(page);
//! assert_eq!(heap::now().live_bytes, before.live_bytes);
//! ```
//!
//! The counters are those of the process, all threads of it: measure in a binary that has
//! [one thread](crate::one_thread), and subtract what was there before.

use std::alloc::System;

/// The allocator to install: the system's, counted.
pub use stats_alloc::INSTRUMENTED_SYSTEM as COUNTING;
use stats_alloc::StatsAlloc;

/// The type of the allocator to install.
pub type Counting = &'static StatsAlloc<System>;

/// The heap at one moment.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Heap {
    /// Bytes that are allocated and not freed yet.
    pub live_bytes: i64,
    /// How often memory was asked for since the process began; growing in place counts as well.
    pub allocations: u64,
    /// How many bytes were asked for since the process began, of a growth only what it added.
    pub allocated_bytes: u64,
}

/// The heap now.
///
/// # Panics
///
/// If the test binary has not installed [`COUNTING`].
pub fn now() -> Heap {
    let stats = COUNTING.stats();
    assert!(stats.allocations > 0, "the test binary has to install `heap::COUNTING`");
    let signed = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    let unsigned = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    // `stats_alloc` adds a growth to `bytes_allocated` and a shrinkage to `bytes_deallocated`;
    // `bytes_reallocated` only repeats their difference.
    Heap {
        live_bytes: signed(stats.bytes_allocated) - signed(stats.bytes_deallocated),
        allocations: unsigned(stats.allocations) + unsigned(stats.reallocations),
        allocated_bytes: unsigned(stats.bytes_allocated),
    }
}
