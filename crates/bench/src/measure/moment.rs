//! All counters at one moment.

use std::time::{Duration, Instant};

use super::{Heap, HeapProbe, cpu_time};
use crate::Result;

/// All counters at one moment: the difference of two is what happened in between.
#[derive(Copy, Clone, Debug)]
pub struct Moment {
    /// When it was.
    pub at: Instant,
    /// The processor time so far.
    pub cpu: Duration,
    /// The allocations so far.
    pub heap: Heap,
    /// The operations so far.
    pub operations: u64,
}

impl Moment {
    /// Now.
    ///
    /// # Errors
    ///
    /// The system does not say how much processor time was used.
    pub fn now(operations: u64, probe: HeapProbe) -> Result<Self> {
        Ok(Self { at: Instant::now(), cpu: cpu_time()?, heap: probe(), operations })
    }
}
