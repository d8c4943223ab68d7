//! The codec traits of tokio-util, for those who use this crate by itself: proxies, servers, small
//! clients.
//!
//! [`ClientCodec`] decodes responses and encodes requests, [`ServerCodec`] the other way round. Both
//! follow the handshake by what passes through them, and switch at its end: to the version that was
//! agreed on, to its compression, and on v5 to segments, even if the first of them is in the buffer
//! already.
//!
//! Both give out and take [`Envelope`]s, so that a proxy passes on what it does not have to
//! understand; a client may give a [`RequestEnvelope`](crate::RequestEnvelope) with its stream, and
//! a server a [`Decoded`](crate::Decoded) response. On v5 each of them travels in a segment of its
//! own.
//!
//! ```
//! # use futures_util::{SinkExt, StreamExt};
//! use cqlwire_codec::{
//!     ClientCodec, DecoderSettings, Opcode, ProtocolVersion, RequestOptions, Response, ServerCodec,
//!     Startup, StreamId, encode_request,
//! };
//! use tokio_util::codec::Framed;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (client, server) = tokio::io::duplex(1024);
//! let mut client = Framed::new(client, ClientCodec::new(DecoderSettings::default()));
//! let mut server = Framed::new(server, ServerCodec::new(DecoderSettings::default()));
//!
//! let startup = encode_request(
//!     &Startup::new(None),
//!     ProtocolVersion::V5,
//!     &RequestOptions::default(),
//!     bytes::BytesMut::new(),
//! )?;
//! client.send((StreamId::new(1), startup)).await?;
//! let asked = server.next().await.ok_or("the client is gone")??;
//! assert_eq!(asked.header.opcode, Opcode::Startup);
//!
//! server.send((asked.header, Response::Ready.into())).await?;
//! let answer = client.next().await.ok_or("the server is gone")??;
//! assert_eq!(answer.header.opcode, Opcode::Ready);
//! // From here on both speak in segments.
//! # Ok(())
//! # }
//! ```
//!
//! [`Envelope`]: crate::Envelope

mod client;
mod half;
mod server;

pub use client::ClientCodec;
pub use server::ServerCodec;

use crate::{EncodeError, FramingError};

/// Why a codec cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What arrives is not the protocol. The connection is of no use any more.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// What was to be sent cannot be. Nothing of it was written; the connection goes on.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

#[cfg(test)]
mod tests;
