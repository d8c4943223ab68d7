//! What a run is to be.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Fault, Kind, Lengths};

/// What is done to whom.
#[derive(Clone, Debug, Args)]
pub struct FaultsArguments {
    /// Few faults, shorter, and cqlwire beside the better known peer alone.
    #[arg(long)]
    pub quick: bool,
    /// As the documentation of each driver advises against long waits, instead of the defaults:
    /// speculative execution. Given twice: the defaults first, and then that.
    #[arg(long, action = clap::ArgAction::Count)]
    pub tuned: u8,
    /// Only this fault; may be given several times.
    #[arg(long)]
    pub fault: Vec<Fault>,
    /// Only this driver; may be given several times.
    #[arg(long)]
    pub driver: Vec<Kind>,
    /// Idempotent requests a second: half of them reads, half inserts.
    #[arg(long, default_value_t = 300)]
    pub rate: u64,
    /// Beside them, so many appends a second, which are not idempotent.
    #[arg(long, default_value_t = 60)]
    pub appends: u64,
    /// By so many statements, half of them reads: two of one kind differ by a comment.
    #[arg(long, default_value_t = 2, value_parser = at_least_two)]
    pub statements: usize,
    /// The timeout of a request, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    pub timeout: u64,
    /// Connections to each host.
    #[arg(long, default_value_t = 2)]
    pub connections: usize,
    /// Seconds before the fault. Default 20, and 10 if it is to be quick.
    #[arg(long)]
    pub before: Option<u64>,
    /// Seconds of the fault.
    #[arg(long, default_value_t = 15)]
    pub during: u64,
    /// Seconds after the fault. Default 30, and 15 if it is to be quick.
    #[arg(long)]
    pub after: Option<u64>,
    /// Where the reports go.
    #[arg(long, default_value = "target/bench/faults")]
    pub out: PathBuf,
}

/// One reads, and one inserts.
fn at_least_two(text: &str) -> Result<usize, String> {
    let statements = text.parse().map_err(|error| format!("{error}"))?;
    if statements < 2 { Err("one reads, and one inserts".to_owned()) } else { Ok(statements) }
}

impl FaultsArguments {
    pub(super) fn lengths(&self) -> Lengths {
        let quick = |quick, thorough| if self.quick { quick } else { thorough };
        Lengths {
            warm_up: Duration::from_secs(5),
            before: Duration::from_secs(self.before.unwrap_or_else(|| quick(10, 20))),
            fault: Duration::from_secs(self.during),
            after: Duration::from_secs(self.after.unwrap_or_else(|| quick(15, 30))),
        }
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        let all = Fault::value_variants().iter().copied();
        let wanted = |fault: &Fault| match &self.fault[..] {
            [] => !self.quick || fault.is_quick(),
            only => only.contains(fault),
        };
        all.filter(wanted).collect()
    }

    /// Who is put to this fault: where there is a link, those that can be led over it.
    pub(super) fn drivers(&self, fault: Fault) -> Vec<Kind> {
        let all = Kind::value_variants().iter().copied();
        let wanted = |kind: &Kind| match &self.driver[..] {
            [] => !self.quick || kind.is_quick(),
            only => only.contains(kind),
        };
        all.filter(wanted).filter(|kind| !fault.is_of_a_link() || kind.translates()).collect()
    }

    /// The defaults, what is advised, or both.
    pub(super) const fn tunings(&self) -> &'static [bool] {
        match self.tuned {
            0 => &[false],
            1 => &[true],
            _ => &[false, true],
        }
    }
}
