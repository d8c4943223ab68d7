//! The way to the servers: as slow, and as unreliable, as it is to be.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::net::{ByteStream, Dialer, Dialing, ServerAddress};
use cqlwire_testkit::fault::{Drip, FaultyStream};
use tokio::time::timeout;

use super::world::World;

/// The contact point: all servers that there are, wherever they are by now.
pub(crate) const NAME: &str = "servers.example:9042";

/// How long one of several addresses may be silent before the next one is tried.
const PATIENCE: Duration = Duration::from_millis(100);

/// Connects to the servers of a world.
pub(crate) struct Way(pub(crate) Arc<World>);

impl Way {
    async fn go(&self, address: SocketAddr) -> io::Result<Box<dyn ByteStream>> {
        let world = &self.0;
        let stream = world.cluster.dial(address).await?;
        let mut state = world.state();
        let mut numbers = (0..state.hosts.len()).rev();
        let at = numbers.find(|number| world.cluster.address(*number) == address);
        let Some(host) = at.and_then(|number| state.hosts.get_mut(number)) else {
            return Ok(Box::new(stream));
        };
        let pace = host.pace.clone();
        match host.breaks.pop_front() {
            Some((sense, at, fault)) => {
                host.has_broken = true;
                Ok(Box::new(Drip::new(FaultyStream::new(stream, sense, at, fault), pace)))
            }
            None => Ok(Box::new(Drip::new(stream, pace))),
        }
    }

    /// To the first that answers.
    async fn go_to_any(&self) -> io::Result<Box<dyn ByteStream>> {
        for number in self.0.in_ring() {
            let address = self.0.cluster.address(number);
            if let Ok(Ok(stream)) = timeout(PATIENCE, self.go(address)).await {
                return Ok(stream);
            }
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

impl Dialer for Way {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            match address.socket() {
                Some(address) => self.go(address).await,
                None => self.go_to_any().await,
            }
        })
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Way")
    }
}
