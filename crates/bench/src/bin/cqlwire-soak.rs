//! A long run in a process that counts its allocations: fails if anything has grown, or was wrong.

use clap::Parser;
use cqlwire_bench::Result;
use cqlwire_bench::soak::{self, SoakArguments};
use cqlwire_testkit::probe::heap;

#[global_allocator]
static COUNTING: heap::Counting = &heap::COUNTING;

/// Mixed work for hours, on real servers that are restarted, and on a canned node.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    soak: SoakArguments,
}

fn main() -> Result<()> {
    soak::run(&Arguments::parse().soak)
}
