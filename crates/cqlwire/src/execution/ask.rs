//! What is asked of a host: how it is encoded for one of its connections.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    EncodeValues, Execute, Prepare, ProtocolVersion, Query, QueryParameters, RequestEnvelope,
    RequestOptions, encode_request,
};
use cqlwire_net::Connection;
use cqlwire_stream::Position;

use super::Options;
use crate::prepared::ResultColumns;
use crate::{ErrorKind, PreparedStatement};

/// A statement: in CQL, or prepared.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Statement<'a> {
    Text(&'a str),
    Prepared(&'a PreparedStatement),
}

/// Something that can be asked of any host.
pub(crate) trait Ask: Sync {
    /// Encodes it as this connection speaks. What is known of the result's columns then is what
    /// its answer has to be read by.
    fn encode(&self, connection: &Connection, buffer: BytesMut) -> Result<Encoded, ErrorKind>;

    /// May it be asked again although it may have been done?
    fn is_idempotent(&self) -> bool;

    /// The statement that a host may not know.
    fn prepared(&self) -> Option<&PreparedStatement> {
        None
    }
}

/// A request for one connection.
pub(crate) struct Encoded {
    pub(crate) envelope: RequestEnvelope,
    /// What the answer's rows look like, if their description is left out.
    pub(crate) known: Option<Arc<ResultColumns>>,
}

/// Executes a statement, or asks for one page of its result.
pub(crate) struct AskStatement<'a> {
    pub(crate) statement: Statement<'a>,
    pub(crate) values: &'a (dyn EncodeValues + Sync),
    pub(crate) options: &'a Options,
    /// How many rows are of use, if fewer than a page.
    pub(crate) most_rows: Option<NonZeroU32>,
    /// Where the page begins, if it is one of a stream.
    pub(crate) from: Option<&'a Position>,
}

impl<'a> AskStatement<'a> {
    fn parameters(&self) -> QueryParameters<'a, dyn EncodeValues + Sync + 'a> {
        let profile = &self.options.profile;
        let page_size = self.most_rows.map_or(u32::MAX, NonZeroU32::get).min(profile.page_size);
        QueryParameters {
            page_size: Some(i32::try_from(page_size).unwrap_or(i32::MAX)),
            paging_state: self.from.and_then(Position::paging_state),
            serial_consistency: profile.serial_consistency,
            timestamp_micros: self.options.timestamp_micros,
            ..QueryParameters::new(profile.consistency, self.values)
        }
    }
}

impl Ask for AskStatement<'_> {
    fn encode(&self, connection: &Connection, buffer: BytesMut) -> Result<Encoded, ErrorKind> {
        let version = connection.version();
        self.from.map_or(Ok(()), |from| from.check_protocol(version))?;
        let options = RequestOptions {
            tracing: self.options.profile.tracing,
            compression: connection.compression(),
            ..RequestOptions::default()
        };
        let mut parameters = self.parameters();
        let prepared = match self.statement {
            Statement::Text(statement) => {
                let query = Query { statement, parameters };
                let envelope = encode_request(&query, version, &options, buffer)?;
                return Ok(Encoded { envelope, known: None });
            }
            Statement::Prepared(prepared) => prepared,
        };
        let known = prepared.result();
        parameters.columns = prepared.bind_markers();
        // Only v5 tells when the columns are others than those known; before it, rows could be
        // read by the wrong ones (CASSANDRA-10786).
        let tells_changes = version >= ProtocolVersion::V5;
        parameters.skip_metadata = tells_changes && known.columns.is_some();
        let execute = Execute {
            id: prepared.id(),
            result_metadata_id: tells_changes.then_some(&*known.id),
            parameters,
        };
        let envelope = encode_request(&execute, version, &options, buffer)?;
        Ok(Encoded { envelope, known: Some(known) })
    }

    fn is_idempotent(&self) -> bool {
        self.options.profile.idempotent
    }

    fn prepared(&self) -> Option<&PreparedStatement> {
        match self.statement {
            Statement::Text(_) => None,
            Statement::Prepared(prepared) => Some(prepared),
        }
    }
}

/// Prepares a statement.
pub(crate) struct AskPrepare<'a> {
    pub(crate) text: &'a str,
}

impl Ask for AskPrepare<'_> {
    fn encode(&self, connection: &Connection, buffer: BytesMut) -> Result<Encoded, ErrorKind> {
        let prepare = Prepare { statement: self.text, keyspace: None };
        let options =
            RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
        let envelope = encode_request(&prepare, connection.version(), &options, buffer)?;
        Ok(Encoded { envelope, known: None })
    }

    fn is_idempotent(&self) -> bool {
        true
    }
}
