//! Preparing a statement.

use bytes::BytesMut;
use cqlwire_cluster::Host;
use cqlwire_codec::{Prepare, RequestOptions, StatementKind, encode_request};
use cqlwire_net::Connection;

use super::{Encoded, NotEncoded, Operation};
use crate::cql;
use crate::error::ErrorKind;

/// PREPARE: a host parses a text, and executes nothing.
pub(crate) struct PrepareOperation<'a> {
    pub(crate) text: &'a str,
}

impl Operation for PrepareOperation<'_> {
    fn encode(
        &self,
        _: &Host,
        connection: &Connection,
        buffer: BytesMut,
    ) -> Result<Encoded, NotEncoded> {
        if cql::is_use(self.text) {
            return Err(NotEncoded::Refused(ErrorKind::UseStatement));
        }
        let prepare = Prepare { statement: self.text, keyspace: None };
        let options =
            RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
        let envelope = encode_request(&prepare, connection.version(), &options, buffer);
        let envelope = envelope.map_err(|error| NotEncoded::Refused(error.into()))?;
        Ok(Encoded { envelope, metadata: None })
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    /// Nothing is executed, whatever the text is.
    fn kind(&self) -> StatementKind {
        StatementKind::Read
    }
}
