//! The comparison, and the processes that it starts.

use clap::{Parser, Subcommand};
use cqlwire_bench::client::{self, ClientArguments};
use cqlwire_bench::compare::{self, CompareArguments};
use cqlwire_bench::{Result, measure};

/// Measures cqlwire beside its peers and a bare socket loop.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compares all clients, and writes report.json and report.html.
    Compare(CompareArguments),
    /// One client, as `compare` starts it: a line of input is a round, in milliseconds.
    Client(ClientArguments),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Client(arguments) => client::run(&arguments, measure::uncounted),
    }
}
