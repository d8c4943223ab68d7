//! From a request to the hosts to try for it.

use std::sync::Arc;

use crate::{Host, Topology};

/// The hosts to try for one request, in order, each once.
#[derive(Clone, Debug)]
pub struct Plan {
    topology: Arc<Topology>,
    start: usize,
    given: usize,
}

impl Plan {
    /// All hosts, from the one at `start` (modulo their number) on.
    pub(crate) fn rotated(topology: Arc<Topology>, start: usize) -> Self {
        // Counted from there, the numbers do not run over.
        let start = start.checked_rem(topology.hosts().len()).unwrap_or_default();
        Self { topology, start, given: 0 }
    }
}

impl Iterator for Plan {
    type Item = Arc<Host>;

    fn next(&mut self) -> Option<Arc<Host>> {
        let hosts = self.topology.hosts();
        if self.given == hosts.len() {
            return None;
        }
        let index = self.start + self.given;
        let host = hosts.get(index).or_else(|| hosts.get(index - hosts.len()))?;
        self.given += 1;
        Some(Arc::clone(host))
    }
}
