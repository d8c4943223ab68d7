//! From an endpoint to every server that it stands for.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;

use tokio::net::lookup_host;

use crate::{
    ConnectCause, ConnectError, ConnectPhase, Deadline, Endpoint, ServerAddress, Settings,
};

impl Endpoint {
    /// Every server that this stands for, in the resolver's order: looked up, unless it is an
    /// address or a path, or names are the matter of a [`Dialer`](crate::Dialer).
    ///
    /// # Errors
    ///
    /// The name cannot be looked up before the deadline, or stands for no address.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the system's resolver may work on for a while.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time.
    pub async fn addresses(
        &self,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Vec<ServerAddress>, ConnectError> {
        if settings.dialer.is_some() {
            return Ok(vec![ServerAddress::for_dialer(self)]);
        }
        self.resolve(deadline).await
    }

    /// The same, whoever connects.
    pub(crate) async fn resolve(
        &self,
        deadline: Deadline,
    ) -> Result<Vec<ServerAddress>, ConnectError> {
        if let Some(path) = self.path() {
            return Ok(vec![ServerAddress::unix(path)]);
        }
        let cause = match deadline.bound(self.look_up()).await {
            Ok(Ok(found)) if found.is_empty() => ConnectCause::NoAddress,
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => error.into(),
            Err(_) => ConnectCause::DeadlinePassed,
        };
        Err(ConnectError::new(&self.to_string(), ConnectPhase::Resolve, deadline, cause))
    }

    /// Every address, in the resolver's order, each once.
    async fn look_up(&self) -> io::Result<Vec<ServerAddress>> {
        let found: Vec<SocketAddr> = match self.address() {
            Some(address) => vec![address],
            None => lookup_host((self.resolver_name(), self.port())).await?.collect(),
        };
        let mut seen = HashSet::new();
        let once = found.into_iter().filter(|address| seen.insert(*address));
        Ok(once.map(|address| ServerAddress::found_as(address, self)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_zone_is_found_by_its_number_and_by_its_name() {
        // The loopback interface is the first of every Linux.
        for text in ["fe80::1%1", "[fe80::1%lo]:9042"] {
            let found = text.parse::<Endpoint>().unwrap().look_up().await.unwrap();
            let expected: SocketAddr = "[fe80::1%1]:9042".parse().unwrap();
            assert_eq!(found, [ServerAddress::from(expected)], "{text}");
            assert_eq!(found[0].host(), "fe80::1", "what a certificate is made out to");
        }
        let scoped: SocketAddr = "[fe80::1%3]:9".parse().unwrap();
        assert_eq!(Endpoint::from(scoped).address(), Some(scoped));
        assert!("fe80::1%nowhere".parse::<Endpoint>().unwrap().look_up().await.is_err());
    }
}
