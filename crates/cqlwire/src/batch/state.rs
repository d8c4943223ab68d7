//! How far the execution of a batch has got.

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
    /// Its texts with values are prepared first.
    Preparing {
        permit: Permit<'a>,
        deadline: Deadline,
        preparing: Preparing,
    },
    Running {
        _permit: Permit<'a>,
        run: Executions,
        /// What its texts were prepared to.
        texts: Vec<PreparedStatement>,
    },
    Done,
}

type Preparing = Pin<Box<dyn Future<Output = Result<Vec<PreparedStatement>>> + Send>>;
