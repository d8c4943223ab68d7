//! What drivers make of faults of real servers, and the processes of the drivers.

use clap::{Parser, Subcommand};
use cqlwire_bench::Result;
use cqlwire_bench::faults::{self, FaultsArguments};

/// Puts cqlwire and its peers to real servers that are killed, paused, restarted and badly linked.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the servers, puts all drivers to all faults, and writes report.json and report.html.
    Run(FaultsArguments),
    /// One driver, as `run` starts it: its task comes by the input.
    Client,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(arguments) => faults::run(&arguments),
        Command::Client => faults::client(),
    }
}
