//! The model: who belongs to the ring, and the schema.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cqlwire_codec::ProtocolVersion;

use crate::node::{Member, ScriptedNode, uuid_of};
use crate::schema::Schema;

/// A node that is or was of the cluster.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) node: Arc<ScriptedNode>,
    pub(super) member: Member,
    pub(super) in_ring: bool,
    /// Whether schema changes do not reach it for now.
    pub(super) lags: bool,
}

/// What all nodes of the cluster have in common.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) slots: Vec<Slot>,
    pub(super) schema: Arc<Schema>,
    /// The version of the schema, counted.
    schema_version: u64,
    pub(super) settings: Settings,
}

/// What a new node is like.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) partitioner: String,
    pub(super) release: String,
    pub(super) versions: Option<Vec<ProtocolVersion>>,
    pub(super) tokens_a_node: usize,
    pub(super) graceful_disconnect: bool,
    pub(super) port: u16,
    /// The first two numbers of the nodes' addresses.
    pub(super) net: [u8; 2],
}

impl Ring {
    pub(super) fn new(settings: Settings, schema: Schema) -> Self {
        Self { slots: Vec::new(), schema: Arc::new(schema), schema_version: 0, settings }
    }

    pub(super) fn slot(&self, number: usize) -> &Slot {
        self.slots.get(number).unwrap_or_else(|| panic!("no node {number}"))
    }

    pub(super) fn slot_mut(&mut self, number: usize) -> &mut Slot {
        self.slots.get_mut(number).unwrap_or_else(|| panic!("no node {number}"))
    }

    pub(super) fn members(&self) -> Arc<[Member]> {
        self.slots.iter().filter(|slot| slot.in_ring).map(|slot| slot.member.clone()).collect()
    }

    /// An address that no node has had, as the number of the next node says.
    pub(super) fn next_address(&self) -> SocketAddr {
        self.address_of(self.slots.len())
    }

    /// The address that a node of this number gets.
    pub(super) fn address_of(&self, number: usize) -> SocketAddr {
        let [first, second] = self.settings.net;
        let number = u16::try_from(number + 1).expect("under 65,535 nodes");
        let [third, fourth] = number.to_be_bytes();
        let ip = IpAddr::V4(Ipv4Addr::new(first, second, third, fourth));
        SocketAddr::new(ip, self.settings.port)
    }

    /// One more node, with tokens and a host id of its own.
    pub(super) fn add(&mut self, data_center: &str, rack: &str, address: SocketAddr) -> usize {
        let number = self.slots.len();
        let token = |index| {
            let id = uuid_of(&("token", number, index));
            id.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes)).to_string()
        };
        let member = Member {
            host_id: uuid_of(&("node", &self.settings.name, number)),
            data_center: data_center.to_owned(),
            rack: rack.to_owned(),
            tokens: (0..self.settings.tokens_a_node).map(token).collect(),
            release: self.settings.release.clone(),
            schema: self.schema_version(),
            cluster_name: self.settings.name.clone(),
            partitioner: self.settings.partitioner.clone(),
            ..Member::new(address)
        };
        let mut builder = ScriptedNode::builder().member(member.clone());
        if let Some(versions) = &self.settings.versions {
            builder = builder.versions(versions.iter().copied());
        }
        if self.settings.graceful_disconnect {
            builder = builder.graceful_disconnect();
        }
        let node = Arc::new(builder.in_memory());
        self.slots.push(Slot { node, member, in_ring: true, lags: false });
        number
    }

    /// Another schema, and another version of it on every node that does not lag.
    pub(super) fn set_schema(&mut self, schema: Schema) {
        self.schema = Arc::new(schema);
        self.schema_version += 1;
        self.spread_schema();
    }

    /// The nodes that do not lag have the version of the schema.
    pub(super) fn spread_schema(&mut self) {
        let version = self.schema_version();
        for slot in self.slots.iter_mut().filter(|slot| !slot.lags) {
            slot.member.schema = version;
        }
    }

    fn schema_version(&self) -> [u8; 16] {
        uuid_of(&("schema", &self.settings.name, self.schema_version))
    }

    /// The system tables of all its nodes say what the model says. Nodes that left keep what they
    /// knew, but for themselves.
    pub(super) fn publish(&self) {
        let members = self.members();
        for slot in self.slots.iter().filter(|slot| slot.in_ring) {
            slot.node.set_view(slot.member.clone(), members.clone(), self.schema.clone());
        }
    }
}
