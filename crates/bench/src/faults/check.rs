//! The tables of a run, and whether they have in the end what they are to have.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use ::cqlwire::{Consistency, ExecutionProfile, HostDescription, HostFilter, Session};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::counts::OBSERVER;
use super::process::WRITE;
use super::{Class, Record};
use crate::work::{NAME, PAYLOAD};
use crate::{Result, ensure};

/// How many rows there are before a run, from 0 on: those that are read.
pub(super) const KNOWN_ROWS: i64 = 1_000;
/// How many of the servers are always where they are.
const STAY: usize = 2;
/// How many rows are written at once.
const AT_ONCE: usize = 16;
/// How long a cluster may take until all replicas of everything answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How long to wait for the next attempt.
const STEP: Duration = Duration::from_secs(1);

const SCHEMA: [&str; 3] = [
    "CREATE KEYSPACE faults WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
    "CREATE TABLE faults.rows (id bigint PRIMARY KEY, name text, payload blob)",
    "CREATE TABLE faults.marks (id bigint PRIMARY KEY, marks list<bigint>)",
];

/// What was found when all that was written was read back, with all replicas.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// Writes of both kinds that were acknowledged.
    pub(super) acknowledged: u64,
    /// Those of them that are not there.
    pub(super) lost: u64,
    /// Appends that were done twice.
    pub(super) twice: u64,
}

/// The servers that are asked, for all replicas: they are at their places always. Another one would be
/// dialled where it was, and that is counted.
#[derive(Debug)]
struct Stays(Vec<SocketAddr>);

impl HostFilter for Stays {
    fn accepts(&self, host: &HostDescription) -> bool {
        self.0.iter().any(|stays| host.address.socket() == Some(*stays))
    }
}

/// Whoever makes the tables and reads them back: with cqlwire, for all drivers, and long before and
/// after anything happens.
#[derive(Debug)]
pub(super) struct Checker {
    session: Session,
}

impl Checker {
    pub(super) async fn connect(servers: &[SocketAddr]) -> Result<Self> {
        let stay = servers.get(..STAY).unwrap_or(servers);
        let points: Vec<String> = stay.iter().map(ToString::to_string).collect();
        let profile = ExecutionProfile::default().consistency(Consistency::All);
        let profile = profile.timeout(ATTEMPT).idempotent(true);
        let builder = Session::builder().contact_points(points).profile(profile);
        let builder = builder.application_name(OBSERVER).host_filter(Stays(stay.to_vec()));
        let session = builder.connect().await?;
        let begun = Instant::now();
        // Servers that have just started may not have told each other of all of them yet.
        while session.topology().hosts().len() < servers.len() {
            ensure(begun.elapsed() < PATIENCE, "all servers know each other")?;
            sleep(STEP).await;
        }
        Ok(Self { session })
    }

    /// Makes the tables, and fills what is read.
    pub(super) async fn prepare(&self) -> Result<()> {
        let session = &self.session;
        for statement in SCHEMA {
            session.query(statement, ()).await?;
        }
        let insert = session.prepare(WRITE).await?;
        let write = |id| {
            let request = session.execute(&insert, (id, NAME, PAYLOAD.as_slice()));
            async move { request.await.map(drop) }
        };
        let written = stream::iter(0..KNOWN_ROWS).map(write).buffer_unordered(AT_ONCE);
        written.try_for_each(|()| async { Ok(()) }).await?;
        Ok(())
    }

    /// Reads everything back, once all replicas are there.
    pub(super) async fn read_back(&self, record: &Record) -> Result<Found> {
        let begun = Instant::now();
        loop {
            match self.try_read_back(record).await {
                // Servers that have just started take others for down that are up.
                Err(_) if begun.elapsed() < PATIENCE => sleep(STEP).await,
                found => return found,
            }
        }
    }

    async fn try_read_back(&self, record: &Record) -> Result<Found> {
        let mut rows = self.session.query("SELECT id FROM faults.rows", ()).rows::<(i64,)>();
        let mut there = HashSet::new();
        while let Some((id,)) = rows.try_next().await? {
            there.insert(id);
        }
        let select = "SELECT id, marks FROM faults.marks";
        let mut rows = self.session.query(select, ()).rows::<(i64, Vec<i64>)>();
        let mut doubled = HashSet::new();
        while let Some((id, marks)) = rows.try_next().await? {
            there.insert(id);
            if marks.len() > 1 {
                doubled.insert(id);
            }
        }
        Ok(found(record, &there, &doubled))
    }
}

fn found(record: &Record, there: &HashSet<i64>, doubled: &HashSet<i64>) -> Found {
    let acknowledged: Vec<i64> = record
        .samples
        .iter()
        .filter(|sample| sample.class != Class::Read && sample.failed.is_none())
        .map(|sample| sample.id)
        .collect();
    let lost = acknowledged.iter().filter(|id| !there.contains(id)).count();
    // Acknowledged or not. Tables have the rows of other runs as well.
    let appends = record.samples.iter().filter(|sample| sample.class == Class::Append);
    let twice = appends.filter(|sample| doubled.contains(&sample.id)).count();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Found { acknowledged: count(acknowledged.len()), lost: count(lost), twice: count(twice) }
}

#[cfg(test)]
mod tests {
    use super::super::Sample;
    use super::*;

    #[test]
    fn only_what_was_acknowledged_can_be_lost_and_all_appends_can_be_done_twice() {
        let sample = |class, id, failed| Sample { class, id, due: 0, took: 0, failed, host: None };
        let samples = vec![
            sample(Class::Read, 1, None),
            sample(Class::Write, 2, None),
            sample(Class::Write, 3, Some(0)),
            sample(Class::Append, 4, None),
            sample(Class::Append, 5, Some(0)),
        ];
        let record = Record { samples, ..Record::default() };
        let (there, doubled) = (HashSet::from([4, 5, 99]), HashSet::from([5, 99]));
        let found = found(&record, &there, &doubled);
        assert_eq!(found, Found { acknowledged: 2, lost: 1, twice: 1 });
    }
}
