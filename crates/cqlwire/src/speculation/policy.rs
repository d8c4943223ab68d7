//! When a request that takes long is sent to another host as well.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::Cluster;
use cqlwire_codec::StatementKind;
use cqlwire_net::RequestKind;
use cqlwire_pool::LatencyHistogram;

/// Decides when a request that has no response yet is sent to another host as well.
///
/// It is asked on the task of the caller, about requests that are idempotent alone, once one is
/// under way, and again after each further execution. If it blocks or panics, its own request alone
/// is late, or has no further execution.
///
/// ```
/// use std::time::Duration;
///
/// use cqlwire::{SlowRequest, SpeculativePolicy, StatementKind};
///
/// /// Reads alone, twice at most.
/// #[derive(Debug)]
/// struct Reads;
///
/// impl SpeculativePolicy for Reads {
///     fn delay(&self, request: &SlowRequest<'_>) -> Option<Duration> {
///         let is_read = request.statement == StatementKind::Read;
///         (is_read && request.number == 1).then_some(Duration::from_millis(30))
///     }
/// }
/// ```
#[doc(alias = "SpeculativeExecutionPolicy")]
pub trait SpeculativePolicy: fmt::Debug + Send + Sync + 'static {
    /// How long after the last execution was begun the one that is asked about is begun beside the
    /// first; `None`: there are no more.
    fn delay(&self, request: &SlowRequest<'_>) -> Option<Duration>;
}

/// A request that may be sent to another host as well, if it takes long.
#[derive(Copy, Clone)]
#[non_exhaustive]
pub struct SlowRequest<'a> {
    /// What the statement does, as far as its text tells.
    pub statement: StatementKind,
    /// As what it is counted.
    pub kind: RequestKind,
    /// Which execution beside the first it would be, from 1.
    pub number: u32,
    cluster: Option<&'a Cluster>,
}

impl<'a> SlowRequest<'a> {
    /// One of a session that has counted nothing yet: for tests of policies.
    pub const fn new(statement: StatementKind, kind: RequestKind, number: u32) -> Self {
        Self { statement, kind, number, cluster: None }
    }

    pub(super) const fn of(self, cluster: &'a Cluster) -> Self {
        Self { cluster: Some(cluster), ..self }
    }

    /// How long the attempts of this session at requests of this kind took so far, until there was a
    /// response, or until they were given up: so that a host which lost against another one does not
    /// look fast. `None` if there were none.
    ///
    /// Takes some microseconds for each host: not to be asked for by each request.
    pub fn attempts(&self) -> Option<LatencyHistogram> {
        let cluster = self.cluster?;
        // What connections have not recorded yet is recorded as they are looked at.
        let _totals = cluster.pool_totals();
        cluster.latencies().of(self.kind).map(|latencies| latencies.attempts)
    }
}

impl fmt::Debug for SlowRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowRequest")
            .field("statement", &self.statement)
            .field("kind", &self.kind)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl<P: SpeculativePolicy + ?Sized> SpeculativePolicy for Arc<P> {
    fn delay(&self, request: &SlowRequest<'_>) -> Option<Duration> {
        P::delay(self, request)
    }
}

/// No other execution for the time that passes: for what is an exception where others may have some.
/// One at a host that has gone quiet there is all the same.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct NeverSpeculate;

impl SpeculativePolicy for NeverSpeculate {
    fn delay(&self, _: &SlowRequest<'_>) -> Option<Duration> {
        None
    }
}

/// Another execution each time so long has passed without a response.
///
/// Choose what few requests take in good times, such as the 99th percentile: each request that takes
/// longer costs the cluster another one. [`PercentileDelay`](crate::PercentileDelay) finds that out by
/// itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ConstantDelay {
    /// How long to wait for a response before another execution is begun; zero begins it at once.
    pub delay: Duration,
    /// How many there may be beside the first.
    pub most: u32,
}

impl SpeculativePolicy for ConstantDelay {
    fn delay(&self, request: &SlowRequest<'_>) -> Option<Duration> {
        (request.number <= self.most).then_some(self.delay)
    }
}

/// Asks a policy; one that panics begins nothing.
pub(super) fn ask(
    policy: &dyn SpeculativePolicy,
    request: &SlowRequest<'_>,
) -> Result<Option<Duration>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| policy.delay(request))).map_err(|_| Panicked)
}

/// The policy panicked; what it said went to the panic hook.
pub(super) struct Panicked;
