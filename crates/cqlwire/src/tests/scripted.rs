//! Sessions with a scripted cluster in memory.

use std::fmt;
use std::sync::Arc;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::schema::{Keyspace, Table};

use crate::net::{ByteStream, Dialer, Dialing, ServerAddress};
use crate::{Session, SessionBuilder};

/// Three hosts that each have all of the table `app.t`.
pub(super) fn three() -> ScriptedCluster {
    let table = Table::new("t").partition_key("k", "int").column("v", "text");
    ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .keyspace(Keyspace::network("app", [("dc1", "3")]).table(table))
        .in_memory()
}

/// A session with its first node as the contact point, once it is connected to three hosts of this data
/// center.
pub(super) fn builder_of(cluster: &ScriptedCluster, data_center: &str) -> SessionBuilder {
    let dialer: Arc<dyn Dialer> = Arc::new(Dials(cluster.clone()));
    Session::builder()
        .contact_points([cluster.address(0).to_string()])
        .ready_when(3)
        .local_data_center(data_center)
        .connection(|settings| settings.dialer = Some(dialer))
}

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
