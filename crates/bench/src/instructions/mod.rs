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
mod tools;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use self::step::Step;
use self::table::Table;
use self::tools::Tools;
use crate::Result;
use crate::compare::Server;

/// How often a step is counted that exceeds its entry.
const MOST_COUNTS: u32 = 3;

/// What is counted, and where the table is kept.
#[derive(Clone, Debug, Args)]
pub struct CountArguments {
    /// The table.
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
    pub server: Option<SocketAddr>,
}

/// Counts every step, shows what changed, and renews the table.
///
/// # Errors
///
/// Valgrind is not installed, or a step fails.
pub fn count(arguments: &CountArguments) -> Result<()> {
    let (tools, mut table) = (Tools::here()?, Table::read(&arguments.table)?);
    for_each_step(arguments, |step, server| {
        let counted = callgrind::instructions_per_operation(step, server)?;
        println!("{}", table.compare(step, counted));
        table.renew(step, counted);
        Ok(())
    })?;
    table.write(&arguments.table, &tools)
}

/// Counts every step, and compares it with the table.
///
/// # Errors
///
/// A step exceeds its entry by more than 3 %, valgrind is not installed, or a step fails.
pub fn check(arguments: &CountArguments) -> Result<()> {
    let (tools, table) = (Tools::here()?.to_string(), Table::read(&arguments.table)?);
    let mut exceeded = Vec::new();
    for_each_step(arguments, |step, server| {
        // How many requests share a write differs from run to run, and with large ones it counts. The code
        // does not: what costs more costs more each time.
        for tries_left in (0..MOST_COUNTS).rev() {
            let counted = callgrind::instructions_per_operation(step, server)?;
            println!("{}", table.compare(step, counted));
            if !table.is_exceeded(step, counted) {
                break;
            }
            if tries_left == 0 {
                exceeded.push(step.name());
            }
        }
        Ok(())
    })?;
    if table.tools() != tools {
        println!("nothing fails: the table was counted with {}, this with {tools}", table.tools());
        return Ok(());
    }
    if exceeded.is_empty() {
        return Ok(());
    }
    let (exceeded, path) = (exceeded.join(", "), arguments.table.display());
    Err(format!(
        "over 3 % more than {path} says: {exceeded}; make them cheaper, or renew it by `make bench-instructions` \
         and say why in the same commit"
    )
    .into())
}

/// The steps that were asked for, each with the server that it needs.
fn for_each_step(
    arguments: &CountArguments,
    mut each: impl FnMut(Step, SocketAddr) -> Result<()>,
) -> Result<()> {
    let (server, three) = (Server::canned(1)?, Server::canned(3)?);
    let all = Step::value_variants().iter().copied();
    for step in all.filter(|step| arguments.step.is_empty() || arguments.step.contains(step)) {
        let of = if step.wants_three_nodes() { three.address } else { server.address };
        each(step, of)?;
    }
    Ok(())
}

/// Does one step.
///
/// # Errors
///
/// It fails.
pub fn run_step(arguments: &StepArguments) -> Result<()> {
    arguments.step.run(arguments.count, arguments.server)
}
