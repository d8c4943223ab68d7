//! What a comparison is to be.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::client::Kind;
use crate::work::Work;

/// What is compared, and how thoroughly.
#[derive(Clone, Debug, Args)]
pub struct CompareArguments {
    /// Everything, but shorter.
    #[arg(long)]
    pub quick: bool,
    /// A server that runs already; otherwise the canned node is started.
    #[arg(long)]
    pub server: Option<SocketAddr>,
    /// What that server is called in the report.
    #[arg(long, default_value = "cassandra")]
    pub server_name: String,
    /// Only this work; may be given several times.
    #[arg(long)]
    pub work: Vec<Work>,
    /// Only this client; may be given several times.
    #[arg(long)]
    pub client: Vec<Kind>,
    /// Only so many in flight; may be given several times.
    #[arg(long)]
    pub in_flight: Vec<u32>,
    /// How many rounds, at least one.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// How long a round is measured, in milliseconds. Default 500, and 60 if it is to be quick.
    #[arg(long)]
    pub millis: Option<u64>,
    /// Of the open loop, how many reads a second; a multiple of 10,000. Default 50,000 of the
    /// canned node.
    #[arg(long, default_value_t = 50_000)]
    pub rate: u32,
    /// How many canned nodes there are, each with its part of the ring: clients that route by tokens
    /// do so.
    #[arg(long, default_value_t = 1)]
    pub nodes: u8,
    /// Where the reports go.
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
}

impl CompareArguments {
    pub(super) fn measured(&self) -> Duration {
        let default = if self.quick { 60 } else { 500 };
        Duration::from_millis(self.millis.unwrap_or(default))
    }
}
