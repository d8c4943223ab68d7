//! What the ring of a large cluster takes: processor time, and memory.

use cqlwire_bench::measure::Heap;
use cqlwire_bench::{Result, ring};
use cqlwire_testkit::probe::heap;

// It hardly asks for memory, so counting takes no time that counts.
#[global_allocator]
static COUNTING: heap::Counting = &heap::COUNTING;

fn counted() -> Heap {
    let heap::Heap { allocations, allocated_bytes, live_bytes } = heap::now();
    Heap { allocations, allocated_bytes, live_bytes: live_bytes.try_into().unwrap_or(0) }
}

fn main() -> Result<()> {
    ring::measure(counted)
}
