//! How far an execution has got.

use std::future::Future;
use std::pin::Pin;

use cqlwire_net::Deadline;

use super::turn::{Permits, Queued};
use crate::error::Result;
use crate::prepared::PreparedStatement;
use crate::speculation::Executions;

/// How far the future has got.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(super) enum State<'a> {
    New,
    /// It waits for its turn in the session.
    Queued(Queued<'a>),
    /// Its text is prepared first, since values go with it.
    Preparing {
        permits: Permits<'a>,
        deadline: Deadline,
        preparing: Preparing,
    },
    Running {
        _permits: Permits<'a>,
        run: Executions,
        /// What its text was prepared to.
        prepared: Option<PreparedStatement>,
    },
    Done,
}

impl<'a> State<'a> {
    /// It has all it needs, and a statement that its text was prepared to, if it was.
    #[inline]
    pub(super) const fn running(
        permits: Permits<'a>,
        deadline: Deadline,
        prepared: Option<PreparedStatement>,
    ) -> Self {
        Self::Running { _permits: permits, run: Executions::new(deadline), prepared }
    }
}

/// The statement of a text on its way.
pub(super) type Preparing = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send>>;
