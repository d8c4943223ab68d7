//! The process of one client: it connects, says so, and runs a round for each line that it reads.
//!
//! A line of its input is how many milliseconds to measure; a line of its output is the
//! [`Round`], as JSON. Its peak memory and its processor time are its own.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use super::{Client, Floor, floor_round};
use crate::Result;
use crate::load::{RoundSettings, closed_round, load_round, open_round, scan_round, streams_round};
use crate::measure::{HeapProbe, Round, pin_to};
use crate::work::Work;

/// Who is measured.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The bare loop: one thread, a blocking socket, the same bytes.
    Floor,
    /// This project.
    Cqlwire,
    /// Its blocking sessions: a thread for each request in flight, 32 at most.
    CqlwireBlocking,
    /// The `scylla` crate.
    #[cfg(feature = "peers")]
    Scylla,
    /// The `cdrs-tokio` crate.
    #[cfg(feature = "peers")]
    CdrsTokio,
}

impl Kind {
    /// Its name in reports and on the command line, which is that of its package.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Cqlwire => "cqlwire",
            Self::CqlwireBlocking => "cqlwire-blocking",
            #[cfg(feature = "peers")]
            Self::Scylla => "scylla",
            #[cfg(feature = "peers")]
            Self::CdrsTokio => "cdrs-tokio",
        }
    }

    /// How many requests at once it is measured with at most.
    pub const fn most_in_flight(self) -> u32 {
        if matches!(self, Self::CqlwireBlocking) { 32 } else { u32::MAX }
    }

    /// Whether it does this work.
    pub const fn does(self, work: Work) -> bool {
        if matches!(work, Work::Streams | Work::Query) {
            return matches!(self, Self::Cqlwire);
        }
        match self {
            Self::Floor => matches!(work, Work::Read | Work::Insert | Work::Scan),
            Self::Cqlwire => true,
            Self::CqlwireBlocking => {
                matches!(work, Work::Read | Work::Insert | Work::Scan | Work::ScanBorrowed)
            }
            #[cfg(feature = "peers")]
            Self::Scylla => true,
            #[cfg(feature = "peers")]
            Self::CdrsTokio => !matches!(work, Work::ScanBorrowed),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What drives a client.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeKind {
    /// No runtime: the floor.
    None,
    /// Tokio on one thread.
    CurrentThread,
    /// Tokio with two workers, which share the one core.
    MultiThread,
}

/// The workers of the runtime with several threads.
const WORKERS: usize = 2;

impl RuntimeKind {
    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CurrentThread => "current-thread",
            Self::MultiThread => "multi-thread",
        }
    }

    fn build(self) -> Result<Runtime> {
        let mut builder = match self {
            Self::None => return Err("a driver needs a runtime".into()),
            Self::CurrentThread => Builder::new_current_thread(),
            Self::MultiThread => Builder::new_multi_thread(),
        };
        Ok(builder.worker_threads(WORKERS).enable_all().build()?)
    }
}

/// What a client's process does.
#[derive(Clone, Debug, Args)]
pub struct ClientArguments {
    /// Who is measured.
    #[arg(long)]
    pub client: Kind,
    /// What is done.
    #[arg(long)]
    pub work: Work,
    /// What drives the client.
    #[arg(long)]
    pub runtime: RuntimeKind,
    /// How many requests at once; of scans and open loops, nothing.
    #[arg(long, default_value_t = 1)]
    pub in_flight: u32,
    /// Of an open loop, how many reads a second; a multiple of 10,000.
    #[arg(long, default_value_t = 50_000)]
    pub rate: u32,
    /// Where the server listens.
    #[arg(long)]
    pub server: SocketAddr,
    /// The core to stay on.
    #[arg(long)]
    pub core: Option<usize>,
}

/// Runs a client's process to the end of its input.
///
/// # Errors
///
/// Whatever fails.
pub fn run(arguments: &ClientArguments, probe: HeapProbe) -> Result<()> {
    if let Some(core) = arguments.core {
        pin_to(core)?;
    }
    match arguments.client {
        Kind::Floor => {
            let mut floor = Floor::connect(arguments.server)?;
            serve_rounds(probe, |settings| {
                floor_round(&mut floor, arguments.work, arguments.in_flight, settings)
            })
        }
        Kind::Cqlwire => run_client::<super::Cqlwire>(arguments, probe),
        Kind::CqlwireBlocking => run_client::<super::Blocking>(arguments, probe),
        #[cfg(feature = "peers")]
        Kind::Scylla => run_client::<super::Scylla>(arguments, probe),
        #[cfg(feature = "peers")]
        Kind::CdrsTokio => run_client::<super::Cdrs>(arguments, probe),
    }
}

fn run_client<C: Client>(arguments: &ClientArguments, probe: HeapProbe) -> Result<()> {
    let runtime = arguments.runtime.build()?;
    let client = runtime.block_on(C::connect(arguments.server))?;
    let (work, in_flight) = (arguments.work, arguments.in_flight);
    serve_rounds(probe, |settings| match work {
        Work::Read | Work::Insert | Work::Query | Work::Batch => {
            runtime.block_on(closed_round(&client, work, in_flight, settings))
        }
        Work::ReadOpenLoop => runtime.block_on(open_round(&client, arguments.rate, settings)),
        Work::Load | Work::LoadOrdered => runtime.block_on(load_round(&client, work, settings)),
        Work::Scan | Work::ScanBorrowed => runtime.block_on(scan_round(&client, work, settings)),
        Work::Streams => runtime.block_on(streams_round(&client, in_flight, settings)),
    })
}

fn serve_rounds(
    probe: HeapProbe,
    mut round: impl FnMut(RoundSettings) -> Result<Round>,
) -> Result<()> {
    let mut output = io::stdout();
    writeln!(output, "ready")?;
    for line in io::stdin().lock().lines() {
        let measured = Duration::from_millis(line?.trim().parse()?);
        let round = round(RoundSettings { measured, probe })?;
        writeln!(output, "{}", serde_json::to_string(&round)?)?;
    }
    Ok(())
}
