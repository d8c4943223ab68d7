//! Where each host stands: which are local, which remote, and which get nothing.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use uuid::Uuid;

use crate::host::{Distance, Standing, Standings};
use crate::listing::HostRow;
use crate::{HostDescription, Settings};

/// Decides where each host of one listing stands.
pub(crate) fn decide(
    settings: &Settings,
    local_data_center: &str,
    forced_down: &HashSet<Uuid>,
    rows: &[HostRow],
) -> Standings {
    let decision = Decision::new(settings, local_data_center, forced_down, rows);
    Standings {
        hosts: rows.iter().map(|row| decision.of(row)).collect(),
        remote_data_centers: decision.remote_data_centers(),
        prove_hosts: settings.prove_hosts,
    }
}

struct Decision<'a> {
    settings: &'a Settings,
    local_data_center: &'a str,
    forced_down: &'a HashSet<Uuid>,
    /// Of each other data center, those that get requests when no local host takes them.
    remote: BTreeMap<&'a str, Vec<Uuid>>,
}

impl<'a> Decision<'a> {
    fn new(
        settings: &'a Settings,
        local_data_center: &'a str,
        forced_down: &'a HashSet<Uuid>,
        rows: &'a [HostRow],
    ) -> Self {
        let most = settings.remote.hosts_per_data_center;
        let mut remote: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for row in rows {
            let name = row.data_center.as_str();
            if name != local_data_center && may_be_remote(settings, name) && accepts(settings, row)
            {
                remote.entry(name).or_default().push(row.id);
            }
        }
        // By their ids, so that they are the same whichever host lists them.
        remote.values_mut().for_each(|hosts| {
            hosts.sort_unstable();
            hosts.truncate(most);
        });
        Self { settings, local_data_center, forced_down, remote }
    }

    /// The other data centers whose hosts get requests, in the order of their turns.
    fn remote_data_centers(&self) -> Vec<String> {
        if self.settings.remote.data_centers.is_empty() {
            return self.remote.keys().map(|name| (*name).to_owned()).collect();
        }
        let named = self.settings.remote.data_centers.iter();
        named.filter(|name| self.remote.contains_key(&***name)).cloned().collect()
    }

    fn of(&self, row: &HostRow) -> Standing {
        let distance = self.distance(row);
        let in_local_rack = distance == Distance::Local
            && self.settings.local_rack.as_deref().is_some_and(|rack| rack == row.rack);
        let connections = match distance {
            _ if self.forced_down.contains(&row.id) => 0,
            Distance::Local => self.settings.connections_per_local_host,
            Distance::Remote => self.settings.remote.connections_per_host,
            Distance::Ignored => 0,
        };
        Standing { distance, in_local_rack, connections }
    }

    fn distance(&self, row: &HostRow) -> Distance {
        if !accepts(self.settings, row) {
            return Distance::Ignored;
        }
        if row.data_center == self.local_data_center {
            return Distance::Local;
        }
        let remote = self.remote.get(&*row.data_center);
        match remote.is_some_and(|hosts| hosts.contains(&row.id)) {
            true => Distance::Remote,
            false => Distance::Ignored,
        }
    }
}

fn may_be_remote(settings: &Settings, data_center: &str) -> bool {
    let Some(first) = settings.remote.data_centers.first() else { return true };
    first == data_center || settings.remote.data_centers.iter().any(|name| name == data_center)
}

fn accepts(settings: &Settings, host: &HostDescription) -> bool {
    let Some(filter) = &settings.host_filter else { return true };
    catch_unwind(AssertUnwindSafe(|| filter.accepts(host))).unwrap_or_else(|_| {
        let (log, host) = (settings.log(), &host.address);
        if log.is_news("host filter panicked", host) {
            tracing::warn!(session = %log.id(), %host, "the host filter panicked: the host is left out");
        }
        false
    })
}
