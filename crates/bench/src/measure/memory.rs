//! Memory: what the process has had at most, and what was asked of the allocator.

use std::fs;

use crate::Result;

/// What the allocator was asked for since the process began.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Heap {
    /// How often.
    pub allocations: u64,
    /// How many bytes.
    pub allocated_bytes: u64,
    /// How many bytes it has given out and not got back, at this moment.
    pub live_bytes: u64,
}

/// Whoever knows what the allocator was asked for. Counting costs time, so that a process either
/// counts or is timed.
pub type HeapProbe = fn() -> Heap;

/// The probe of a process that does not count.
pub fn uncounted() -> Heap {
    Heap::default()
}

/// The most memory that the process has had so far, in bytes: `VmHWM`.
///
/// # Errors
///
/// The system does not say.
pub fn peak_rss_bytes() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: u64 = kibibytes.ok_or("/proc/self/status has no VmHWM")?.parse()?;
    Ok(kibibytes * 1024)
}
