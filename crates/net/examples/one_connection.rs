//! One connection by itself: a statement, its answer, and what the server says unasked.
//!
//! ```text
//! CQL_USER=ada CQL_PASSWORD=secret \
//!     cargo run -p cqlwire-net --example one_connection -- 127.0.0.1:9042 5 lz4
//! ```
//!
//! Everything after the address may be left out.
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::env;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{
    Compression, Consistency, EncodeRequest, EventKind, ProtocolVersion, Query, QueryParameters,
    Register, RequestEnvelope, RequestOptions, decode_response, encode_request,
};
use cqlwire_net::{Connection, Deadline, PlainCredentials, Settings};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1".to_owned()).parse()?;
    let version = arguments.next().map_or(Ok(5), |version| version.parse())?;
    let mut settings = Settings::default();
    settings.newest_version =
        ProtocolVersion::from_number(version).ok_or("a version from 3 to 5")?;
    settings.compression = arguments.next().and_then(|name| Compression::from_name(&name));
    if let (Ok(user), Ok(password)) = (env::var("CQL_USER"), env::var("CQL_PASSWORD")) {
        settings.authenticator = Some(Arc::new(PlainCredentials::new(user, password)?));
    }

    let deadline = Deadline::after(Duration::from_secs(5));
    let connection = Connection::open(&server, &settings, deadline).await?;
    println!("connected to {}, speaking {}", connection.name(), connection.version());

    let statement = "SELECT release_version, cluster_name FROM system.local";
    let parameters = QueryParameters::new(Consistency::One, &());
    for envelope in [
        encoded(&connection, &Register { events: &[EventKind::SchemaChange] })?,
        encoded(&connection, &Query { statement, parameters })?,
    ] {
        let answer = connection.send(envelope, deadline)?.request.await?;
        println!("{:?}", decode_response(&answer)?.response);
    }

    println!("changes to the schema, for ten seconds:");
    let listening = async {
        while let Some(event) = connection.next_event().await {
            println!("{:?}", decode_response(&event).map(|decoded| decoded.response));
        }
    };
    // The server may as well close the connection before.
    drop(tokio::time::timeout(Duration::from_secs(10), listening).await);
    connection.close(Deadline::after(Duration::from_secs(1))).await;
    println!("over: {}", connection.ended().await);
    Ok(())
}

/// A request as this connection speaks.
fn encoded(
    connection: &Connection,
    request: &impl EncodeRequest,
) -> Result<RequestEnvelope, Failure> {
    let options = RequestOptions { compression: connection.compression(), ..Default::default() };
    Ok(encode_request(request, connection.version(), &options, BytesMut::new())?)
}
