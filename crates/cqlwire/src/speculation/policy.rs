//! When a request that takes long is sent to another host as well.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::StatementKind;

/// Decides when a request that has no response yet is sent to another host as well.
///
/// It is asked on the task of the caller, about requests that are idempotent alone, once one is
/// under way, and again after each further execution. If it blocks or panics, its own request alone
/// is late, or has no further execution.
///
/// ```
/// use std::time::Duration;
///
/// use cqlwire::{SpeculativePolicy, StatementKind};
///
/// /// Reads alone, twice at most.
/// #[derive(Debug)]
/// struct Reads;
///
/// impl SpeculativePolicy for Reads {
///     fn delay(&self, statement: StatementKind, number: u32) -> Option<Duration> {
///         let is_read = statement == StatementKind::Read;
///         (is_read && number == 1).then_some(Duration::from_millis(30))
///     }
/// }
/// ```
#[doc(alias = "SpeculativeExecutionPolicy")]
pub trait SpeculativePolicy: fmt::Debug + Send + Sync + 'static {
    /// How long after the last one was begun the `number`th execution beside the first is begun,
    /// from 1; `None`: there are no more.
    fn delay(&self, statement: StatementKind, number: u32) -> Option<Duration>;
}

impl<P: SpeculativePolicy + ?Sized> SpeculativePolicy for Arc<P> {
    fn delay(&self, statement: StatementKind, number: u32) -> Option<Duration> {
        P::delay(self, statement, number)
    }
}

/// No other execution for the time that passes: for what is an exception where others may have some.
/// One at a host that has gone quiet there is all the same.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct NeverSpeculate;

impl SpeculativePolicy for NeverSpeculate {
    fn delay(&self, _: StatementKind, _: u32) -> Option<Duration> {
        None
    }
}

/// Another execution each time so long has passed without a response.
///
/// Choose what few requests take in good times, such as the 99th percentile: each request that takes
/// longer costs the cluster another one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ConstantDelay {
    /// How long to wait for a response before another execution is begun; zero begins it at once.
    pub delay: Duration,
    /// How many there may be beside the first.
    pub most: u32,
}

impl SpeculativePolicy for ConstantDelay {
    fn delay(&self, _: StatementKind, number: u32) -> Option<Duration> {
        (number <= self.most).then_some(self.delay)
    }
}

/// Asks a policy; one that panics begins nothing.
pub(super) fn ask(
    policy: &dyn SpeculativePolicy,
    statement: StatementKind,
    number: u32,
) -> Result<Option<Duration>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| policy.delay(statement, number))).map_err(|_| Panicked)
}

/// The policy panicked; what it said went to the panic hook.
pub(super) struct Panicked;
