//! How far an execution has got.

use std::future::Future;
use std::pin::Pin;

use cqlwire_net::Deadline;

use crate::attempt::Run;
use crate::error::Result;
use crate::gate::Permit;
use crate::prepared::PreparedStatement;

/// How far the future has got.
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
        run: Run,
        /// What its text was prepared to.
        prepared: Option<PreparedStatement>,
    },
    Done,
}

/// The statement of a text on its way.
pub(crate) type Preparing = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send>>;
