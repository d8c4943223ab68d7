//! BATCH: several statements as one.

use bytes::{BufMut, BytesMut};

use super::EncodeRequest;
use super::parameters::{Tail, patch_flags, put_counted_values, put_flags_later};
use crate::wire::write;
use crate::{
    ColumnSpec, Consistency, EncodeError, EncodeValues, Opcode, ProtocolVersion, SerialConsistency,
};

/// How the statements of a batch belong together.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum BatchType {
    /// 0: all or, eventually, all: by way of the batch log.
    Logged,
    /// 1: without the batch log.
    Unlogged,
    /// 2: updates of counters.
    Counter,
}

impl BatchType {
    /// The byte on the wire.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Logged => 0,
            Self::Unlogged => 1,
            Self::Counter => 2,
        }
    }

    /// The type of this byte, or `None` for one that does not exist.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Logged),
            1 => Some(Self::Unlogged),
            2 => Some(Self::Counter),
            _ => None,
        }
    }
}

/// BATCH (v5 §4.1.7). `V` is what the values of its statements are, `dyn EncodeValues` for those
/// of several types.
#[derive(Debug)]
pub struct Batch<'a, V: ?Sized> {
    /// How the statements belong together.
    pub batch_type: BatchType,
    /// The statements, 65,535 at most.
    pub statements: &'a [BatchStatement<'a, V>],
    /// How many replicas must agree.
    pub consistency: Consistency,
    /// The consistency of the Paxos phase, if statements are conditional.
    pub serial_consistency: Option<SerialConsistency>,
    /// The write time of all of them, in microseconds since 1970; anything but `i64::MIN`.
    pub timestamp_micros: Option<i64>,
    /// The keyspace of unqualified names, if not that of the connection (v5).
    pub keyspace: Option<&'a str>,
    /// What the server is to take for now, in seconds since 1970 (v5).
    pub now_in_seconds: Option<i32>,
}

/// One statement of a batch.
#[derive(Debug)]
pub struct BatchStatement<'a, V: ?Sized> {
    /// The text, or the id.
    pub kind: BatchStatementKind<'a>,
    /// Its bind values, by position only: no server can read named ones here.
    pub values: &'a V,
    /// Its bind markers; empty if it is not prepared.
    pub columns: &'a [ColumnSpec],
}

/// What a statement of a batch is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BatchStatementKind<'a> {
    /// 0: in CQL.
    Query(&'a str),
    /// 1: prepared, by its id. (There is no result metadata id here, not even in v5.)
    Prepared(&'a [u8]),
}

impl<V: EncodeValues + ?Sized> EncodeRequest for Batch<'_, V> {
    const OPCODE: Opcode = Opcode::Batch;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_u8(self.batch_type.byte());
        write::short_length(out, "statements of a batch", self.statements.len())?;
        self.statements.iter().try_for_each(|statement| statement.encode(version, out))?;
        out.put_u16(self.consistency.code());
        let flags_at = put_flags_later(version, out);
        let tail = Tail {
            serial_consistency: self.serial_consistency,
            timestamp_micros: self.timestamp_micros,
            keyspace: self.keyspace,
            now_in_seconds: self.now_in_seconds,
        };
        let flags = tail.encode(version, out)?;
        patch_flags(version, out, flags_at, flags);
        Ok(())
    }
}

impl<V: EncodeValues + ?Sized> BatchStatement<'_, V> {
    fn encode(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self.kind {
            BatchStatementKind::Query(statement) => {
                out.put_u8(0);
                write::long_string(out, "statement", statement)?;
            }
            BatchStatementKind::Prepared(id) => {
                out.put_u8(1);
                write::short_bytes(out, "id of a prepared statement", id)?;
            }
        }
        if self.values.named(self.columns) {
            // The flag that announces names comes after the values, so servers read past them
            // (CASSANDRA-10246).
            let why = "a BATCH takes values by position only";
            return Err(EncodeError::Invalid { what: "named values", why });
        }
        put_counted_values(self.values, self.columns, version, false, out).map(|_| ())
    }
}
