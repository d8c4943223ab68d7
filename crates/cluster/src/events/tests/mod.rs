//! When it is due, what it gives, and that a storm is bounded.

mod gathering;
mod hints;
mod oracle;
mod random;
mod said;
mod storm;

use std::time::{Duration, Instant};

use cqlwire_codec::{Event, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange};

use super::{Hint, PendingEvents, Refresh, StaleKeyspace, StaleSchema};
use said::{WINDOW, address, down, hints, millis, pending, schema, table, topology, up};

/// The longest time that a lone event waits, by the jitter that the tests draw.
const GATHER: Duration = Duration::from_millis(300);

fn hosts() -> Refresh {
    Refresh { hosts: true, ..Refresh::default() }
}
