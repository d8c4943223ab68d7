//! What the handles and the streams of a session have in common: the gate, the cluster, and what
//! counts in its resources.

use std::time::Duration;

use cqlwire_cluster::Cluster;
use cqlwire_net::Deadline;
use cqlwire_stream::PageBudget;

use crate::gate::{Gate, Inside};
use crate::stream_totals::StreamCounters;
use crate::{ErrorKind, ExecutionProfile, Resources};

/// See the [module](self).
pub(crate) struct Core {
    gate: Gate,
    cluster: Cluster,
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
        profile: ExecutionProfile,
        budget: PageBudget,
        keyspace: Option<String>,
        schema_agreement_timeout: Duration,
    ) -> Self {
        let (gate, streams) = (Gate::default(), StreamCounters::default());
        Self { gate, streams, cluster, profile, budget, keyspace, schema_agreement_timeout }
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
        // At the deadline those inside are ended with their connections.
        deadline.bound(self.gate.empty()).await.unwrap_or_default();
        self.cluster.close(deadline).await;
    }

    pub(crate) fn resources(&self) -> Resources {
        let pools = self.cluster.usage();
        let pages = self.budget.usage();
        Resources {
            connections: pools.connections,
            tasks: self.cluster.tasks().len(),
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
