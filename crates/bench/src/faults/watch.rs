//! What is seen of a run from outside, by whoever is no driver under test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::counts::Counting;
use super::dials::Dials;
use super::{Fault, Observed, Stay, servers};
use crate::Result;

/// Looks at the servers of a fault until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    stays: Vec<Stay>,
    ill: SocketAddr,
    counting: Counting,
    dials: Option<Dials>,
}

impl Watch {
    /// Begins to look, at servers with this port.
    pub(super) async fn begin(fault: Fault, port: u16) -> Result<Self> {
        let servers = servers(fault);
        let (last, _) = servers.iter().rfind(|(_, stay)| *stay != Stay::Comes).ok_or("a server")?;
        let ill = at(*last, port);
        let stays = servers.iter().map(|(_, stay)| *stay).collect();
        let servers: Vec<_> = servers.iter().map(|(last, stay)| (at(*last, port), *stay)).collect();
        Ok(Self { stays, ill, counting: Counting::begin(&servers).await?, dials: None })
    }

    /// A server is there no more. Whoever dials it from now on is one of the driver's.
    pub(super) async fn left(&mut self, server: SocketAddr) -> Result<()> {
        self.counting.end(server).await;
        self.dials = Some(Dials::watch(server).await?);
        Ok(())
    }

    /// Looks no more, and is in the way of no server that comes back.
    pub(super) async fn end(self) {
        if let Some(dials) = self.dials {
            dials.end().await;
        }
    }

    /// What was seen.
    pub(super) fn so_far(&self) -> Observed {
        let servers = self.stays.iter().copied().zip(self.counting.so_far()).collect();
        let dials = self.dials.as_ref().map(Dials::so_far);
        Observed { servers, dials, ill: Some(self.ill) }
    }
}

/// Where a server is, by the last part of its address.
const fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), port)
}
