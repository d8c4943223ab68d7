//! What decides to which host a request goes.

use std::fmt;
use std::sync::Arc;

use cqlwire_codec::{Consistency, Token};

use crate::{HostIndex, Topology};

/// Chooses the hosts for a request, one after the other.
///
/// It is called on the task of the caller, before the request is sent and after each attempt that
/// failed, under no lock; if it blocks or panics, its own request alone is late or fails. It keeps
/// nothing of a request: what it needs is in its arguments.
///
/// ```
/// use cqlwire_cluster::{HostIndex, LoadBalancing, Routing, Topology, Tried};
///
/// /// The hosts in the order in which they are listed.
/// #[derive(Debug)]
/// struct InOrder;
///
/// impl LoadBalancing for InOrder {
///     fn next(
///         &self,
///         _: &Routing<'_>,
///         topology: &Topology,
///         _: u64,
///         tried: &Tried,
///     ) -> Option<HostIndex> {
///         topology.local_hosts().iter().copied().find(|host| !tried.contains(*host))
///     }
/// }
/// ```
pub trait LoadBalancing: fmt::Debug + Send + Sync + 'static {
    /// The next host to try; `None` if there is no other. `draw` is a random number, the same for
    /// all hosts of one request; `tried` are those that were given for it before.
    fn next(
        &self,
        request: &Routing<'_>,
        topology: &Topology,
        draw: u64,
        tried: &Tried,
    ) -> Option<HostIndex>;
}

impl<P: LoadBalancing + ?Sized> LoadBalancing for Arc<P> {
    fn next(
        &self,
        request: &Routing<'_>,
        topology: &Topology,
        draw: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        P::next(self, request, topology, draw, tried)
    }
}

/// What is known of a request when a host is chosen for it.
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub struct Routing<'a> {
    /// The keyspace that its partition is in.
    pub keyspace: Option<&'a str>,
    /// Where its partition is on the ring, if it is about one that is known.
    pub token: Option<Token>,
    /// How many replicas have to respond.
    pub consistency: Consistency,
    /// Is it decided by Paxos (`IF`, or a read at a serial consistency)? Coordinators that differ
    /// get in each other's way then.
    pub conditional: bool,
}

impl<'a> Routing<'a> {
    /// A request of which no more is known than its consistency.
    pub const fn new(consistency: Consistency) -> Self {
        Self { keyspace: None, token: None, consistency, conditional: false }
    }

    /// The same, about this place of the ring as the keyspace is replicated there.
    #[must_use]
    pub const fn at(mut self, keyspace: Option<&'a str>, token: Option<Token>) -> Self {
        (self.keyspace, self.token) = (keyspace, token);
        self
    }

    /// The same, decided by Paxos or not.
    #[must_use]
    pub const fn conditional(mut self, conditional: bool) -> Self {
        self.conditional = conditional;
        self
    }
}

/// The hosts that were tried for one request.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// A bit for each host. Nothing is allocated before the first is tried.
    bits: Vec<u64>,
}

impl Tried {
    /// No host.
    pub(crate) const NONE: &Self = &Self { bits: Vec::new() };

    /// Was this host tried?
    #[inline]
    pub fn contains(&self, host: HostIndex) -> bool {
        let (word, bit) = position(host);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Has none been tried?
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    #[cold]
    pub(crate) fn insert(&mut self, host: HostIndex) {
        let (word, bit) = position(host);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= bit;
        }
    }
}

fn position(host: HostIndex) -> (usize, u64) {
    (host.index() / 64, 1 << (host.index() % 64))
}
