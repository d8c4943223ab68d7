//! What a host answered.

use std::sync::Arc;

use cqlwire_cluster::Host;
use cqlwire_codec::{
    Decoded, Opcode, Prepared, ProtocolVersion, Response, ResultResponse, SchemaChange,
};
use cqlwire_stream::{ExecutionInfo, Fetched};

use crate::ErrorKind;
use crate::prepared::ResultColumns;

/// A response that is not an error, and what is needed to read it.
pub(crate) struct Answer {
    pub(crate) host: Arc<Host>,
    pub(crate) version: ProtocolVersion,
    pub(crate) decoded: Decoded,
    pub(crate) known: Option<Arc<ResultColumns>>,
}

impl Answer {
    /// The answer to PREPARE.
    pub(crate) fn into_prepared(self) -> Result<Prepared, ErrorKind> {
        match self.decoded.response {
            Response::Result(ResultResponse::Prepared(prepared)) => Ok(*prepared),
            other => Err(ErrorKind::UnexpectedResponse(other.opcode())),
        }
    }

    /// Is it a page of rows, be it an empty one?
    pub(crate) const fn is_rows(&self) -> bool {
        matches!(self.decoded.response, Response::Result(ResultResponse::Rows(_)))
    }

    /// The answer to a statement: its rows, none if it has none, and the change of the schema that
    /// it made.
    pub(crate) fn into_fetched(self) -> Result<(Fetched, Option<Box<SchemaChange>>), ErrorKind> {
        let info = ExecutionInfo {
            prefixes: self.decoded.prefixes,
            coordinator: self.host.address().socket(),
            protocol: Some(self.version),
        };
        let result = match self.decoded.response {
            Response::Result(result) => result,
            other => return Err(ErrorKind::UnexpectedResponse(other.opcode())),
        };
        match result {
            ResultResponse::Rows(rows) => {
                let known = self.known.as_ref().and_then(|known| known.columns.as_ref());
                let fetched = Fetched::new(rows, known, info)
                    .map_err(|unknown| ErrorKind::NoColumns { columns: unknown.sent })?;
                Ok((fetched, None))
            }
            ResultResponse::Void | ResultResponse::SetKeyspace(_) => {
                Ok((Fetched::without_rows(info), None))
            }
            ResultResponse::SchemaChange(change) => {
                Ok((Fetched::without_rows(info), Some(Box::new(change))))
            }
            ResultResponse::Prepared(_) => Err(ErrorKind::UnexpectedResponse(Opcode::Result)),
        }
    }
}
