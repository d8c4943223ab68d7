//! What a connection is to do.

use bytes::Bytes;
use cqlwire_codec::{ProtocolVersion, StreamId};

use super::prime::{Delivery, End};
use super::reply::Reply;

/// An answer that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) stream: StreamId,
    pub(super) version: ProtocolVersion,
    pub(super) reply: Reply,
    pub(super) delivery: Delivery,
    /// Whether it decides how the handshake goes on.
    pub(super) handshake: bool,
}

/// What the handle of the node wants from a connection.
#[derive(Debug)]
pub(super) enum Command {
    Send(Outgoing),
    /// An event, on the connection's version.
    Push(Reply),
    /// Bytes as they are.
    Write(Bytes),
    End(End),
    /// Whether to stop reading.
    Pause(bool),
    /// Whether to do nothing at all.
    Stop(bool),
}
