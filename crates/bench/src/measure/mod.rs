//! What is measured: processor time, memory, latency; and on which core.

mod cpu;
mod latency;
mod memory;
mod moment;

use serde::{Deserialize, Serialize};

use crate::{Result, ensure};

pub use self::cpu::{cpu_time, cpu_time_of, pin_to};
pub use self::latency::Latencies;
pub use self::memory::{Heap, HeapProbe, peak_rss_bytes, uncounted};
pub use self::moment::Moment;

/// What one client did in one round.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// How many operations were done.
    pub operations: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The processor time of the client's process, in seconds.
    pub cpu_seconds: f64,
    /// The median latency, in microseconds; of scans, of 5,000 rows.
    pub p50_us: f64,
    /// One in a hundred took longer.
    pub p99_us: f64,
    /// One in a thousand took longer.
    pub p999_us: f64,
    /// How often memory was asked for; 0 where nobody counts.
    pub allocations: u64,
    /// How many bytes were asked for; 0 where nobody counts.
    pub allocated_bytes: u64,
    /// The most memory that the process has had so far, in bytes.
    pub peak_rss_bytes: u64,
    /// Of many streams, the most bytes that they held together; 0 where nobody counts.
    pub peak_live_bytes: u64,
}

impl Round {
    /// What lies between two moments.
    ///
    /// # Errors
    ///
    /// Nothing does.
    pub fn between(
        from: &Moment,
        to: &Moment,
        latencies: &Latencies,
        peak_rss_bytes: u64,
    ) -> Result<Self> {
        ensure(to.operations > from.operations, "a round has operations")?;
        let [p50_us, p99_us, p999_us] = latencies.quantiles_us();
        Ok(Self {
            operations: to.operations - from.operations,
            seconds: to.at.duration_since(from.at).as_secs_f64(),
            cpu_seconds: to.cpu.saturating_sub(from.cpu).as_secs_f64(),
            p50_us,
            p99_us,
            p999_us,
            allocations: to.heap.allocations - from.heap.allocations,
            allocated_bytes: to.heap.allocated_bytes - from.heap.allocated_bytes,
            peak_rss_bytes,
            peak_live_bytes: 0,
        })
    }
}
