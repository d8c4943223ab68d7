//! What can be asked of a host: a statement with its values, one page of its result, the PREPARE of
//! a text. Each encodes itself for a connection, and knows whether it may be sent twice; what comes
//! back is read in one place for all of them (`response`).

mod agreement;
mod failure;
mod prepare;
mod response;
mod statement;

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_cluster::Host;
use cqlwire_codec::{EncodeError, RequestEnvelope, StatementKind};
use cqlwire_net::Connection;

pub(crate) use self::agreement::{Agreeing, agree};
pub(crate) use self::failure::Failure;
pub(crate) use self::prepare::PrepareOperation;
pub(crate) use self::response::{HostResponse, read};
pub(crate) use self::statement::{Options, PageRange, Statement, StatementOperation};
use crate::error::ErrorKind;
use crate::prepared::{PreparedStatement, StatementMetadata};

/// Something that can be asked of any host.
pub(crate) trait Operation {
    /// Encodes it as this connection to this host understands it, by what the host is known to
    /// have prepared.
    ///
    /// # Errors
    ///
    /// Nothing is to be sent, and why.
    fn encode(
        &self,
        host: &Host,
        connection: &Connection,
        buffer: BytesMut,
    ) -> Result<Encoded, NotEncoded>;

    /// Does its user say that it may be done twice?
    fn is_idempotent(&self) -> bool;

    /// What it does, as far as its text tells.
    fn kind(&self) -> StatementKind;

    /// The statement that a host may not know.
    fn prepared(&self) -> Option<&PreparedStatement> {
        None
    }
}

/// A request for one connection.
pub(crate) struct Encoded {
    pub(crate) envelope: RequestEnvelope,
    /// By what it was encoded, and the rows of its response have to be read.
    pub(crate) metadata: Option<Arc<StatementMetadata>>,
}

/// Why a request is not to be sent.
pub(crate) enum NotEncoded {
    /// The host has not said yet what it makes of the statement, and others did not say the same.
    Unprepared,
    /// The values do not fit what is known of the statement, which may be out of date.
    Values(EncodeError),
    /// It would be wrong wherever it is sent.
    Refused(ErrorKind),
}
