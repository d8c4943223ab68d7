//! The proxy that leads to each host by its id.

use std::io;

use cqlwire_cluster::{AddressTranslator, HostDescription, Translating};
use cqlwire_net::{ByteStream, Dialer, Dialing, Endpoint, InvalidEndpoint, ServerAddress};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Where it is; its name is looked up anew for each connection.
#[derive(Debug)]
pub(super) struct Proxy(pub(super) Endpoint);

impl Proxy {
    /// A host behind it: a name that is good for TLS to it alone.
    pub(super) fn endpoint(&self, host: Uuid) -> Result<Endpoint, InvalidEndpoint> {
        format!("{host}:{}", self.0.port()).parse()
    }
}

impl Dialer for Proxy {
    fn dial<'a>(&'a self, _address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async {
            let stream = TcpStream::connect((self.0.host(), self.0.port())).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

impl AddressTranslator for Proxy {
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a> {
        let endpoint = self.endpoint(host.id).map_err(io::Error::other);
        let address = endpoint.map(|endpoint| ServerAddress::for_dialer(&endpoint));
        Box::pin(std::future::ready(address))
    }
}
