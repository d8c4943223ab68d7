//! What the handles and the streams of a session have in common: the gate, the cluster, and what
//! counts in its resources.

use std::time::Duration;

use cqlwire_cluster::Cluster;
use cqlwire_net::Deadline;
use cqlwire_stream::PageBudget;
use tokio_util::task::TaskTracker;

use crate::gate::{Gate, Inside};
use crate::stream_totals::StreamCounters;
use crate::{ErrorKind, ExecutionProfile, Resources};

/// How long tasks that were told to end may take, at the end of a close whose deadline has passed.
const TASKS_GRACE: Duration = Duration::from_millis(50);

/// See the [module](self).
pub(crate) struct Core {
    gate: Gate,
    cluster: Cluster,
    tasks: TaskTracker,
    pub(crate) profile: ExecutionProfile,
    pub(crate) budget: PageBudget,
    pub(crate) streams: StreamCounters,
    /// That of unqualified names.
    pub(crate) keyspace: Option<String>,
    pub(crate) schema_agreement_timeout: Duration,
}

impl Core {
    pub(crate) fn new(
        cluster: Cluster,
        tasks: TaskTracker,
        profile: ExecutionProfile,
        budget: PageBudget,
        keyspace: Option<String>,
        schema_agreement_timeout: Duration,
    ) -> Self {
        let (gate, streams) = (Gate::default(), StreamCounters::default());
        Self { gate, streams, cluster, tasks, profile, budget, keyspace, schema_agreement_timeout }
    }

    /// Lets a call in.
    pub(crate) fn enter(&self) -> Result<Inside<'_>, ErrorKind> {
        self.gate.enter().ok_or(ErrorKind::SessionClosed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    pub(crate) const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Lets nobody in, waits for those inside, and closes everything; at the deadline all the same.
    pub(crate) async fn close(&self, deadline: Deadline) {
        self.gate.close();
        self.tasks.close();
        tokio::select! {
            () = self.gate.empty() => {}
            () = tokio::time::sleep_until(deadline.at().into()) => {}
        }
        self.cluster.close(deadline).await;
        // What is left are tasks that have been told to end, and need no more than their turn.
        let ends = Deadline::after(deadline.remaining().max(TASKS_GRACE));
        tokio::select! {
            () = self.tasks.wait() => {}
            () = tokio::time::sleep_until(ends.at().into()) => {
                tracing::warn!(tasks = self.tasks.len(), "tasks of a closed session do not end");
            }
        }
    }

    pub(crate) fn resources(&self) -> Resources {
        let pools = self.cluster.usage();
        let pages = self.budget.usage();
        Resources {
            connections: pools.connections,
            tasks: self.tasks.len(),
            calls: self.gate.count(),
            requests: pools.usage.requests,
            in_flight: pools.usage.in_flight,
            orphaned: pools.usage.orphaned,
            waiting: pools.usage.waiting,
            outgoing_bytes: pools.usage.outgoing_bytes,
            pages: pages.pages,
            page_bytes: pages.bytes,
            reserved_bytes: pages.reserved_bytes,
        }
    }
}
