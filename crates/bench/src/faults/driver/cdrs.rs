//! The `cdrs-tokio` driver. It has no timeout of a request, so that its users set their own.

use std::fmt;
use std::time::Duration;

use cdrs_tokio::cluster::connection_pool::ConnectionPoolConfigBuilder;
use cdrs_tokio::cluster::session::{Session, SessionBuilder, TcpSessionBuilder};
use cdrs_tokio::cluster::{NodeTcpConfigBuilder, TcpConnectionManager};
use cdrs_tokio::consistency::Consistency;
use cdrs_tokio::error::Error;
use cdrs_tokio::frame::Envelope;
use cdrs_tokio::load_balancing::TopologyAwareLoadBalancingStrategy;
use cdrs_tokio::load_balancing::node_distance_evaluator::TopologyAwareNodeDistanceEvaluator;
use cdrs_tokio::query::{PreparedQuery, QueryValues};
use cdrs_tokio::query_values;
use cdrs_tokio::speculative_execution::ConstantSpeculativeExecutionPolicy;
use cdrs_tokio::statement::StatementParamsBuilder;
use cdrs_tokio::transport::TransportTcp;
use cdrs_tokio::types::IntoRustByIndex;
use tokio::time::timeout;

use super::{Driver, Failure, Outcome, checked};
use crate::Result;
use crate::faults::process::{APPEND, READ, TUNED_DELAY, TUNED_MOST, Task, WRITE};
use crate::faults::statements::{Statements, texts};
use crate::work::{NAME, PAYLOAD};

type Balancing = TopologyAwareLoadBalancingStrategy<TransportTcp, TcpConnectionManager>;

/// A session of `cdrs-tokio`.
pub(in crate::faults) struct Cdrs {
    session: Session<TransportTcp, TcpConnectionManager, Balancing>,
    read: Statements<PreparedQuery>,
    write: Statements<PreparedQuery>,
    append: PreparedQuery,
    timeout: Duration,
}

impl fmt::Debug for Cdrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cdrs").finish_non_exhaustive()
    }
}

impl Driver for Cdrs {
    async fn connect(task: &Task) -> Result<Self> {
        let points = task.contact_points.iter().map(|point| (*point).into()).collect();
        let config = NodeTcpConfigBuilder::new().with_contact_points(points).build().await?;
        let distance = TopologyAwareNodeDistanceEvaluator::new(task.data_center.clone());
        let pool = ConnectionPoolConfigBuilder::new().with_local_size(task.connections).build();
        let mut builder = TcpSessionBuilder::new(Balancing::new(None, false), config)
            .with_node_distance_evaluator(Box::new(distance))
            .with_connection_pool_config(pool);
        if task.tuned {
            let most = usize::try_from(TUNED_MOST + 1)?;
            let policy = ConstantSpeculativeExecutionPolicy::new(most, TUNED_DELAY);
            builder = builder.with_speculative_execution_policy(Box::new(policy));
        }
        let session = builder.build().await?;
        let (mut read, mut write) = (Vec::new(), Vec::new());
        for text in texts(READ, task.statements) {
            read.push(session.prepare(text).await?);
        }
        for text in texts(WRITE, task.statements) {
            write.push(session.prepare(text).await?);
        }
        let read = Statements::new(read).ok_or("a text at least")?;
        let write = Statements::new(write).ok_or("a text at least")?;
        let append = session.prepare(APPEND).await?;
        let timeout = Duration::from_millis(task.timeout);
        Ok(Self { session, read, write, append, timeout })
    }

    async fn read(&self, id: i64) -> Outcome {
        let answer = self.execute(self.read.of(id), query_values!(id), true).await?;
        let body = answer.response_body().map_err(|error| failure(&error))?;
        let rows = body.into_rows().unwrap_or_default();
        let Some(row) = rows.first() else { return checked(id, None, None) };
        let own: i64 = row.get_r_by_index(0).map_err(|error| failure(&error))?;
        let name: String = row.get_r_by_index(1).map_err(|error| failure(&error))?;
        checked(id, Some((own, &name)), None)
    }

    async fn write(&self, id: i64) -> Outcome {
        let values = query_values!(id, NAME, PAYLOAD.to_vec());
        self.execute(self.write.of(id), values, true).await.map(|_| None)
    }

    async fn append(&self, id: i64) -> Outcome {
        self.execute(&self.append, query_values!(vec![id], id), false).await.map(|_| None)
    }
}

impl Cdrs {
    async fn execute(
        &self,
        statement: &PreparedQuery,
        values: QueryValues,
        idempotent: bool,
    ) -> std::result::Result<Envelope, Failure> {
        let parameters = StatementParamsBuilder::new()
            .with_consistency(Consistency::LocalQuorum)
            .with_values(values)
            .idempotent(idempotent)
            .build();
        let request = self.session.exec_with_params(statement, &parameters);
        match timeout(self.timeout, request).await {
            Ok(answer) => answer.map_err(|error| failure(&error)),
            Err(passed) => Err(Failure::new("timeout", passed)),
        }
    }
}

fn failure(error: &Error) -> Failure {
    let kind = match error {
        Error::Io(_) => "connection lost".to_owned(),
        Error::Timeout(_) => "timeout, of the driver".to_owned(),
        Error::Server { body, .. } => {
            let kind = format!("{:?}", body.ty);
            let end = kind.find(['(', ' ', '{']).unwrap_or(kind.len());
            format!("server: {}", kind.get(..end).unwrap_or_default())
        }
        Error::General(_) => "general".to_owned(),
        _ => "other".to_owned(),
    };
    Failure::new(kind, error)
}
