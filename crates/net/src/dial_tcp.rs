//! TCP to a name of several addresses, for dialers that reach something else by it.

use std::io;

use tokio::net::TcpStream;

use crate::socket::tcp;
use crate::{Deadline, Endpoint, Race, ServerAddress, Settings};

/// A stream by TCP to what the endpoint stands for, for dialers that reach a proxy first: its name is
/// looked up, the next address is tried [`attempt_delay`](Settings::attempt_delay) after the last, and
/// the first that takes it is taken. Its socket is as the [settings](Settings::socket) have it.
///
/// # Errors
///
/// There is no address, or none of them takes it before the deadline; of several, what each said.
///
/// # Cancel safety
///
/// Dropped, all sockets are closed.
///
/// # Panics
///
/// Outside a tokio runtime with I/O and time.
pub async fn dial_tcp(
    endpoint: &Endpoint,
    settings: &Settings,
    deadline: Deadline,
) -> io::Result<TcpStream> {
    let addresses = endpoint.resolve(deadline).await.map_err(io::Error::other)?;
    let mut race = Race::new(settings.attempt_delay, deadline);
    for address in addresses.iter().filter_map(ServerAddress::socket) {
        race.enter(async move { (address, tcp(address, &settings.socket).await) });
    }
    let first_of_them = async {
        let mut failed = Vec::new();
        while let Some((address, outcome)) = race.next().await {
            match outcome {
                Ok(stream) => return Ok(stream),
                Err(error) => failed.push((address, error)),
            }
        }
        let kind = failed.last().map_or(io::ErrorKind::NotFound, |(_, error)| error.kind());
        let each: Vec<_> =
            failed.iter().map(|(address, why)| format!("{address}: {why}")).collect();
        Err(io::Error::new(kind, each.join("; ")))
    };
    let passed = |_| io::Error::new(io::ErrorKind::TimedOut, "no address has taken it in time");
    deadline.bound(first_of_them).await.map_err(passed)?
}
