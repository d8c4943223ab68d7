//! What is known of the cluster, replaced as a whole.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cqlwire_pool::{Registry, RegistryClosed};
use uuid::Uuid;

use crate::control::ClusterRows;
use crate::{Host, Settings};

/// The cluster as it was last seen.
#[derive(Debug)]
pub struct Topology {
    name: String,
    data_centers: Vec<String>,
    /// Those that get requests: at least one.
    hosts: Vec<Arc<Host>>,
}

impl Topology {
    /// The topology that these rows describe. Hosts of `known` that are still there keep their
    /// connections; new ones begin to connect.
    pub(crate) fn new(
        rows: ClusterRows,
        known: &[Arc<Host>],
        settings: &Settings,
        registry: &Registry,
    ) -> Result<Self, RegistryClosed> {
        let known: HashMap<Uuid, &Arc<Host>> = known.iter().map(|host| (host.id(), host)).collect();
        let wanted = settings.local_data_center.as_deref();
        let mut data_centers = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut hosts = Vec::with_capacity(rows.hosts.len());
        for row in rows.hosts {
            data_centers.insert(row.data_center.clone());
            let elsewhere = wanted.is_some_and(|wanted| wanted != row.data_center);
            if elsewhere || !seen.insert(row.id) {
                continue;
            }
            let stays = known.get(&row.id).and_then(|host| host.renewed(&row));
            hosts.push(match stays {
                Some(host) => host,
                None => Arc::new(Host::start(row, registry)?),
            });
        }
        let data_centers = data_centers.into_iter().collect();
        Ok(Self { name: rows.cluster_name, data_centers, hosts })
    }

    /// The name of the cluster.
    pub fn cluster_name(&self) -> &str {
        &self.name
    }

    /// The data centers of the cluster, in alphabetical order, those whose hosts get no requests
    /// included.
    pub fn data_centers(&self) -> &[String] {
        &self.data_centers
    }

    /// The hosts that get requests.
    pub fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    /// The hosts whose pools are not in the other topology.
    pub(crate) fn not_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Arc<Host>> {
        let there: HashSet<_> = other.hosts.iter().map(|host| host.key()).collect();
        self.hosts.iter().filter(move |host| !there.contains(&host.key()))
    }
}
