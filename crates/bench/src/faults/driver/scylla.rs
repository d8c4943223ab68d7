//! The `scylla` driver.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ::scylla::client::PoolSize;
use ::scylla::client::execution_profile::ExecutionProfile;
use ::scylla::client::session::Session;
use ::scylla::client::session_builder::SessionBuilder;
use ::scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use ::scylla::policies::load_balancing::DefaultPolicy;
use ::scylla::policies::speculative_execution::SimpleSpeculativeExecutionPolicy;
use ::scylla::statement::Consistency;
use ::scylla::statement::prepared::PreparedStatement;

use super::{Driver, Failure, Outcome, checked};
use crate::Result;
use crate::faults::process::{APPEND, READ, TUNED_DELAY, TUNED_MOST, Task, WRITE};
use crate::faults::statements::{Statements, texts};
use crate::work::{NAME, PAYLOAD};

/// A session of `scylla`.
#[derive(Debug)]
pub(in crate::faults) struct Scylla {
    session: Session,
    read: Statements<PreparedStatement>,
    write: Statements<PreparedStatement>,
    append: PreparedStatement,
}

impl Driver for Scylla {
    async fn connect(task: &Task) -> Result<Self> {
        let balancing = DefaultPolicy::builder().prefer_datacenter(task.data_center.clone());
        let mut profile = ExecutionProfile::builder()
            .consistency(Consistency::LocalQuorum)
            .request_timeout(Some(Duration::from_millis(task.timeout)))
            .load_balancing_policy(balancing.build());
        if task.tuned {
            let policy = SimpleSpeculativeExecutionPolicy {
                max_retry_count: usize::try_from(TUNED_MOST)?,
                retry_interval: TUNED_DELAY,
            };
            profile = profile.speculative_execution_policy(Some(Arc::new(policy)));
        }
        let connections = NonZeroUsize::new(task.connections).unwrap_or(NonZeroUsize::MIN);
        let mut builder = SessionBuilder::new()
            .known_nodes_addr(&task.contact_points)
            .pool_size(PoolSize::PerHost(connections))
            .default_execution_profile_handle(profile.build().into_handle());
        if !task.translated.is_empty() {
            let addresses: HashMap<SocketAddr, SocketAddr> =
                task.translated.iter().copied().collect();
            builder = builder.address_translator(Arc::new(addresses));
        }
        let session = builder.build().await?;
        let read = prepare(&session, READ, task.statements).await?;
        let write = prepare(&session, WRITE, task.statements).await?;
        let append = session.prepare(APPEND).await?;
        Ok(Self { session, read, write, append })
    }

    async fn read(&self, id: i64) -> Outcome {
        let request = self.session.execute_unpaged(self.read.of(id), (id,));
        let result = request.await.map_err(failure)?;
        let by = result.request_coordinator().connection_address();
        let wrong = |error: &dyn std::fmt::Display| Failure::new("wrong answer", error);
        let rows = result.into_rows_result().map_err(|error| wrong(&error))?;
        let row = rows.maybe_first_row::<(i64, &str, &[u8])>().map_err(|error| wrong(&error))?;
        checked(id, row.map(|(id, name, _)| (id, name)), Some(by))
    }

    async fn write(&self, id: i64) -> Outcome {
        let values = (id, NAME, PAYLOAD.as_slice());
        let request = self.session.execute_unpaged(self.write.of(id), values);
        let result = request.await.map_err(failure)?;
        Ok(Some(result.request_coordinator().connection_address()))
    }

    async fn append(&self, id: i64) -> Outcome {
        let mark: &[i64] = &[id];
        let request = self.session.execute_unpaged(&self.append, (mark, id));
        let result = request.await.map_err(failure)?;
        Ok(Some(result.request_coordinator().connection_address()))
    }
}

/// Idempotent statements of so many texts.
async fn prepare(
    session: &Session,
    text: &str,
    count: usize,
) -> Result<Statements<PreparedStatement>> {
    let mut prepared = Vec::new();
    for text in texts(text, count) {
        let mut statement = session.prepare(text).await?;
        statement.set_is_idempotent(true);
        prepared.push(statement);
    }
    Ok(Statements::new(prepared).ok_or("a text at least")?)
}

#[expect(clippy::needless_pass_by_value, reason = "it is for `map_err`")]
fn failure(error: ExecutionError) -> Failure {
    let kind = match &error {
        ExecutionError::RequestTimeout(_) => "timeout",
        ExecutionError::EmptyPlan => "no host available",
        ExecutionError::ConnectionPoolError(_) => "no connection",
        ExecutionError::LastAttemptError(RequestAttemptError::BrokenConnectionError(_)) => {
            "connection lost"
        }
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) => server(error),
        _ => "other",
    };
    Failure::new(kind, &error)
}

const fn server(error: &DbError) -> &'static str {
    match error {
        DbError::Unavailable { .. } => "server: UNAVAILABLE",
        DbError::ReadTimeout { .. } => "server: READ_TIMEOUT",
        DbError::WriteTimeout { .. } => "server: WRITE_TIMEOUT",
        DbError::ReadFailure { .. } => "server: READ_FAILURE",
        DbError::WriteFailure { .. } => "server: WRITE_FAILURE",
        DbError::Overloaded => "server: OVERLOADED",
        DbError::IsBootstrapping => "server: IS_BOOTSTRAPPING",
        DbError::ServerError => "server: SERVER_ERROR",
        _ => "server: other",
    }
}
