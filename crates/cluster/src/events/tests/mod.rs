//! When it is due, what it gives, and that a storm is bounded.

mod gathering;
mod hints;
mod oracle;
mod storm;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cqlwire_codec::{
    Event, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
};

use super::{Hint, PendingEvents, Refresh, StaleKeyspace, StaleSchema};

const WINDOW: Duration = Duration::from_secs(1);

/// The longest time that a lone event waits, by the jitter that the tests draw.
const GATHER: Duration = Duration::from_millis(300);

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn pending() -> PendingEvents {
    PendingEvents::new(WINDOW, 0.5)
}

fn address(number: u32) -> SocketAddr {
    (std::net::Ipv4Addr::from_bits(0x7F00_0000 | number), 9042).into()
}

fn topology(change: TopologyChange) -> Event {
    Event::TopologyChange { change, address: address(1) }
}

fn up(number: u32) -> Event {
    Event::StatusChange { change: StatusChange::Up, address: address(number) }
}

fn down(number: u32) -> Event {
    Event::StatusChange { change: StatusChange::Down, address: address(number) }
}

fn schema(kind: SchemaChangeKind, keyspace: &str, target: SchemaTarget) -> Event {
    Event::SchemaChange(SchemaChange { kind, target, keyspace: keyspace.to_owned() })
}

fn table(keyspace: &str, name: &str) -> Event {
    schema(SchemaChangeKind::Updated, keyspace, SchemaTarget::Table(name.to_owned()))
}

/// All hints that are there now.
fn hints(pending: &mut PendingEvents, now: Instant) -> Vec<Hint> {
    std::iter::from_fn(|| pending.next_hint(now)).collect()
}

fn hosts() -> Refresh {
    Refresh { hosts: true, ..Refresh::default() }
}
