//! A server that is about to go may say so (CEP-59): the event `GRACEFUL_DISCONNECT` on each
//! connection that registered for it. It takes no new requests then, and finishes those it has.

use cqlwire_codec::{Event, EventKind, ProtocolVersion, Response, decode_response};
use cqlwire_net::{Connection, Deadline};

const GRACEFUL_DISCONNECT: &str = "GRACEFUL_DISCONNECT";

/// Has the server say on this connection when it is about to go, if it can. One that cannot, or
/// will not, goes without a word.
pub(crate) async fn ask_for(connection: &Connection, deadline: Deadline) {
    if connection.version() < ProtocolVersion::V5 {
        return;
    }
    let supported = connection.supported(deadline).await.unwrap_or_default();
    if !supported.all().contains_key(GRACEFUL_DISCONNECT) {
        return;
    }
    let kind = [EventKind::Other(GRACEFUL_DISCONNECT.to_owned())];
    if let Err(error) = connection.register(&kind, deadline).await {
        let (session, host) = (connection.log().id(), connection.name());
        tracing::debug!(%session, host, %error, "it will go without a word");
    }
}

/// Waits until the server says that it is about to go. Never resolves on a connection that ends
/// before.
pub(crate) async fn said(connection: &Connection) {
    while let Some(event) = connection.next_event().await {
        let decoded = decode_response(&event).map(|decoded| decoded.response);
        if matches!(decoded, Ok(Response::Event(Event::Other(kind))) if kind == GRACEFUL_DISCONNECT)
        {
            return;
        }
    }
    std::future::pending::<()>().await;
}
