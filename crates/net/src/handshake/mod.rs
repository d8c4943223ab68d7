//! From a fresh stream to a connection that takes requests: one question after the other.
//!
//! ```text
//!            STARTUP                  AUTH_RESPONSE
//!   stream ----------> AUTHENTICATE ---------------> AUTH_SUCCESS --+
//!             |                ^           |                        |     USE
//!             |                +-----------+ AUTH_CHALLENGE         +-----------> established
//!             +--> READY -------------------------------------------+
//!             +--> ERROR: no version in common, or whatever it says
//! ```
//!
//! Up to and including the answer to STARTUP envelopes are bare; on v5 the very next byte, in both
//! directions, is that of a segment (v5 §2). Nothing is sent before an answer has been read.

mod authentication;
mod permission;
mod refusal;
mod wire;

use bytes::BytesMut;
use cqlwire_codec::{
    Consistency, EncodeRequest, Envelope, FramingError, Opcode, ProtocolVersion, Query,
    QueryParameters, RequestOptions, Response, Startup, decode_response, encode_request,
};
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use refusal::VersionRefused;
pub(crate) use wire::Wire;

use crate::{ConnectCause, ConnectError, ConnectPhase, Deadline, ServerAddress, Settings};

/// The server at the other end of a stream.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Peer<'a> {
    /// As errors name it.
    pub(crate) name: &'a str,
    /// `None` of a stream that comes from elsewhere.
    pub(crate) address: Option<&'a ServerAddress>,
    /// The stream speaks TLS, by the settings.
    pub(crate) is_encrypted: bool,
}

/// What a handshake arrives at.
pub(crate) struct Established<S> {
    pub(crate) wire: Wire<S>,
    pub(crate) version: ProtocolVersion,
}

/// Why a handshake failed: for good, or because of the version alone.
pub(crate) enum Failure {
    Cause(ConnectCause),
    Version(VersionRefused),
}

impl<E: Into<ConnectCause>> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self::Cause(cause.into())
    }
}

/// How far an attempt has got, kept outside of it so that a deadline finds it.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) phase: ConnectPhase,
}

/// The handshake in one version, over a stream that has just been connected.
pub(crate) async fn shake_hands<S>(
    stream: S,
    version: ProtocolVersion,
    peer: Peer<'_>,
    settings: &Settings,
    progress: &mut Progress,
) -> Result<Established<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    progress.phase = ConnectPhase::Startup;
    let mut wire = Wire::new(stream, settings);
    let answer = wire.ask(&startup(version, settings)?).await?;
    if let Some(refused) = refusal::of(&answer, version)? {
        return Err(Failure::Version(refused));
    }
    let response = accepted(&answer, Opcode::Startup)?;
    if answer.header.version != version {
        let found = answer.header.version;
        return Err(FramingError::VersionChanged { expected: version, found }.into());
    }
    wire.started(version, settings);
    match response {
        Response::Ready => {}
        Response::Authenticate { authenticator } => {
            progress.phase = ConnectPhase::Authentication;
            let class = &authenticator;
            authentication::authenticate(&mut wire, version, class, peer, settings, progress)
                .await?;
        }
        other => return Err(unexpected(Opcode::Startup, other.opcode()).into()),
    }
    if let Some(keyspace) = &settings.keyspace {
        progress.phase = ConnectPhase::UseKeyspace;
        use_keyspace(&mut wire, version, keyspace, settings).await?;
    }
    Ok(Established { wire, version })
}

/// The handshake over a stream that comes from elsewhere, in the newest version only.
pub(crate) async fn establish<S>(
    stream: S,
    name: &str,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Established<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut progress = Progress { phase: ConnectPhase::Startup };
    let version = settings.newest_version;
    // Whether the stream is encrypted is not known here.
    let peer = Peer { name, address: None, is_encrypted: false };
    let shaking = shake_hands(stream, version, peer, settings, &mut progress);
    let cause = match deadline.bound(shaking).await {
        Ok(Ok(established)) => return Ok(established),
        Ok(Err(Failure::Cause(cause))) => cause,
        Ok(Err(Failure::Version(refused))) => refused.cause(version, version),
        Err(_) => ConnectCause::DeadlinePassed,
    };
    Err(ConnectError::new(name, progress.phase, deadline, cause))
}

fn startup(version: ProtocolVersion, settings: &Settings) -> Result<BytesMut, ConnectCause> {
    let mut startup = Startup::new(settings.compression)
        .with(Startup::DRIVER_NAME, "cqlwire")
        .with(Startup::DRIVER_VERSION, env!("CARGO_PKG_VERSION"))
        // What servers say of a client can be found in its log by it.
        .with(Startup::SESSION_ID, settings.log.id().to_string())
        // An overloaded server then says so, and the request can go to another host; without it,
        // it stops reading and everything on the connection waits.
        .with(Startup::THROW_ON_OVERLOAD, "1");
    startup.options.extend(settings.startup_options.clone());
    encoded(&startup, version, settings)
}

async fn use_keyspace<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    version: ProtocolVersion,
    keyspace: &str,
    settings: &Settings,
) -> Result<(), ConnectCause> {
    let statement = format!("USE \"{}\"", keyspace.replace('"', "\"\""));
    let parameters = QueryParameters::new(Consistency::One, &());
    let request = encoded(&Query { statement: &statement, parameters }, version, settings)?;
    match accepted(&wire.ask(&request).await?, Opcode::Query)? {
        Response::Result(_) => Ok(()),
        other => Err(unexpected(Opcode::Query, other.opcode())),
    }
}

/// The bytes of a request on stream 0, which is the connection's own.
fn encoded<R: EncodeRequest>(
    request: &R,
    version: ProtocolVersion,
    settings: &Settings,
) -> Result<BytesMut, ConnectCause> {
    let options = RequestOptions { compression: settings.compression, ..Default::default() };
    let envelope = encode_request(request, version, &options, BytesMut::new())?;
    Ok(BytesMut::from(envelope.as_bytes()))
}

/// The response, unless the server refused.
fn accepted(answer: &Envelope, asked: Opcode) -> Result<Response, ConnectCause> {
    if answer.header.stream != cqlwire_codec::StreamId::CONNECTION {
        return Err(unexpected(asked, answer.header.opcode));
    }
    match decode_response(answer)?.response {
        Response::Error(error) => Err(ConnectCause::Server(*error)),
        response => Ok(response),
    }
}

const fn unexpected(asked: Opcode, got: Opcode) -> ConnectCause {
    ConnectCause::Unexpected { asked, got }
}
