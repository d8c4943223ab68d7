//! Ports: those of `make cassandra-up`, and a pair for every cluster of a test.
//!
//! | whose | CQL | storage |
//! |---|---|---|
//! | `cassandra up` | 9042 (or `--port`) | 7000 (2,042 below) |
//! | tests | 19042 to 19081 | 17042 to 17081 |
//!
//! All nodes of a cluster have the same ports, each on its own address. Those of tests lie below
//! the ports that systems give to outgoing connections, so that nobody takes one by chance.
//!
//! `nodetool` reaches a server by JMX, which listens on 127.0.0.1 whatever the address of the node:
//! there each node of a test has a port of its own, from 18001 to 18399.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Error;

/// Where the ports of tests begin.
const FIRST: Ports = Ports { cql: 19_042, storage: 17_042 };
/// Where the ports for JMX begin, and how many a cluster has.
const FIRST_JMX: u16 = 18_000;
const JMX_EACH: u16 = 10;
/// How often to look whether a port is free.
const STEP: Duration = Duration::from_millis(100);
/// How many clusters of tests can run on this machine.
const SLOTS: u16 = 40;

/// An address of the loopback net, by its last part: at first that of a node is its number, counted
/// from 1.
pub(super) const fn address(node: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, node))
}

/// What the nodes of a cluster listen on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    /// For clients.
    pub(super) cql: u16,
    /// For each other.
    pub(super) storage: u16,
}

impl Ports {
    /// The ports of a cluster that a person starts.
    pub(super) const DEFAULT: Self = Self { cql: 9042, storage: 7000 };

    /// Another port for clients, and one for the nodes that goes with it.
    pub(super) fn with_cql(cql: u16) -> Result<Self, Error> {
        let storage = cql.checked_sub(Self::DEFAULT.cql - Self::DEFAULT.storage);
        let storage = storage.filter(|storage| *storage >= 1024).ok_or(Error::Port { cql })?;
        Ok(Self { cql, storage })
    }

    /// Fails if another program keeps one of these ports.
    pub(super) fn wait_until_free(self, nodes: u8, patience: Duration) -> Result<(), Error> {
        let begun = Instant::now();
        while let Err(taken) = self.check_free(nodes) {
            if begun.elapsed() > patience {
                return Err(taken);
            }
            std::thread::sleep(STEP);
        }
        Ok(())
    }

    /// Fails with the first of these ports that another program has.
    pub(super) fn check_free(self, nodes: u8) -> Result<(), Error> {
        (1..=nodes).try_for_each(|node| self.check_free_at(node, address(node)))
    }

    /// The same for one node, which is to have this address.
    pub(super) fn check_free_at(self, node: u8, own: IpAddr) -> Result<(), Error> {
        let of_its_own = [self.cql, self.storage].map(|port| SocketAddr::new(own, port));
        let jmx = self.jmx(node).map(|port| SocketAddr::new(address(1), port));
        for address in of_its_own.into_iter().chain(jmx) {
            TcpListener::bind(address).map_err(|source| Error::Bind { address, source })?;
        }
        Ok(())
    }

    /// Where a node of a test is reached by JMX, on 127.0.0.1. Those that a person starts have any
    /// port that is free.
    pub(super) fn jmx(self, node: u8) -> Option<u16> {
        let slot = self.cql.checked_sub(FIRST.cql).filter(|slot| *slot < SLOTS)?;
        Some(FIRST_JMX + slot * JMX_EACH + u16::from(node))
    }
}

/// A pair of ports that no other test on this machine has, as long as the lock on its file lasts.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) ports: Ports,
    pub(super) lock: File,
}

impl Slot {
    /// The first one that is free. The locks lie in the system's temporary directory: other
    /// checkouts have the same ports.
    pub(super) fn take(nodes: u8) -> Result<Self, Error> {
        let mut refused = None;
        for number in 0..SLOTS {
            let ports = Ports { cql: FIRST.cql + number, storage: FIRST.storage + number };
            let file = std::env::temp_dir().join(format!("cqlwire-port-{}.lock", ports.cql));
            // Another user's file cannot be opened, and is as good as locked.
            let Ok(lock) = File::create(file) else { continue };
            if lock.try_lock().is_err() {
                continue;
            }
            match ports.check_free(nodes) {
                Ok(()) => return Ok(Self { ports, lock }),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or(Error::NoSlot))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::variant::MOST_NODES;
    use super::*;

    #[test]
    fn a_slot_is_taken_once_and_given_back() {
        let first = Slot::take(1).unwrap();
        let second = Slot::take(1).unwrap();
        assert_ne!(first.ports.cql, second.ports.cql);
        assert_ne!(first.ports.storage, second.ports.storage);
        drop(first);
        let third = Slot::take(1).unwrap();
        assert_ne!(third.ports.cql, second.ports.cql);
    }

    #[test]
    fn ports_that_somebody_listens_on_are_left_alone() {
        let slot = Slot::take(1).unwrap();
        let other = TcpListener::bind((address(1), slot.ports.storage)).unwrap();
        let refused = slot.ports.check_free(1).unwrap_err().to_string();
        assert!(refused.contains(&other.local_addr().unwrap().to_string()), "{refused}");
    }

    #[test]
    fn each_node_of_a_test_has_a_port_for_jmx() {
        let slots = (0..SLOTS).map(|slot| Ports { cql: FIRST.cql + slot, ..FIRST });
        let all = slots.flat_map(|ports| (1..=MOST_NODES).filter_map(move |node| ports.jmx(node)));
        let all: BTreeSet<u16> = all.collect();
        assert_eq!(all.len(), usize::from(SLOTS) * usize::from(MOST_NODES));
        assert_eq!((all.first(), all.last()), (Some(&18_001), Some(&18_399)));
        assert_eq!(Ports::DEFAULT.jmx(1), None);
        assert_eq!(Ports { cql: 19_082, ..FIRST }.jmx(1), None);
    }

    #[test]
    fn the_storage_port_goes_with_that_of_the_clients() {
        assert_eq!(Ports::with_cql(9042).unwrap(), Ports::DEFAULT);
        assert_eq!(Ports::with_cql(9142).unwrap().storage, 7100);
        assert!(Ports::with_cql(2000).is_err());
        assert!(Ports::with_cql(3065).is_err());
        assert_eq!(Ports::with_cql(3066).unwrap().storage, 1024);
    }
}
