//! What the demo says.

use cqlwire::Session;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::readings::{ROWS, Read, Written};

/// Why the demo ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What the driver says.
    #[error("{0}")]
    Driver(#[from] cqlwire::Error),
    /// What should not be.
    #[error("{0}")]
    Wrong(String),
    /// The histogram cannot be made.
    #[error("{0}")]
    Histogram(#[from] hdrhistogram::CreationError),
}

/// A bar up to all rows. Shown on a terminal only.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(u64::from(ROWS)).with_prefix(what);
    let style =
        ProgressStyle::with_template("{prefix} [{bar:40}] {human_pos}/{human_len}  {per_sec}");
    match style {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

pub(crate) fn connected(session: &Session) -> Result<(), Failure> {
    let topology = session.topology();
    println!("connected to the cluster `{}`:", topology.cluster_name());
    for host in topology.hosts() {
        let (release, endpoint) = (host.release_version(), host.address());
        let protocol = match host.pool().pick() {
            Ok(connection) => format!("protocol {}", connection.version()),
            Err(_) => "not connected yet".to_owned(),
        };
        println!("  {endpoint}  Cassandra {release}, {protocol}");
    }
    if topology.hosts().is_empty() {
        return Err(Failure::Wrong("the cluster has no hosts".to_owned()));
    }
    Ok(())
}

pub(crate) fn wrote(written: &Written) {
    let rate = f64::from(ROWS) / written.elapsed.as_secs_f64();
    let millis = |quantile| micros_to_millis(written.latency_micros.value_at_quantile(quantile));
    println!(
        "wrote {} rows in {:.2?}: {rate:.0} writes/s, p50 {:.2} ms, p99 {:.2} ms",
        HumanCount(u64::from(ROWS)),
        written.elapsed,
        millis(0.5),
        millis(0.99),
    );
}

pub(crate) fn read(read: &Read) {
    let rate = f64::from(ROWS) / read.elapsed.as_secs_f64();
    println!(
        "read  {} rows in {:.2?}: {rate:.0} rows/s, {} pages, every row checked",
        HumanCount(u64::from(ROWS)),
        read.elapsed,
        read.progress.pages,
    );
}

/// After close, nothing may be left.
pub(crate) fn closed(session: &Session) -> Result<(), Failure> {
    let resources = session.resources();
    println!("closed: {resources}");
    if resources.is_zero() {
        return Ok(());
    }
    Err(Failure::Wrong("something is left after close".to_owned()))
}

fn micros_to_millis(micros: u64) -> f64 {
    // Latencies are far below the range where a float would round them.
    f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1_000.0
}
