//! How far the execution of a batch has got.

use std::future::Future;
use std::pin::Pin;

use cqlwire_net::Deadline;

use crate::error::Result;
use crate::execution::{Permits, Queued};
use crate::prepared::PreparedStatement;
use crate::speculation::Executions;

/// How far the future has got.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(super) enum State<'a> {
    New,
    /// It waits for its turn in the session.
    Queued(Queued<'a>),
    /// Its texts with values are prepared first.
    Preparing {
        permits: Permits<'a>,
        deadline: Deadline,
        preparing: Preparing,
    },
    Running {
        _permits: Permits<'a>,
        run: Executions,
        /// What its texts were prepared to.
        texts: Vec<PreparedStatement>,
    },
    Done,
}

impl<'a> State<'a> {
    /// It has all it needs.
    pub(super) const fn running(
        permits: Permits<'a>,
        deadline: Deadline,
        texts: Vec<PreparedStatement>,
    ) -> Self {
        Self::Running { _permits: permits, run: Executions::new(deadline), texts }
    }
}

/// The statements of its texts on their way.
pub(super) type Preparing = Pin<Box<dyn Future<Output = Result<Vec<PreparedStatement>>> + Send>>;
