//! The proxy that leads to each host by its id.

use std::io;
use std::time::Duration;

use cqlwire_cluster::{AddressTranslator, HostDescription, Translating};
use cqlwire_net::{
    ByteStream, Deadline, Dialer, Dialing, Endpoint, InvalidEndpoint, ServerAddress, Settings,
    dial_tcp,
};
use uuid::Uuid;

/// The proxy; its name is looked up anew for each connection.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) endpoint: Endpoint,
    /// As which its sockets are opened.
    pub(super) settings: Settings,
    /// How long that may take: whoever dials gives up then.
    pub(super) timeout: Duration,
}

impl Proxy {
    /// A host behind it: a name that is good for TLS to it alone.
    pub(super) fn endpoint(&self, host: Uuid) -> Result<Endpoint, InvalidEndpoint> {
        format!("{host}:{}", self.endpoint.port()).parse()
    }
}

impl Dialer for Proxy {
    fn dial<'a>(&'a self, _address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async {
            let deadline = Deadline::after(self.timeout);
            let stream = dial_tcp(&self.endpoint, &self.settings, deadline).await?;
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
