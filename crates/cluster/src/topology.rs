//! What is known of the cluster, replaced as a whole.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cqlwire_codec::Token;
use cqlwire_pool::{Registry, RegistryClosed};
use uuid::Uuid;

use crate::host::Standings;
use crate::listing::{ClusterRows, HostRow};
use crate::placement::Placement;
use crate::ring::{HostIndex, ReplicaTable, TokenRange};
use crate::{Distance, Host};

/// The cluster as it was last seen.
#[derive(Debug)]
pub struct Topology {
    name: Arc<str>,
    partitioner: String,
    data_centers: Vec<String>,
    /// All of them; [`HostIndex`] counts through them.
    hosts: Vec<Arc<Host>>,
    by_id: HashMap<Uuid, HostIndex>,
    local: Vec<HostIndex>,
    /// By data center, in the order of their turns.
    remote: Vec<Vec<HostIndex>>,
    has_local_rack: bool,
    /// All of them are equally near.
    is_flat: bool,
    placement: Arc<Placement>,
}

impl Topology {
    /// The topology that these rows describe. Hosts of `known` that are still there keep their
    /// connections, and their order; new ones begin to connect.
    pub(crate) fn new(
        rows: &ClusterRows,
        placement: Arc<Placement>,
        known: &[Arc<Host>],
        standings: &Standings,
        registry: &Registry,
    ) -> Result<Self, RegistryClosed> {
        let known: HashMap<Uuid, &Arc<Host>> = known.iter().map(|host| (host.id(), host)).collect();
        let name: Arc<str> = rows.cluster_name.as_str().into();
        let proven = standings.prove_hosts.then_some(&name);
        let data_centers: BTreeSet<&str> = rows.hosts.iter().map(|row| &*row.data_center).collect();
        let data_centers = data_centers.into_iter().map(str::to_owned).collect();
        let mut hosts = Vec::with_capacity(rows.hosts.len());
        for (row, standing) in rows.hosts.iter().zip(standings.hosts.iter().copied()) {
            let stays = match known.get(&row.id) {
                Some(host) => host.renewed(row, standing, registry)?,
                None => None,
            };
            hosts.push(match stays {
                Some(host) => host,
                None => Arc::new(Host::start(row.clone(), standing, proven, registry)?),
            });
        }
        let indexes = (0..hosts.len()).filter_map(HostIndex::new);
        let by_id = hosts.iter().map(|host| host.id()).zip(indexes).collect();
        let of = |wanted: &dyn Fn(&Host) -> bool| -> Vec<HostIndex> {
            let found = hosts.iter().enumerate().filter(|(_, host)| wanted(host));
            found.filter_map(|(index, _)| HostIndex::new(index)).collect()
        };
        let local = of(&|host| host.distance() == Distance::Local);
        let in_data_center = |name: &str| {
            of(&|host| host.distance() == Distance::Remote && host.data_center() == name)
        };
        let remote =
            standings.remote_data_centers.iter().map(|name| in_data_center(name)).collect();
        let has_local_rack = hosts.iter().any(|host| host.is_in_local_rack());
        let is_flat = !has_local_rack && local.len() == hosts.len();
        let partitioner = rows.partitioner.clone();
        Ok(Self {
            name,
            partitioner,
            data_centers,
            hosts,
            by_id,
            local,
            remote,
            has_local_rack,
            is_flat,
            placement,
        })
    }

    /// The name of the cluster.
    pub fn cluster_name(&self) -> &str {
        &self.name
    }

    /// What turns partition keys into tokens, as servers call it:
    /// `org.apache.cassandra.dht.Murmur3Partitioner`.
    pub fn partitioner(&self) -> &str {
        &self.partitioner
    }

    /// The data centers of the cluster, in alphabetical order, those whose hosts get no requests
    /// included.
    pub fn data_centers(&self) -> &[String] {
        &self.data_centers
    }

    /// All hosts, those that get no requests included ([`Host::distance`]).
    pub fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    /// The hosts that get requests.
    pub fn local_hosts(&self) -> &[HostIndex] {
        &self.local
    }

    /// The hosts that get requests when no local one takes them, by data center, in the order of
    /// their turns.
    pub fn remote_hosts(&self) -> &[Vec<HostIndex>] {
        &self.remote
    }

    /// One of the hosts of this topology.
    ///
    /// # Panics
    ///
    /// If the index is that of another topology, which had more hosts.
    #[inline]
    pub fn host(&self, index: HostIndex) -> &Arc<Host> {
        &self.hosts[index.index()]
    }

    /// The host with this id.
    pub fn find(&self, host_id: Uuid) -> Option<HostIndex> {
        self.by_id.get(&host_id).copied()
    }

    /// The token of the partition with this key (of a key of several columns: its columns, each
    /// with its length before and a zero byte behind it). `None` if the partitioner is another than
    /// Murmur3.
    pub fn token(&self, partition_key: &[u8]) -> Option<Token> {
        self.placement.ring().has_tokens().then(|| Token::of_key(partition_key))
    }

    /// The hosts that have the partitions of the keyspace at this token, the primary one first.
    /// None if the keyspace is not known, or if it is not the ring that places its partitions.
    pub fn replicas(&self, keyspace: &str, token: Token) -> impl Iterator<Item = &Arc<Host>> {
        self.placement.replicas(keyspace, token).iter().map(|host| self.host(*host))
    }

    /// The replicas of every token in this keyspace; `None` as for [`replicas`](Self::replicas).
    pub fn replica_table(&self, keyspace: &str) -> Option<&ReplicaTable> {
        self.placement.table(keyspace).map(|table| &**table)
    }

    /// The ranges between the tokens of the hosts, in ascending order: what a scan of a whole table
    /// has to read, each part once.
    pub fn ranges(&self) -> impl Iterator<Item = TokenRange> {
        self.placement.ring().ranges()
    }

    /// Was there a keyspace of this name when the hosts were listed?
    pub(crate) fn has_keyspace(&self, name: &str) -> bool {
        self.placement.replications().contains_key(name)
    }

    #[inline]
    pub(crate) fn replicas_at(&self, keyspace: Option<&str>, token: Option<Token>) -> &[HostIndex] {
        match (keyspace, token) {
            (Some(keyspace), Some(token)) => self.placement.replicas(keyspace, token),
            _ => &[],
        }
    }

    #[inline]
    pub(crate) fn is_local(&self, host: HostIndex) -> bool {
        self.host(host).distance() == Distance::Local
    }

    #[inline]
    pub(crate) const fn has_local_rack(&self) -> bool {
        self.has_local_rack
    }

    /// Are all hosts equally near?
    #[inline]
    pub(crate) const fn is_flat(&self) -> bool {
        self.is_flat
    }

    pub(crate) fn has(&self, host: HostIndex) -> bool {
        host.index() < self.hosts.len()
    }

    pub(crate) const fn placement(&self) -> &Arc<Placement> {
        &self.placement
    }

    /// What was listed, for another look at it.
    pub(crate) fn rows(&self) -> ClusterRows {
        ClusterRows {
            cluster_name: (*self.name).to_owned(),
            partitioner: self.partitioner.clone(),
            schema_version: None,
            replications: self.placement.replications().clone(),
            hosts: self.hosts.iter().map(|host| host.row().clone()).collect(),
            incomplete: false,
        }
    }

    /// These rows, those of hosts that are known first and in their order, so that the indexes of
    /// hosts that stay are the same as long as none goes; each host once.
    pub(crate) fn in_known_order(known: &[Arc<Host>], rows: Vec<HostRow>) -> Vec<HostRow> {
        let known: HashMap<Uuid, usize> = known.iter().map(|host| host.id()).zip(0..).collect();
        let mut seen = HashSet::new();
        let mut rows: Vec<HostRow> = rows.into_iter().filter(|row| seen.insert(row.id)).collect();
        rows.sort_by_key(|row| known.get(&row.id).copied().unwrap_or(usize::MAX));
        rows
    }

    /// The hosts whose pools are not in the other topology.
    pub(crate) fn not_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Arc<Host>> {
        let there: HashSet<_> = other.hosts.iter().map(|host| host.key()).collect();
        self.hosts.iter().filter(move |host| !there.contains(&host.key()))
    }
}
