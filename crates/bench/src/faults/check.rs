//! The tables of a run, and whether they have in the end what they are to have.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use ::cqlwire::{Consistency, ExecutionProfile, Session};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{Class, Record, Task};
use crate::Result;
use crate::work::{NAME, PAYLOAD};

/// How many rows there are before a run, from 0 on: those that are read.
pub(super) const KNOWN_ROWS: i64 = 1_000;
/// The first id of those that are written.
pub(super) const FIRST_NEW: i64 = 1_000_000;
/// How long a cluster may take until all replicas of everything answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How long to wait for the next attempt.
const STEP: Duration = Duration::from_secs(1);

const KEYSPACE: &str = "CREATE KEYSPACE IF NOT EXISTS faults WITH replication = \
    {'class': 'NetworkTopologyStrategy', 'dc1': 3}";

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

/// Whoever makes the tables and reads them back: with cqlwire, for all drivers, and long before and
/// after anything happens.
#[derive(Debug)]
pub(super) struct Checker {
    session: Session,
}

impl Checker {
    pub(super) async fn connect(servers: &[SocketAddr]) -> Result<Self> {
        let points: Vec<String> = servers.iter().map(ToString::to_string).collect();
        let profile = ExecutionProfile::default().consistency(Consistency::All);
        let profile = profile.timeout(ATTEMPT).idempotent(true);
        let builder = Session::builder().contact_points(points).profile(profile);
        let session = builder.ready_when(servers.len()).connect().await?;
        session.query(KEYSPACE, ()).await?;
        Ok(Self { session })
    }

    /// Makes the tables of a run, and fills those that are read.
    pub(super) async fn prepare(&self, task: &Task) -> Result<()> {
        let session = &self.session;
        for statement in [
            format!(
                "CREATE TABLE {} (id bigint PRIMARY KEY, name text, payload blob)",
                task.rows()
            ),
            format!("CREATE TABLE {} (id bigint PRIMARY KEY, marks list<bigint>)", task.marks()),
        ] {
            session.query(&statement, ()).await?;
        }
        let insert = session.prepare(&task.write()).await?;
        let row = |id| {
            let request = session.execute(&insert, (id, NAME, PAYLOAD.as_slice()));
            async move { request.await }
        };
        let written = stream::iter(0..KNOWN_ROWS).map(row).buffer_unordered(16);
        written.try_for_each(|_| async { Ok(()) }).await?;
        Ok(())
    }

    /// Reads everything back, once all replicas are there.
    pub(super) async fn read_back(&self, task: &Task, record: &Record) -> Result<Found> {
        let begun = Instant::now();
        loop {
            match self.try_read_back(task, record).await {
                // Servers that have just started take others for down that are up.
                Err(_) if begun.elapsed() < PATIENCE => sleep(STEP).await,
                found => return found,
            }
        }
    }

    async fn try_read_back(&self, task: &Task, record: &Record) -> Result<Found> {
        let select = format!("SELECT id FROM {}", task.rows());
        let mut rows = self.session.query(&select, ()).rows::<(i64,)>();
        let mut there = HashSet::new();
        while let Some((id,)) = rows.try_next().await? {
            there.insert(id);
        }
        let select = format!("SELECT id, marks FROM {}", task.marks());
        let mut rows = self.session.query(&select, ()).rows::<(i64, Vec<i64>)>();
        let mut twice = 0;
        while let Some((id, marks)) = rows.try_next().await? {
            there.insert(id);
            twice += u64::from(marks.len() > 1);
        }
        Ok(found(record, &there, twice))
    }
}

fn found(record: &Record, there: &HashSet<i64>, twice: u64) -> Found {
    let acknowledged: Vec<i64> = record
        .samples
        .iter()
        .filter(|sample| sample.class != Class::Read && sample.failed.is_none())
        .map(|sample| sample.id)
        .collect();
    let lost = acknowledged.iter().filter(|id| !there.contains(id)).count();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Found { acknowledged: count(acknowledged.len()), lost: count(lost), twice }
}

#[cfg(test)]
mod tests {
    use super::super::Sample;
    use super::*;

    #[test]
    fn only_what_was_acknowledged_can_be_lost() {
        let sample = |class, id, failed| Sample { class, id, due: 0, took: 0, failed };
        let samples = vec![
            sample(Class::Read, 1, None),
            sample(Class::Write, 2, None),
            sample(Class::Write, 3, Some(0)),
            sample(Class::Append, 4, None),
        ];
        let record = Record { samples, ..Record::default() };
        let there = HashSet::from([4]);
        assert_eq!(found(&record, &there, 0), Found { acknowledged: 2, lost: 1, twice: 0 });
    }
}
