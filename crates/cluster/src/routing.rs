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
    pub(crate) const fn rotated(topology: Arc<Topology>, start: usize) -> Self {
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
        let host = hosts.get(self.start.wrapping_add(self.given) % hosts.len())?;
        self.given += 1;
        Some(Arc::clone(host))
    }
}
