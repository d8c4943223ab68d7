//! The counting allocator, in a process of its own.

use cqlwire_testkit::probe::heap;

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

cqlwire_testkit::one_thread![the_heap_counts_bytes_and_allocations];

fn the_heap_counts_bytes_and_allocations() {
    let before = heap::now();
    let mut bytes = Vec::<u8>::with_capacity(1_000);
    let first = heap::now();
    assert_eq!(first.live_bytes - before.live_bytes, 1_000);
    assert_eq!(first.allocations - before.allocations, 1);
    bytes.reserve_exact(3_000);
    let grown = heap::now();
    assert_eq!(grown.live_bytes - before.live_bytes, 3_000);
    assert_eq!(grown.allocated_bytes - before.allocated_bytes, 3_000);
    assert_eq!(grown.allocations - before.allocations, 2);
    drop(bytes);
    assert_eq!(heap::now().live_bytes, before.live_bytes);
}
