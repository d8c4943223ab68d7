//! A table that is read by several processes, each a part of it:
//! `cargo run --release -p cqlwire --example scan -- 4`
//!
//! The first one makes the plan and splits it; each of the others gets its part as text, as a scheduler
//! would hand it to whatever machine is free. Called with such a text on its standard input and `unit` as
//! its argument, it reads that part.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use cqlwire::{ScanPlan, Session};

const TABLE: &str = "cqlwire_examples.measurements";

/// What a part comes to.
#[derive(Copy, Clone, Debug, Default)]
struct Sum {
    rows: u64,
    celsius: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let session = common::connect().await?;
    match std::env::args().nth(1).as_deref() {
        Some("unit") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let sum = read(&session, &text.parse()?).await?;
            println!("{} {}", sum.rows, sum.celsius);
        }
        units => {
            let units = units.map_or(Ok(3), str::parse)?;
            common::fill(&session).await?;
            let plan = session.scan(TABLE).columns(["celsius"]).plan().await?;
            println!("{} ranges, for {units} processes: {}", plan.ranges_left(), plan.statement());
            let sum = in_processes(plan.split(units))?;
            println!("{} rows, {:.2} degrees on average", sum.rows, sum.celsius / sum.rows as f64);
        }
    }
    session.close(Duration::from_secs(5)).await;
    Ok(())
}

/// This part of the table. An error could be told with `rows.plan()`, for another process to go on.
async fn read(session: &Session, unit: &ScanPlan) -> cqlwire::Result<Sum> {
    let mut sum = Sum::default();
    let mut pages = session.resume_scan(unit).page_size(1_000).pages();
    while let Some(page) = pages.try_next().await? {
        for row in page.rows::<(f64,)>()? {
            sum.celsius += row?.0;
            sum.rows += 1;
        }
    }
    // The output is the sum alone.
    tracing::info!(process = std::process::id(), progress = %pages.progress(), "read");
    Ok(sum)
}

/// Each part by a process of its own, all at once.
fn in_processes(units: Vec<ScanPlan>) -> Result<Sum, Box<dyn Error>> {
    let mut processes = Vec::new();
    for unit in units {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("unit").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        process.stdin.take().ok_or("no input")?.write_all(unit.to_string().as_bytes())?;
        processes.push(process);
    }
    let mut sum = Sum::default();
    for process in processes {
        let said = String::from_utf8(process.wait_with_output()?.stdout)?;
        let (rows, celsius) = said.trim().split_once(' ').ok_or("a process has failed")?;
        sum.rows += rows.parse::<u64>()?;
        sum.celsius += celsius.parse::<f64>()?;
    }
    Ok(sum)
}
