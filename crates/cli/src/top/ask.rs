//! Asking one host how it is: a light question, whose time is told, and then its virtual tables, all at
//! once.

use std::time::{Duration, Instant};

use cqlwire::stream::StreamRow;
use cqlwire::{ErrorCode, ErrorKind, Host, NeverRetry, Session};
use futures_util::future;
use uuid::Uuid;

use super::sample::{self, Sample};
use crate::connect;

/// How many rows come at a time: a row a table, and few clusters have more.
const PAGE: u32 = 5_000;

/// The answer, or why there is none within the time.
pub(super) async fn ask(
    session: &Session,
    host: &Host,
    within: Duration,
) -> Result<Sample, String> {
    match tokio::time::timeout(within, answer(session, host, within)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("it did not answer within {}", humantime::format_duration(within))),
    }
}

async fn answer(session: &Session, host: &Host, within: Duration) -> Result<Sample, String> {
    connect::connected(host, within).await?;
    let asked = Instant::now();
    let question = session.query("SELECT key FROM system.local", ());
    let answer = question.host(host.id()).retry_policy(NeverRetry).await;
    answer.map_err(|error| error.to_string())?;
    let answered_in = asked.elapsed();
    let view = View { session, host: host.id() };
    let (clients, reads, writes, pools) = future::try_join4(
        view.rows("SELECT * FROM system_views.clients"),
        view.rows("SELECT * FROM system_views.coordinator_read_latency"),
        view.rows("SELECT * FROM system_views.coordinator_write_latency"),
        view.rows("SELECT * FROM system_views.thread_pools"),
    )
    .await?;
    let lacking = [clients.why(), reads.why(), writes.why(), pools.why()];
    Ok(Sample {
        asked,
        answered_in,
        lacking: lacking.into_iter().flatten().next(),
        clients: clients.0.ok().map(|rows| sample::requests(rows, session.id())),
        reads: reads.0.ok().map(sample::latencies),
        writes: writes.0.ok().map(sample::latencies),
        pools: pools.0.ok().map(|rows| sample::tasks(&rows)),
    })
}

/// The rows of a virtual table, or why the host does not show it.
struct Shown<T>(Result<Vec<T>, String>);

impl<T> Shown<T> {
    fn why(&self) -> Option<String> {
        self.0.as_ref().err().cloned()
    }
}

/// The virtual tables of one host.
#[derive(Copy, Clone)]
struct View<'a> {
    session: &'a Session,
    host: Uuid,
}

impl View<'_> {
    /// All rows. A host that refuses them, since it is older or since this user may not see them, has
    /// answered all the same.
    async fn rows<T: StreamRow>(self, select: &str) -> Result<Shown<T>, String> {
        let rows = self.session.query(select, ()).host(self.host).retry_policy(NeverRetry);
        let mut rows = rows.page_size(PAGE).rows::<T>();
        let mut read = Vec::new();
        loop {
            match rows.try_next().await {
                Ok(Some(row)) => read.push(row),
                Ok(None) => return Ok(Shown(Ok(read))),
                Err(error) if is_lacking(error.kind()) => {
                    return Ok(Shown(Err(error.to_string())));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// Is there no such table, or none for this user, or is it another one than is known here?
const fn is_lacking(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Server { error, .. } => {
            matches!(error.code, ErrorCode::Invalid | ErrorCode::Unauthorized)
        }
        ErrorKind::Value { .. } => true,
        _ => false,
    }
}
