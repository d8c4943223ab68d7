//! The command `cqlwire`: asks a Cassandra cluster, looks at it, and moves data in and out of it.
//!
//! Data goes to standard output, everything else to standard error, one line a message; `exit.rs` has
//! what the command ends with. Each command is a module with its `Args` and one function `run`.

#![allow(clippy::doc_markdown, reason = "what documents a flag is shown by --help as it is")]

mod args;
mod bench;
mod completions;
mod connect;
mod decode;
mod describe;
mod exit;
mod export;
mod file;
mod interrupts;
mod load;
mod name;
mod output;
mod ping;
mod query;
mod scan;
mod shell;
mod statements;
mod top;
mod transfer;
mod value;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::exit::{Exit, Failure};

/// Reads the command line, does what it says, and says how that went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match runtime().and_then(|runtime| runtime.block_on(until_interrupted(cli))) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            failure.tell();
            failure.exit.into()
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build()?)
}

/// Ctrl-C drops what is under way, which leaves nothing behind; commands that have something to do
/// then watch for it themselves.
async fn until_interrupted(cli: Cli) -> Result<(), Failure> {
    cli.colour.apply();
    cli.log.apply();
    match cli.command.ends_in_order() {
        true => run_command(cli).await,
        false => interruptible(run_command(cli)).await,
    }
}

/// Does this, or drops it with Ctrl-C.
async fn interruptible<T>(doing: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = doing => done,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Err(Failure::interrupted())
        }
    }
}

async fn run_command(cli: Cli) -> Result<(), Failure> {
    let Cli { connection, command, .. } = cli;
    match command {
        Command::Ping(args) => ping::run(&connection, &args).await,
        Command::Load(args) => load::run(&connection, &args).await,
        Command::Export(args) => export::run(&connection, &args).await,
        Command::Count(args) => export::count(&connection, &args).await,
        Command::Top(args) => top::run(&connection, &args).await,
        Command::Bench(args) => bench::run(&connection, &args).await,
        Command::Query(args) => query::run(&connection, &args).await,
        Command::Shell(args) => shell::run(&connection, &args).await,
        Command::Describe(args) => describe::run(&connection, &args).await,
        Command::Scan(args) => scan::run(&connection, &args).await,
        Command::Decode(args) => decode::run(&connection, &args),
        Command::Completions(args) => completions::run(&args),
    }
}
