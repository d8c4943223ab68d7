//! What servers say, and how often it is seen to.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cqlwire_codec::{
    Event, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
};

use super::{Hint, PendingEvents};

pub(crate) const WINDOW: Duration = Duration::from_secs(1);

pub(crate) fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) fn pending() -> PendingEvents {
    PendingEvents::new(WINDOW, 0.5)
}

pub(crate) fn address(number: u32) -> SocketAddr {
    (std::net::Ipv4Addr::from_bits(0x7F00_0000 | number), 9042).into()
}

pub(crate) fn topology(change: TopologyChange) -> Event {
    Event::TopologyChange { change, address: address(1) }
}

pub(crate) fn up(number: u32) -> Event {
    Event::StatusChange { change: StatusChange::Up, address: address(number) }
}

pub(crate) fn down(number: u32) -> Event {
    Event::StatusChange { change: StatusChange::Down, address: address(number) }
}

pub(crate) fn schema(kind: SchemaChangeKind, keyspace: &str, target: SchemaTarget) -> Event {
    Event::SchemaChange(SchemaChange { kind, target, keyspace: keyspace.to_owned() })
}

pub(crate) fn table(keyspace: &str, name: &str) -> Event {
    schema(SchemaChangeKind::Updated, keyspace, SchemaTarget::Table(name.to_owned()))
}

/// All hints that are there now.
pub(crate) fn hints(pending: &mut PendingEvents, now: Instant) -> Vec<Hint> {
    std::iter::from_fn(|| pending.next_hint(now)).collect()
}
