//! Instructions an operation of the hot paths, under callgrind.

use clap::{Parser, Subcommand};
use cqlwire_bench::Result;
use cqlwire_bench::instructions::{self, CountArguments, StepArguments};

/// Counts the instructions of cqlwire's hot paths.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Counts every step, shows what changed, and renews the table.
    Count(CountArguments),
    /// Counts every step, and fails if one costs 3 % more than the table says.
    Check(CountArguments),
    /// One step so many times, as `count` starts it.
    Step(StepArguments),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Count(arguments) => instructions::count(&arguments),
        Command::Check(arguments) => instructions::check(&arguments),
        Command::Step(arguments) => instructions::run_step(&arguments),
    }
}
