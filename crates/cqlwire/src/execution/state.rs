//! How far an execution has got.

use std::future::Future;
use std::pin::Pin;

use cqlwire_net::Deadline;

use crate::error::Result;
use crate::gate::Permit;
use crate::prepared::PreparedStatement;
use crate::speculation::Executions;

/// How far the future has got.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(super) enum State<'a> {
    New,
    /// Its text is prepared first, since values go with it.
    Preparing {
        permit: Permit<'a>,
        deadline: Deadline,
        preparing: Preparing,
    },
    Running {
        _permit: Permit<'a>,
        run: Executions,
        /// What its text was prepared to.
        prepared: Option<PreparedStatement>,
    },
    Done,
}

/// The statement of a text on its way.
pub(crate) type Preparing = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send>>;
