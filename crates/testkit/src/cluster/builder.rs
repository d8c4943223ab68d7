//! How a cluster is set up.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use cqlwire_codec::ProtocolVersion;
use tokio::task::JoinSet;

use super::network::{Network, listen};
use super::ring::{Ring, Settings};
use super::{EventDelivery, Reach, ScriptedCluster, Shared, State};
use crate::schema::{Keyspace, Schema};

/// How often a port is looked for that is free on every address.
const ATTEMPTS: usize = 20;

impl ScriptedCluster {
    /// Sets up a cluster.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

/// Sets up a [`ScriptedCluster`]: without anything said, one called `scripted`, of Cassandra 5.0
/// with the Murmur3 partitioner, one token a node, and no node.
#[derive(Clone, Debug)]
pub struct Builder {
    settings: Settings,
    /// Data center and rack of each node.
    nodes: Vec<(String, String)>,
    schema: Schema,
}

impl Builder {
    fn new() -> Self {
        let settings = Settings {
            name: "scripted".to_owned(),
            partitioner: "org.apache.cassandra.dht.Murmur3Partitioner".to_owned(),
            release: "5.0.9".to_owned(),
            versions: None,
            tokens_a_node: 1,
            graceful_disconnect: false,
            port: 9042,
            net: [10, 0],
        };
        Self { settings, nodes: Vec::new(), schema: Schema::default() }
    }

    /// What `cluster_name` says.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.name);
        self
    }

    /// The class of its partitioner, in full. Tokens are numbers all the same, unless
    /// [`ScriptedCluster::change`] says otherwise.
    #[must_use]
    pub fn partitioner(mut self, class: &str) -> Self {
        class.clone_into(&mut self.settings.partitioner);
        self
    }

    /// What `release_version` says.
    #[must_use]
    pub fn release(mut self, release: &str) -> Self {
        release.clone_into(&mut self.settings.release);
        self
    }

    /// The only versions of the protocol that its nodes speak.
    #[must_use]
    pub fn versions(mut self, versions: impl IntoIterator<Item = ProtocolVersion>) -> Self {
        self.settings.versions = Some(versions.into_iter().collect());
        self
    }

    /// How many tokens each node has.
    #[must_use]
    pub const fn tokens_a_node(mut self, tokens: usize) -> Self {
        self.settings.tokens_a_node = tokens;
        self
    }

    /// Its nodes announce the end of a connection to those that register for
    /// `GRACEFUL_DISCONNECT` (CEP-59); see [`ScriptedCluster::drain`].
    #[must_use]
    pub const fn graceful_disconnect(mut self) -> Self {
        self.settings.graceful_disconnect = true;
        self
    }

    /// Nodes in this data center, one for each of these racks; a rack may come more than once.
    #[must_use]
    pub fn data_center<'a>(mut self, name: &str, racks: impl IntoIterator<Item = &'a str>) -> Self {
        let racks = racks.into_iter().map(str::to_owned);
        self.nodes.extend(racks.map(|rack| (name.to_owned(), rack)));
        self
    }

    /// With this keyspace.
    #[must_use]
    pub fn keyspace(mut self, keyspace: Keyspace) -> Self {
        self.schema.keyspaces.insert(keyspace.name.clone(), keyspace);
        self
    }

    /// The first two numbers of the nodes' addresses; the others count them. In memory 10.0, on
    /// sockets 127.0 unless it is said: two clusters that run at the same time on one port have to
    /// differ.
    #[must_use]
    pub const fn net(mut self, first: u8, second: u8) -> Self {
        self.settings.net = [first, second];
        self
    }

    /// A cluster to be connected to by [`ScriptedCluster::dial`]. Works under paused time.
    pub fn in_memory(self) -> ScriptedCluster {
        self.build(false)
    }

    /// A cluster whose nodes listen on 127.0.0.1, 127.0.0.2 and so on, all on one port that was
    /// free.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub fn on_sockets(mut self) -> io::Result<ScriptedCluster> {
        if self.settings.net == [10, 0] {
            self.settings.net = [127, 0];
        }
        self.settings.port = self.free_port()?;
        Ok(self.build(true))
    }

    /// A port that is free on the addresses of all nodes.
    fn free_port(&self) -> io::Result<u16> {
        let mut last = io::ErrorKind::AddrInUse.into();
        for _ in 0..ATTEMPTS {
            let first = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let port = first.local_addr()?.port();
            drop(first);
            let ring = Ring::new(Settings { port, ..self.settings.clone() }, Schema::default());
            let addresses = (0..self.nodes.len()).map(|number| ring.address_of(number));
            match addresses.map(listen).collect::<io::Result<Vec<_>>>() {
                Ok(_) => return Ok(port),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn build(self, on_sockets: bool) -> ScriptedCluster {
        let network = Network::new(on_sockets);
        let ring = Ring::new(self.settings, self.schema);
        let state = State { ring, network, held: Vec::new() };
        let shared = Shared { state: Mutex::new(state), tasks: Mutex::new(JoinSet::new()) };
        let cluster = ScriptedCluster { shared: Arc::new(shared), delivery: EventDelivery::Now };
        let mut state = cluster.state();
        for (data_center, rack) in &self.nodes {
            let address = state.ring.next_address();
            state.ring.add(data_center, rack, address);
        }
        // Once, as each node is told of all others.
        state.ring.publish();
        drop(state);
        for number in 0..self.nodes.len() {
            cluster.occupy(cluster.address(number), cluster.node(number), Reach::Open);
        }
        cluster
    }
}
