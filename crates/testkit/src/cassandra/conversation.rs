//! A few words of CQL to a server, to learn whether it is ready: more than an open port, which it
//! has before it can answer.
//!
//! In v4, which every server from 4.0 on speaks and which needs no segments.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::request::{
    AuthResponse, EncodeRequest, Options, Query, QueryParameters, RequestOptions, Startup,
    encode_request,
};
use cqlwire_codec::{
    Consistency, DecoderSettings, EnvelopeDecoder, ProtocolVersion, Response, ResultResponse,
    decode_response,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// What the first superuser says (SASL PLAIN).
const SUPERUSER: &[u8] = b"\0cassandra\0cassandra";
/// A statement that all nodes have to take part in at `ALL`: `system_traces` has two replicas, in
/// every cluster, and its ranges lie on all nodes.
const OF_ALL_NODES: &str = "SELECT session_id FROM system_traces.sessions";

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// One connection.
pub(super) struct Conversation {
    stream: Box<dyn Stream>,
    decoder: EnvelopeDecoder,
    input: BytesMut,
}

impl Conversation {
    /// Connects. Every answer has to come within `patience`.
    pub(super) fn begin(
        address: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        patience: Duration,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, CONNECT.min(patience))?;
        socket.set_read_timeout(Some(patience))?;
        socket.set_write_timeout(Some(patience))?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(socket),
            Some(config) => {
                let name = ServerName::from(address.ip());
                let session =
                    ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(session, socket))
            }
        };
        let settings = DecoderSettings { max_envelope_bytes: 1 << 20, ..Default::default() };
        Ok(Self { stream, decoder: EnvelopeDecoder::new(settings), input: BytesMut::new() })
    }

    /// OPTIONS, answered by SUPPORTED.
    pub(super) fn options(&mut self) -> io::Result<()> {
        match self.ask(&Options)? {
            Response::Supported(_) => Ok(()),
            other => Err(unexpected("OPTIONS", &other)),
        }
    }

    /// STARTUP, and the first superuser's password if it is asked for.
    pub(super) fn log_in(&mut self) -> io::Result<()> {
        match self.ask(&Startup::new(None))? {
            Response::Ready => return Ok(()),
            Response::Authenticate { .. } => {}
            other => return Err(unexpected("STARTUP", &other)),
        }
        match self.ask(&AuthResponse { token: SUPERUSER })? {
            Response::AuthSuccess(_) => Ok(()),
            other => Err(unexpected("AUTH_RESPONSE", &other)),
        }
    }

    /// Reads from every node, which the server refuses while it holds one for down.
    pub(super) fn reach_all_nodes(&mut self) -> io::Result<()> {
        let parameters = QueryParameters::new(Consistency::All, &());
        match self.ask(&Query { statement: OF_ALL_NODES, parameters })? {
            Response::Result(ResultResponse::Rows(_)) => Ok(()),
            other => Err(unexpected("a read of all nodes", &other)),
        }
    }

    fn ask<R: EncodeRequest>(&mut self, request: &R) -> io::Result<Response> {
        let options = RequestOptions::default();
        let envelope = encode_request(request, ProtocolVersion::V4, &options, BytesMut::new())
            .map_err(io::Error::other)?;
        self.stream.write_all(envelope.as_bytes())?;
        self.stream.flush()?;
        let mut chunk = [0; 4096];
        loop {
            if let Some(envelope) =
                self.decoder.decode(&mut self.input).map_err(io::Error::other)?
            {
                return Ok(decode_response(&envelope).map_err(io::Error::other)?.response);
            }
            match self.stream.read(&mut chunk).map_err(in_words)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => self.input.extend_from_slice(&chunk[..count]),
            }
        }
    }
}

/// What systems say of a time-out is nothing for a person.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "it takes connections and says nothing")
        }
        _ => error,
    }
}

fn unexpected(request: &str, response: &Response) -> io::Error {
    let said = match response {
        Response::Error(error) => error.to_string(),
        other => other.opcode().to_string(),
    };
    io::Error::other(format!("{request} was answered with {said}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use cqlwire_codec::Opcode;

    use super::*;
    use crate::node::{Prime, ScriptedNode};

    const PATIENCE: Duration = Duration::from_secs(5);

    /// Runs `talk` on a thread of its own, since the scripted node needs this one.
    async fn with<T: Send + 'static>(
        node: &ScriptedNode,
        talk: impl FnOnce(&mut Conversation) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let address = node.address();
        let talked = tokio::task::spawn_blocking(move || {
            talk(&mut Conversation::begin(address, None, PATIENCE)?)
        });
        talked.await.unwrap()
    }

    #[tokio::test]
    async fn a_server_is_asked_logged_in_to_and_read_from() {
        let node =
            ScriptedNode::builder().password("cassandra", "cassandra").start_tcp().await.unwrap();
        with(&node, |server| {
            server.options()?;
            server.log_in()
        })
        .await
        .unwrap();
        // The scripted node says Void to what it does not know.
        let refused = with(&node, |server| {
            server.log_in()?;
            server.reach_all_nodes()
        });
        let refused = refused.await.unwrap_err().to_string();
        assert_eq!(refused, "a read of all nodes was answered with RESULT");
    }

    #[tokio::test]
    async fn a_wrong_password_is_quoted() {
        let node = ScriptedNode::builder().password("cassandra", "changed").start_tcp();
        let node = node.await.unwrap();
        let refused = with(&node, Conversation::log_in).await.unwrap_err().to_string();
        assert!(refused.contains("AUTH_RESPONSE") && refused.contains("incorrect"), "{refused}");
    }

    #[tokio::test]
    async fn an_open_port_is_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Conversation::begin(address, None, Duration::from_millis(50)).unwrap();
        let late = server.options().unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
        assert_eq!(late.to_string(), "it takes connections and says nothing");
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        node.prime(Prime::opcode(Opcode::Options).close());
        let closed = with(&node, Conversation::options).await.unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::UnexpectedEof);
    }
}
