//! What a client may not do.

use std::fmt;

use cqlwire_codec::{FramingError, Opcode, StreamId};

/// Something that a client did against the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The connection, counted from 0 in the order in which the node accepted them.
    pub connection: usize,
    /// What happened there.
    pub kind: ViolationKind,
}

/// The ways in which a client goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// A request on a stream whose last request has not been answered.
    StreamInUse {
        /// The stream.
        stream: StreamId,
        /// The request that came on it.
        opcode: Opcode,
    },
    /// Bytes that are not envelopes, or not of this connection: a negative stream, an opcode that
    /// no client sends, a version other than that of STARTUP, a wrong checksum, and an end in the
    /// middle of an envelope.
    Framing(FramingError),
    /// A body that cannot be read, or says what its version cannot.
    Body {
        /// The request.
        opcode: Opcode,
        /// What is wrong with it.
        why: String,
    },
    /// A request that the connection is not ready for: anything but OPTIONS and STARTUP at first,
    /// anything before STARTUP is answered, anything but `AUTH_RESPONSE` while credentials are
    /// waited for, a second STARTUP, an `AUTH_RESPONSE` that nobody waits for.
    OutOfTurn {
        /// The request.
        opcode: Opcode,
        /// What the connection was waiting for.
        during: &'static str,
    },
    /// Bytes after the node had refused the connection, in its version or its credentials, instead
    /// of its end.
    AfterRefusal {
        /// How many.
        bytes: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}: ", self.connection)?;
        match &self.kind {
            ViolationKind::StreamInUse { stream, opcode } => {
                write!(f, "{opcode} on stream {stream}, which is owed an answer")
            }
            ViolationKind::Framing(error) => error.fmt(f),
            ViolationKind::Body { opcode, why } => write!(f, "body of {opcode}: {why}"),
            ViolationKind::OutOfTurn { opcode, during } => write!(f, "{opcode} {during}"),
            ViolationKind::AfterRefusal { bytes } => write!(f, "{bytes} bytes after a refusal"),
        }
    }
}
