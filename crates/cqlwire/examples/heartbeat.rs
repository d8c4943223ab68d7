//! A big table is read while small requests go on over the same connections: how long they take.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::time::{Duration, Instant};

use cqlwire::{Result, Session};
use hdrhistogram::Histogram;

const SELECT: &str = "SELECT station, number, celsius, note FROM cqlwire_examples.measurements";
const PING: &str = "SELECT release_version FROM system.local";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let session = common::connect().await?;
    common::fill(&session).await?;

    let nothing = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    };
    report("alone", &beat(&session, nothing).await?);
    report("beside a scan", &beat(&session, scan(&session)).await?);
    Ok(())
}

/// Reads the whole table five times over.
async fn scan(session: &Session) -> Result<()> {
    for _ in 0..5 {
        let mut rows = session.query(SELECT, ()).rows::<(i32, i32, f64, String)>();
        while rows.try_next().await?.is_some() {}
    }
    Ok(())
}

/// The latencies of small requests, one every 5 ms, until `work` is done.
async fn beat(
    session: &Session,
    work: impl Future<Output = Result<()>>,
) -> Result<Histogram<u64>, Box<dyn Error>> {
    let ping = session.prepare(PING).await?;
    let mut latencies = Histogram::new_with_max(60_000_000, 3)?;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done.map(|()| latencies)?),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
        let started = Instant::now();
        let answer = session.execute(&ping, ());
        tokio::select! {
            done = &mut work => return Ok(done.map(|()| latencies)?),
            answer = answer => drop(answer?),
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        latencies.saturating_record(micros);
    }
}

fn report(what: &str, latencies: &Histogram<u64>) {
    let at = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
    println!("{what}: {} beats, p50 {:?}, p99 {:?}", latencies.len(), at(0.5), at(0.99));
}
