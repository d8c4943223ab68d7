//! The phase on the canned node: so many calls as fast as they go, and every row that comes is checked.

use std::time::Duration;

use cqlwire::{ExecutionProfile, PreparedStatement, Session};
use fastrand::Rng;

use super::SoakArguments;
use super::phase::{self, PhaseReport, Progress, Until};
use super::sample::of_the_process;
use super::user::{Fault, PAGES_OF_A_STREAM, User};
use crate::Result;
use crate::compare::Server;
use crate::work::{FILL, INSERT, KEYS, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN, SCAN_NAME, check_row};

/// How many rows a batch inserts.
const BATCH_ROWS: i64 = 8;

/// Runs the phase.
pub(super) async fn phase(server: &Server, arguments: &SoakArguments) -> Result<PhaseReport> {
    let before = of_the_process();
    let timeout = arguments.call_timeout();
    let builder = Session::builder().contact_points([server.address.to_string()]);
    let profile = ExecutionProfile::default().timeout(timeout);
    let session = builder.profile(profile).connect().await?;
    let read = session.prepare(READ).await?;
    let insert = session.prepare(INSERT).await?;
    let user = || CannedUser {
        session: session.clone(),
        read: read.clone(),
        insert: insert.clone(),
        timeout,
    };
    let users = std::iter::repeat_with(user).take(arguments.users.into()).collect();
    drop((read, insert));
    let progress = Progress::new(Until::Calls(arguments.requests), arguments);
    let mut report = phase::run("canned node", session, users, progress, before).await?;
    // It is always there, and does what it is asked for.
    let failed = report.calls.others.failed.iter();
    let failed: Vec<_> = failed.map(|(kind, count)| format!("{count} calls: {kind}")).collect();
    report.faults.extend(failed);
    Ok(report)
}

/// One of them.
#[derive(Debug)]
struct CannedUser {
    session: Session,
    read: PreparedStatement,
    insert: PreparedStatement,
    timeout: Duration,
}

impl CannedUser {
    async fn read(&self, key: i64) -> Result<(), Fault> {
        let result = self.session.execute(&self.read, (key,)).await?;
        let (id, name, payload) = result.one_row::<(i64, &str, &[u8])>()?;
        check_row(key, id, name, payload).map_err(|error| Fault::Wrong(error.to_string()))
    }

    async fn insert(&self, key: i64) -> Result<(), Fault> {
        let values = (key, NAME, PAYLOAD.as_slice());
        self.session.execute(&self.insert, values).idempotent(true).await?;
        Ok(())
    }

    async fn batch(&self, key: i64) -> Result<(), Fault> {
        let mut batch = self.session.batch().unlogged();
        let rows = key..key + BATCH_ROWS;
        batch.add_all(&self.insert, rows.map(|key| (key, NAME, PAYLOAD.as_slice())))?;
        batch.execute().idempotent(true).await?;
        Ok(())
    }

    /// Of what is known: it takes real servers to turn texts over, since the canned node knows four.
    async fn prepare(&self, text: &str) -> Result<(), Fault> {
        drop(self.session.prepare(text).await?);
        Ok(())
    }

    /// Some pages, as far as the middle of one.
    async fn stream(&self, rows: u32) -> Result<(), Fault> {
        let scan = self.session.prepare(SCAN).await?;
        let execution = self.session.execute(&scan, ()).page_size(PAGE_ROWS);
        let mut stream = execution.rows::<(i64, String, f64, Vec<u8>)>();
        for expected in 0..i64::from(rows) {
            let Some((id, name, ..)) = stream.try_next().await? else {
                return Err(Fault::Wrong(format!("the end at {expected}")));
            };
            if (id, &*name) != (expected, SCAN_NAME) {
                return Err(Fault::Wrong(format!("row {id} instead of {expected}")));
            }
        }
        Ok(())
    }
}

impl User for CannedUser {
    async fn ask(&mut self, rng: &mut Rng) -> Result<(), Fault> {
        let key = rng.i64(..KEYS);
        match rng.u16(..2_000) {
            // A page is as much as hundreds of rows that are read by their key.
            0 => self.stream(rng.u32(1..PAGES_OF_A_STREAM * PAGE_ROWS)).await,
            1..=20 => self.prepare(if key % 2 == 0 { SCAN } else { FILL }).await,
            21..=60 => self.batch(key).await,
            61..=1_000 => self.insert(key).await,
            _ => self.read(key).await,
        }
    }

    fn limit(&self) -> Duration {
        self.timeout * PAGES_OF_A_STREAM
    }
}
