//! The hosts to try for one request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cqlwire_net::panic_message;
use cqlwire_pool::Offer;
use uuid::Uuid;

use super::choice::{Choice, Hosts};
use super::{LoadBalancing, Routing, TokenAware, Tried};
use crate::{Host, HostIndex, KeyspacePools, Topology};

/// The hosts to try for one request, one after the other, in the topology as it was when the
/// request began.
#[derive(Clone, Debug)]
pub struct Plan {
    topology: Arc<Topology>,
    draw: u64,
    /// Those before the last. Nothing is allocated before a second one is asked for.
    tried: Option<Box<Tried>>,
    last: Option<HostIndex>,
    only: Only,
}

/// The host that has its turn.
#[derive(Debug)]
#[non_exhaustive]
pub struct Turn<'a> {
    /// The host.
    pub host: &'a Arc<Host>,
    /// Its least busy connection for the request, if that was looked at when the host was chosen:
    /// another look at the pool is saved.
    pub offer: Option<Offer>,
}

/// Is there but one host that is to be tried?
#[derive(Copy, Clone, Debug)]
enum Only {
    Any,
    Host(HostIndex),
    /// It is not in the cluster.
    Nobody,
}

/// Who chooses.
#[derive(Clone, Debug)]
pub(crate) enum Policy {
    /// Ours, which needs no call through a table and does not panic.
    TokenAware(TokenAware),
    /// A user's.
    Custom(Arc<dyn LoadBalancing>),
}

/// The policy of a user panicked: the request that it was asked for fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the load balancing policy panicked: {message}")]
pub struct PolicyPanicked {
    /// What it said.
    pub message: String,
}

impl Plan {
    pub(crate) fn new(topology: Arc<Topology>, pinned: Option<Uuid>, draw: u64) -> Self {
        let only = match pinned {
            None => Only::Any,
            Some(host_id) => topology.find(host_id).map_or(Only::Nobody, Only::Host),
        };
        Self { topology, draw, tried: None, last: None, only }
    }

    /// The next host to try; `None` if there is no other.
    ///
    /// # Errors
    ///
    /// [`PolicyPanicked`].
    #[inline]
    pub(crate) fn next(
        &mut self,
        policy: &Policy,
        by: Option<&dyn LoadBalancing>,
        request: &Routing<'_>,
        own: Option<&KeyspacePools>,
    ) -> Result<Option<Turn<'_>>, PolicyPanicked> {
        if let Some(last) = self.last.take() {
            self.tried.get_or_insert_default().insert(last);
        }
        let next = match (self.only, by, policy) {
            (Only::Any, Some(by), _) => self.ask(by, request)?.map(Choice::of),
            (Only::Any, None, Policy::TokenAware(policy)) => {
                let hosts = Hosts::new(&self.topology, own);
                policy.choose(request, hosts, self.draw, self.tried())
            }
            (Only::Any, None, Policy::Custom(policy)) => {
                self.ask(&**policy, request)?.map(Choice::of)
            }
            (Only::Host(host), ..) => {
                Some(host).filter(|host| !self.tried().contains(*host)).map(Choice::of)
            }
            (Only::Nobody, ..) => None,
        };
        let Some(Choice { host, offer }) = next else { return Ok(None) };
        self.last = Some(host);
        Ok(Some(Turn { host: self.topology.host(host), offer }))
    }

    /// The host that has its turn, if it is anybody's.
    #[inline]
    pub fn host(&self) -> Option<&Arc<Host>> {
        self.last.map(|host| self.topology.host(host))
    }

    /// Has the hosts that have had their turn by another plan no turn by this one. Both have to be of
    /// one request.
    pub fn leave_to(&mut self, other: &Self) {
        if !Arc::ptr_eq(&self.topology, &other.topology) {
            return;
        }
        if let Some(last) = other.last.filter(|last| self.last != Some(*last)) {
            self.tried.get_or_insert_default().insert(last);
        }
    }

    fn tried(&self) -> &Tried {
        self.tried.as_deref().unwrap_or(Tried::NONE)
    }

    fn ask(
        &self,
        policy: &dyn LoadBalancing,
        request: &Routing<'_>,
    ) -> Result<Option<HostIndex>, PolicyPanicked> {
        let asked = || policy.next(request, &self.topology, self.draw, self.tried());
        let next = catch_unwind(AssertUnwindSafe(asked))
            .map_err(|payload| PolicyPanicked { message: panic_message(&*payload) })?;
        // One that gives a host twice would never come to an end.
        Ok(next.filter(|host| self.topology.has(*host) && !self.tried().contains(*host)))
    }
}
