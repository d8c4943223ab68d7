//! Instructions an operation, counted by callgrind: figures that do not wobble as times do.
//!
//! A step is one hot path, done so many times in a process of its own. The same step is counted
//! with few and with many repetitions; what lies between the two, by the difference, is what one
//! costs. Nothing of how a process begins and ends is in it.

mod callgrind;
mod facade;
mod plan;
mod step;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use self::step::Step;
use self::table::Table;
use crate::Result;
use crate::compare::Server;

/// Where the table is kept.
#[derive(Clone, Debug, Args)]
pub struct CountArguments {
    /// The table to renew.
    #[arg(long, default_value = "crates/bench/instructions.md")]
    pub table: PathBuf,
    /// Only this step; may be given several times.
    #[arg(long)]
    pub step: Vec<Step>,
}

/// One step, so many times.
#[derive(Clone, Debug, Args)]
pub struct StepArguments {
    /// Which.
    pub step: Step,
    /// How often.
    pub count: u32,
    /// Where the server listens that some steps need.
    #[arg(long)]
    pub server: Option<std::net::SocketAddr>,
}

/// Counts every step, shows what changed, and renews the table.
///
/// # Errors
///
/// Valgrind is not installed, or a step fails.
pub fn count(arguments: &CountArguments) -> Result<()> {
    let (server, three) = (Server::canned(1)?, Server::canned(3)?);
    let mut table = Table::read(&arguments.table)?;
    let all = Step::value_variants().iter().copied();
    for step in all.filter(|step| arguments.step.is_empty() || arguments.step.contains(step)) {
        let counted = callgrind::instructions_per_operation(
            step,
            if step.wants_three_nodes() { three.address } else { server.address },
        )?;
        println!("{}", table.renew(step, counted));
    }
    table.write(&arguments.table)
}

/// Does one step.
///
/// # Errors
///
/// It fails.
pub fn run_step(arguments: &StepArguments) -> Result<()> {
    arguments.step.run(arguments.count, arguments.server)
}
