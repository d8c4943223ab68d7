//! A client that knows nothing of the launcher's own one: nine bytes there, nine bytes back.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// OPTIONS in v4, on stream 0, without a body.
pub(crate) const OPTIONS: [u8; 9] = [4, 0, 0, 0, 5, 0, 0, 0, 0];
/// STARTUP in v4 with `CQL_VERSION` 3.0.0.
pub(crate) const STARTUP: &[u8] = b"\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0";

/// The opcodes of answers.
pub(crate) const READY: u8 = 2;
pub(crate) const AUTHENTICATE: u8 = 3;
pub(crate) const SUPPORTED: u8 = 6;

/// Sends a request and gives the opcode of the answer.
pub(crate) fn ask(
    address: SocketAddr,
    tls: Option<ClientConfig>,
    request: &[u8],
) -> io::Result<u8> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let Some(config) = tls else {
        return exchange(socket, request);
    };
    let name = ServerName::from(address.ip());
    let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    exchange(StreamOwned::new(session, socket), request)
}

fn exchange(mut stream: impl Read + Write, request: &[u8]) -> io::Result<u8> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut header = [0; 9];
    stream.read_exact(&mut header)?;
    match header {
        [0x84, _, 0, 0, opcode, ..] => Ok(opcode),
        other => Err(io::Error::other(format!("no answer in v4: {other:?}"))),
    }
}
