//! One client in a process that counts its allocations. Its times count for nothing.

use clap::Parser;
use cqlwire_bench::Result;
use cqlwire_bench::client::{self, ClientArguments};
use cqlwire_bench::measure::Heap;
use cqlwire_testkit::probe::heap;

#[global_allocator]
static COUNTING: heap::Counting = &heap::COUNTING;

/// One client: a line of input is a round, in milliseconds.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    client: ClientArguments,
}

fn counted() -> Heap {
    let heap::Heap { allocations, allocated_bytes, live_bytes } = heap::now();
    Heap { allocations, allocated_bytes, live_bytes: live_bytes.try_into().unwrap_or(0) }
}

fn main() -> Result<()> {
    client::run(&Arguments::parse().client, counted)
}
