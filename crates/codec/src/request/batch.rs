//! BATCH: several statements as one.

use bytes::{BufMut, BytesMut};

use super::parameters::{Tail, patch_flags, put_flags_later};
use super::{BatchStatements, EncodeRequest};
use crate::{Consistency, EncodeError, Opcode, ProtocolVersion, SerialConsistency};

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

/// BATCH (v5 §4.1.7).
#[derive(Debug)]
pub struct Batch<'a> {
    /// How the statements belong together.
    pub batch_type: BatchType,
    /// The statements.
    pub statements: &'a BatchStatements,
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

impl<'a> Batch<'a> {
    /// The most bytes that a body has beside its statements, if it names no keyspace: type, number
    /// of statements, consistency, flags, serial consistency, timestamp and time.
    pub const MOST_BESIDE_STATEMENTS: usize = 1 + 2 + 2 + 4 + 2 + 8 + 4;

    /// These statements at this consistency, and no option.
    pub const fn new(
        batch_type: BatchType,
        statements: &'a BatchStatements,
        consistency: Consistency,
    ) -> Self {
        Self {
            batch_type,
            statements,
            consistency,
            serial_consistency: None,
            timestamp_micros: None,
            keyspace: None,
            now_in_seconds: None,
        }
    }
}

impl EncodeRequest for Batch<'_> {
    const OPCODE: Opcode = Opcode::Batch;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.reserve(self.statements.bytes() + Self::MOST_BESIDE_STATEMENTS);
        out.put_u8(self.batch_type.byte());
        self.statements.encode(version, out)?;
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
