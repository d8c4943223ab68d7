//! A cluster of scripted nodes in memory, under paused time, and how it is connected to.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_net::{ByteStream, Dialer, Dialing, Endpoint, ServerAddress};
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::probe::alone;

use super::seconds;
use crate::{Cluster, Settings};

/// How long virtual time may pass until something is true.
const HOUR: Duration = Duration::from_secs(3600);

/// Connects to the nodes of a scripted cluster, by their addresses and by the names that it has.
#[derive(Debug)]
pub(super) struct ScriptedDialer(pub(super) ScriptedCluster);

impl Dialer for ScriptedDialer {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            let stream = match address.socket() {
                Some(socket) => self.0.dial(socket).await?,
                None => self.0.dial_name(&address.host()).await?,
            };
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

/// Settings that lead to this cluster by way of these contact points.
pub(super) fn settings_of(cluster: &ScriptedCluster, contact_points: &[Endpoint]) -> Settings {
    let mut settings = Settings { contact_points: contact_points.to_vec(), ..Settings::default() };
    settings.pool.connection.dialer = Some(Arc::new(ScriptedDialer(cluster.clone())));
    settings
}

#[tokio::test(start_paused = true)]
async fn a_scripted_cluster_is_known_by_a_name_and_watched_for_a_day() {
    let _alone = alone().await;
    let scripted =
        ScriptedCluster::builder().data_center("dc1", ["rack1", "rack2", "rack3"]).in_memory();
    scripted.set_name("db.example", [scripted.address(2)]);
    let contact_points = ["db.example".parse().unwrap()];
    let settings = settings_of(&scripted, &contact_points);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    assert_eq!(cluster.topology().hosts().len(), 3);
    eventually(HOUR, "all are connected", || cluster.usage().connections == 6).await;
    scripted.kill(1);
    let gone = scripted.address(1);
    scripted.remove(1);
    eventually(HOUR, "it is seen", || cluster.topology().hosts().len() == 2).await;
    let dials = scripted.dials(gone);
    tokio::time::sleep(24 * HOUR).await;
    assert_eq!(scripted.dials(gone), dials, "nobody knocks at its door any more");
    let fourth = scripted.join("dc1", "rack2");
    let node = scripted.node(fourth);
    eventually(HOUR, "the new one is connected", || node.connections() == 2).await;
}
