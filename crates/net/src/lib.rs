//! One Cassandra connection on tokio.
//!
//! The multiplexer (`cqlwire-mux`) knows what has to happen on a connection; this crate makes it
//! happen: it connects, speaks TLS, shakes hands, and then runs one task that moves bytes and tells
//! the time. It is a layer to build on (a proxy, a tool, another driver), with three promises:
//! every request resolves exactly once, at its deadline at the latest; what is given up before it
//! is written is never sent; and when the connection ends, each request is told whether it may have
//! run.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use bytes::BytesMut;
//! use cqlwire_codec::{
//!     Consistency, Query, QueryParameters, RequestOptions, decode_response, encode_request,
//! };
//! use cqlwire_net::{Connection, Deadline, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let deadline = Deadline::after(Duration::from_secs(5));
//! let server = "127.0.0.1:9042".parse()?;
//! let connection = Connection::open(&server, &Settings::default(), deadline).await?;
//!
//! let statement = "SELECT release_version FROM system.local";
//! let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
//! let options = RequestOptions::default();
//! let envelope = encode_request(&query, connection.version(), &options, BytesMut::new())?;
//! let answer = connection.send(envelope, deadline)?.request.await?;
//! println!("{:?}", decode_response(&answer)?.response);
//!
//! connection.close(deadline).await;
//! # Ok(()) }
//! ```
//!
//! The rooms: `connect` and `handshake` lead from a name to an open connection, with `race`, `tls`
//! and `auth` on the way; `endpoint` is a server as it was written down, `resolve` leads from it to each
//! `address` that it stands for, and `socket` from there to a stream;
//! `user_code` is the door to what users plug in; `ask` puts one question; `driver` is the task that serves it; `connection` and `request` are what
//! callers hold; `shared` is what lies between them, and `recorder` where the times
//! of requests go; `session_log` says whose the lines of the log are.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod ask;
mod auth;
mod connect;
mod connection;
mod deadline;
mod dial;
mod dial_tcp;
mod driver;
mod endpoint;
mod error;
mod handshake;
mod race;
mod recorder;
mod request;
mod resolve;
mod session_log;
mod settings;
mod shared;
mod socket;
#[cfg(test)]
mod tests;
mod tls;
mod user_code;

pub use address::ServerAddress;
pub use ask::AskError;
pub use auth::{
    Authenticating, AuthenticationError, AuthenticationRequest, Authenticator, CertificateOnly,
    Exchange, InvalidCredentials, NotAnswered, PlainCredentials, WithoutTls,
};
pub use connection::{Connection, Sent};
#[doc(hidden)]
pub use cqlwire_mux::counters;
pub use cqlwire_mux::{
    Backlog, Measure, Reached, RefusedBecause, RequestKind, Sample,
    Settings as MultiplexerSettings, Timeline, Totals, Unresponsive, Usage, Violation,
    WaitingLimit, WaitsFor,
};
pub use deadline::{Deadline, DeadlinePassed};
pub use dial::{ByteStream, Dialer, Dialing};
pub use dial_tcp::dial_tcp;
pub use endpoint::{DEFAULT_PORT, Endpoint, InvalidEndpoint};
pub use error::{
    ConnectCause, ConnectError, ConnectPhase, ConnectionEnd, Refused, RequestError, RequestFailure,
    SharedIoError, UserCode,
};
pub use race::Race;
pub use recorder::Recorder;
pub use request::Request;
#[doc(no_inline)]
pub use rustls;
#[doc(no_inline)]
pub use secrecy;
pub use session_log::SessionLog;
pub use settings::Settings;
pub use socket::{Keepalive, SocketSettings};
pub use tls::{
    LoadingTls, Tls, TlsFiles, TlsSettingsError, TlsSource, TlsSourceError, tls_config,
    tls_config_expecting,
};
pub use user_code::panic_message;
