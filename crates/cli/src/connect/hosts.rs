//! Connecting to every host of the cluster, those of other data centers too: for commands that ask each.

use std::time::{Duration, Instant};

use cqlwire::{Host, SchemaScope, SessionBuilder, Unconnected};

/// As many hosts of each data center as there may be.
const ALL: usize = 65_535;

/// A session that is connected to each host, and reads no more of the schema than it has to.
pub(crate) fn every_host(builder: SessionBuilder) -> SessionBuilder {
    let builder = builder.remote(|remote| remote.hosts_per_data_center = ALL);
    builder.schema(|schema| schema.scope = SchemaScope::Replication)
}

/// Waits until it is connected to, for so long; or says why it is not.
pub(crate) async fn connected(host: &Host, patience: Duration) -> Result<(), String> {
    let give_up = Instant::now() + patience;
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    loop {
        looks.tick().await;
        match host.state().down {
            None => return Ok(()),
            Some(Unconnected::NotYet) if Instant::now() < give_up => {}
            Some(why) => return Err(why.to_string()),
        }
    }
}
