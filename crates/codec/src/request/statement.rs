//! The requests of one statement: QUERY, PREPARE, EXECUTE.

use bytes::{BufMut, BytesMut};

use super::{EncodeRequest, QueryParameters};
use crate::envelope_writer::require_version;
use crate::wire::write;
use crate::{EncodeError, EncodeValues, Opcode, ProtocolVersion};

/// PREPARE's flag that says: a keyspace follows (v5).
pub(super) const PREPARE_KEYSPACE: i32 = 0x01;

/// QUERY (v5 §4.1.4): a statement as text, with its values.
#[derive(Debug)]
pub struct Query<'a, V: ?Sized> {
    /// The statement, in CQL.
    pub statement: &'a str,
    /// Its values and options. Its `skip_metadata` must be off: nothing that was prepared could
    /// stand in for the metadata.
    pub parameters: QueryParameters<'a, V>,
}

impl<V: EncodeValues + ?Sized> EncodeRequest for Query<'_, V> {
    const OPCODE: Opcode = Opcode::Query;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.parameters.skip_metadata {
            let why = "a QUERY has no metadata from earlier to read its rows by";
            return Err(EncodeError::Invalid { what: "skipping metadata", why });
        }
        write::long_string(out, "statement", self.statement)?;
        self.parameters.encode(version, out)
    }
}

/// PREPARE (v5 §4.1.5).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Prepare<'a> {
    /// The statement, in CQL.
    pub statement: &'a str,
    /// The keyspace of its unqualified names, if not that of the connection (v5).
    pub keyspace: Option<&'a str>,
}

impl EncodeRequest for Prepare<'_> {
    const OPCODE: Opcode = Opcode::Prepare;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        write::long_string(out, "statement", self.statement)?;
        if let Some(keyspace) = self.keyspace {
            require_version("keyspace of a request", version, ProtocolVersion::V5)?;
            out.put_i32(PREPARE_KEYSPACE);
            return write::string(out, "keyspace of a request", keyspace);
        }
        if version >= ProtocolVersion::V5 {
            out.put_i32(0);
        }
        Ok(())
    }
}

/// EXECUTE (v5 §4.1.6): a prepared statement with its values.
#[derive(Debug)]
pub struct Execute<'a, V: ?Sized> {
    /// The id that PREPARE gave, opaque, at most 65,535 bytes.
    pub id: &'a [u8],
    /// The id of the result metadata last seen: demanded by v5, not part of v3 and v4. The server
    /// compares it to its own, and sends metadata if they differ.
    pub result_metadata_id: Option<&'a [u8]>,
    /// Its values and options.
    pub parameters: QueryParameters<'a, V>,
}

impl<V: EncodeValues + ?Sized> EncodeRequest for Execute<'_, V> {
    const OPCODE: Opcode = Opcode::Execute;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        let what = "id of the result metadata";
        write::short_bytes(out, "id of a prepared statement", self.id)?;
        match (self.result_metadata_id, version) {
            (Some(id), ProtocolVersion::V5) => write::short_bytes(out, what, id)?,
            (None, ProtocolVersion::V5) => return Err(EncodeError::Missing { what, version }),
            (Some(_), _) => return Err(EncodeError::NotInVersion { what, version }),
            (None, _) => {}
        }
        self.parameters.encode(version, out)
    }
}
