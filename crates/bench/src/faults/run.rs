//! The runs, one after the other, on the same servers.

use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tokio::time::sleep;

use super::check::Checker;
use super::process::Process;
use super::report::{self, Entry};
use super::stage::Stage;
use super::watch::Watch;
use super::{Fault, FaultsArguments, Figures, Kind, Record, Task, arranged, steps, tidied};
use crate::{Result, ensure};

/// The data center of the servers.
const DATA_CENTER: &str = "dc1";
/// How many ids each run has.
const IDS: i64 = 1_000_000_000;
/// How long there is load before the first run.
const REHEARSAL: Duration = Duration::from_secs(75);

/// Puts all drivers to all faults, and reports.
///
/// # Errors
///
/// Whatever fails of the benchmark itself: a driver that does not connect, or that sent nothing; a
/// cluster that is not whole again.
pub fn run(arguments: &FaultsArguments) -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(run_all(arguments))
}

async fn run_all(arguments: &FaultsArguments) -> Result<()> {
    let runs = runs(arguments);
    let mut stage = Stage::set().await?;
    let checker = Checker::connect(stage.servers()).await?;
    checker.prepare().await?;
    if let Some((tuned, _, driver)) = runs.first() {
        println!("rehearsing, for {} s, without a fault", REHEARSAL.as_secs());
        let task = task(arguments, &stage, (*tuned, Fault::Kill, *driver), 0);
        rehearse(&task).await?;
    }
    let (mut entries, begun) = (Vec::new(), Instant::now());
    for (number, (tuned, fault, driver)) in (1..).zip(&runs) {
        let how = if *tuned { ", tuned" } else { "" };
        let so_far = begun.elapsed().as_secs();
        println!("[{number}/{}] {fault}: {driver}{how} ({so_far} s so far)", runs.len());
        let task = task(arguments, &stage, (*tuned, *fault, *driver), number);
        let entry = one(arguments, (&mut stage, &checker), *fault, &task).await?;
        print!("{}", report::line(&entry));
        entries.push(entry);
        // What was measured is kept, whatever comes next.
        report::write(&entries, arguments)?;
    }
    ensure(!entries.is_empty(), "there is a driver and a fault that go together")?;
    report::tell(&entries, arguments);
    Ok(())
}

/// Who is put to what, in order. The drivers take turns in being the first: what a fault leaves behind
/// is there for the next one.
fn runs(arguments: &FaultsArguments) -> Vec<(bool, Fault, Kind)> {
    let mut runs = Vec::new();
    for tuned in arguments.tunings() {
        for (number, fault) in (0_usize..).zip(arguments.faults()) {
            let mut drivers = arguments.drivers(fault);
            if !number.is_multiple_of(2) {
                drivers.reverse();
            }
            runs.extend(drivers.into_iter().map(|driver| (*tuned, fault, driver)));
        }
    }
    runs
}

/// The same load as later: servers that have just started are slow, and what they know of how long
/// reads take says when they ask a second replica.
async fn rehearse(task: &Task) -> Result<()> {
    let driver = block_in_place(|| Process::start(task))?;
    sleep(REHEARSAL).await;
    block_in_place(|| driver.end()).map(drop)
}

fn task(
    arguments: &FaultsArguments,
    stage: &Stage,
    (tuned, fault, driver): (bool, Fault, Kind),
    run: i64,
) -> Task {
    let translated = if fault.is_of_a_link() { stage.translated() } else { Vec::new() };
    let contact_points = if translated.is_empty() {
        stage.servers().to_vec()
    } else {
        translated.iter().map(|(_, link)| *link).collect()
    };
    Task {
        driver,
        tuned,
        contact_points,
        translated,
        data_center: DATA_CENTER.to_owned(),
        timeout: arguments.timeout,
        statements: arguments.statements.div_ceil(2),
        connections: arguments.connections,
        rate: arguments.rate,
        appends: arguments.appends,
        first: (run + 1) * IDS,
    }
}

async fn one(
    arguments: &FaultsArguments,
    (stage, checker): (&mut Stage, &Checker),
    fault: Fault,
    task: &Task,
) -> Result<Entry> {
    stage.set_up(&arranged(fault)).await;
    let port = stage.servers().first().ok_or("there are servers")?.port();
    let mut watch = Watch::begin(fault, port).await?;
    let driver = block_in_place(|| Process::start(task))?;
    let marks = stage.play(&steps(fault, &arguments.lengths()), &mut watch).await?;
    let record: Record = block_in_place(|| driver.end())?;
    ensure(record.samples.iter().any(|sample| sample.failed.is_none()), "a driver sent something")?;
    let figures = Figures::of(&record, &marks, &watch.so_far(), task.timeout);
    let [before, ..] = &figures.idempotent;
    ensure(before.failed * 2 < before.requests, "a driver works before there is a fault")?;
    let found = checker.read_back(&record).await?;
    watch.end().await;
    stage.set_up(&tidied(fault)).await;
    Ok(Entry::new(fault, task, &record, &marks, found, figures))
}
