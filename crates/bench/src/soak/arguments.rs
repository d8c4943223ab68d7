//! What a long run is to be.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// How long, how much, and how often something happens.
#[derive(Clone, Debug, Args)]
pub struct SoakArguments {
    /// So many hours on real servers.
    #[arg(long, default_value_t = 0)]
    pub hours: u64,
    /// So many minutes on real servers, beside the hours. Without either there is no such phase.
    #[arg(long, default_value_t = 0)]
    pub minutes: u64,
    /// How many real servers: each takes about 1 GB.
    #[arg(long, default_value_t = 1)]
    pub nodes: u8,
    /// Minutes from one restart of a server to the next.
    #[arg(long, default_value_t = 10)]
    pub restart_every: u64,
    /// Requests on the canned node afterwards. With none there is no such phase.
    #[arg(long, default_value_t = 100_000_000)]
    pub requests: u64,
    /// How many users ask at the same time.
    #[arg(long, default_value_t = 64)]
    pub users: u16,
    /// One call in so many is let go while it is under way.
    #[arg(long, default_value_t = 100)]
    pub let_go_one_in: u32,
    /// The timeout of a call, in milliseconds.
    #[arg(long, default_value_t = 5_000)]
    pub timeout: u64,
    /// Where the reports go.
    #[arg(long, default_value = "target/bench/soak")]
    pub out: PathBuf,
}

impl SoakArguments {
    /// How long the phase on real servers is.
    pub(super) const fn length(&self) -> Duration {
        Duration::from_secs((self.hours * 60 + self.minutes) * 60)
    }

    pub(super) const fn restart_interval(&self) -> Duration {
        Duration::from_secs(self.restart_every * 60)
    }

    pub(super) const fn call_timeout(&self) -> Duration {
        Duration::from_millis(self.timeout)
    }
}
