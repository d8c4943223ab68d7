//! A table of sensor readings: written, read back, and checked.

use std::time::{Duration, Instant};

use cqlwire::{PreparedStatement, Result, Session};
use futures_util::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;

use crate::report::{Failure, progress};

const SENSORS: i32 = 100;
const READINGS_EACH: i32 = 1_000;
/// How many rows the demo writes.
pub(crate) const ROWS: u32 = SENSORS.unsigned_abs() * READINGS_EACH.unsigned_abs();

/// How many writes are under way at once.
const CONCURRENT_WRITES: usize = 256;
const PAGE_SIZE: u32 = 1_000;

const KEYSPACE: &str = "CREATE KEYSPACE IF NOT EXISTS cqlwire_demo \
    WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS cqlwire_demo.readings \
    (sensor int, number int, celsius double, note text, PRIMARY KEY (sensor, number))";
const INSERT: &str =
    "INSERT INTO cqlwire_demo.readings (sensor, number, celsius, note) VALUES (?, ?, ?, ?)";
const SELECT: &str = "SELECT sensor, number, celsius, note FROM cqlwire_demo.readings";

/// One row.
type Reading = (i32, i32, f64, String);

/// The row with this number, from 0: what is written, and what has to come back.
fn reading(row: u32) -> Reading {
    let row = i32::try_from(row).unwrap_or(i32::MAX);
    let (sensor, number) = (row / READINGS_EACH, row % READINGS_EACH);
    let celsius = f64::from(sensor) + f64::from(number) / 16.0;
    (sensor, number, celsius, format!("reading {number} of sensor {sensor}"))
}

/// How fast it went.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) elapsed: Duration,
    pub(crate) latency_micros: Histogram<u64>,
}

/// How fast it went.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) elapsed: Duration,
    pub(crate) progress: cqlwire::Progress,
}

pub(crate) async fn create_table(session: &Session) -> Result<(), Failure> {
    for statement in [KEYSPACE, TABLE] {
        let result = session.query(statement, ()).timeout(Duration::from_secs(30)).await?;
        if result.schema_agreed() == Some(false) {
            return Err(Failure::Wrong("the servers do not agree on the schema".to_owned()));
        }
    }
    Ok(())
}

pub(crate) async fn write_all(session: &Session) -> Result<Written, Failure> {
    let insert = session.prepare(INSERT).await?;
    let bar = progress("writing");
    let started = Instant::now();
    // Up to a minute, which is more than any deadline here.
    let mut latency_micros = Histogram::new_with_max(60_000_000, 3)?;
    let mut writes = stream::iter(0..ROWS)
        .map(|row| write_one(session, &insert, row))
        .buffer_unordered(CONCURRENT_WRITES);
    while let Some(latency) = writes.try_next().await? {
        latency_micros.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        bar.inc(1);
    }
    drop(writes);
    bar.finish_and_clear();
    Ok(Written { elapsed: started.elapsed(), latency_micros })
}

async fn write_one(session: &Session, insert: &PreparedStatement, row: u32) -> Result<Duration> {
    let started = Instant::now();
    // To write the same row twice is to write it once.
    session.execute(insert, reading(row)).idempotent(true).await?;
    Ok(started.elapsed())
}

pub(crate) async fn read_all(session: &Session) -> Result<Read, Failure> {
    let select = session.prepare(SELECT).await?;
    let bar = progress("reading");
    let mut seen = vec![false; usize::try_from(ROWS).unwrap_or_default()];
    let started = Instant::now();
    let mut rows = session.execute(&select, ()).page_size(PAGE_SIZE).rows::<Reading>();
    while let Some(row) = rows.try_next().await? {
        check(row, &mut seen)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let missing = seen.iter().filter(|seen| !**seen).count();
    if missing > 0 {
        return Err(Failure::Wrong(format!("{missing} rows did not come back")));
    }
    Ok(Read { elapsed: started.elapsed(), progress: rows.progress() })
}

/// Is it one of the rows that were written, as it was written, and for the first time?
fn check(row: Reading, seen: &mut [bool]) -> Result<(), Failure> {
    let position = i64::from(row.0) * i64::from(READINGS_EACH) + i64::from(row.1);
    let expected = u32::try_from(position).ok().filter(|position| *position < ROWS).map(reading);
    if expected.as_ref() != Some(&row) {
        return Err(Failure::Wrong(format!("{row:?} was never written")));
    }
    let seen = usize::try_from(position).ok().and_then(|position| seen.get_mut(position));
    match seen.map(|seen| std::mem::replace(seen, true)) {
        Some(false) => Ok(()),
        _ => Err(Failure::Wrong(format!("{row:?} came twice"))),
    }
}
