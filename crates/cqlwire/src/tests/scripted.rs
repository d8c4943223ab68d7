//! Sessions with a scripted cluster in memory.

use std::fmt;

use cqlwire_testkit::cluster::ScriptedCluster;

use crate::net::{ByteStream, Dialer, Dialing, ServerAddress};

/// Connects to the nodes of this cluster.
pub(super) struct Dials(pub(super) ScriptedCluster);

impl Dialer for Dials {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            let stream = self.0.dial(address.socket().unwrap()).await?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

impl fmt::Debug for Dials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dials")
    }
}
