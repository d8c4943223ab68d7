//! Events of servers, in any order and at any time: what they say is read again, neither lost nor
//! late nor too often. The very file that a cluster has, and the oracle of its own tests.

#[path = "../../crates/cluster/src/events/tests/oracle.rs"]
mod oracle;
#[path = "../../crates/cluster/src/events/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the cluster uses all of it")]
mod pending;
#[path = "../../crates/cluster/src/events/tests/said.rs"]
mod said;

use cqlwire_codec::SchemaChangeKind;

use self::oracle::Step;
use self::pending::{Hint, PendingEvents, Refresh, StaleKeyspace, StaleSchema};
use crate::input::Input;

/// More is slow, and finds nothing new: what is bounded is bounded by less.
const MOST_STEPS: usize = 2_000;

/// Of each step, which one it is; then a byte or two of what it is about.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let steps = std::iter::from_fn(|| (!input.rest().is_empty()).then(|| step(&mut input)));
    oracle::run(steps.take(MOST_STEPS));
}

fn step(input: &mut Input<'_>) -> Step {
    match input.byte() % 8 {
        0 => Step::Topology,
        1 => Step::Up(input.byte().into()),
        2 => Step::Down(input.byte().into()),
        3 => Step::Table(input.byte(), input.byte()),
        4 => Step::Keyspace(input.byte(), kind(input.byte())),
        5 => Step::Lost,
        6 => Step::FailNext(u64::from(input.byte()) * 2),
        _ => Step::Pass(u64::from(input.byte()) * 4),
    }
}

fn kind(choice: u8) -> SchemaChangeKind {
    match choice % 3 {
        0 => SchemaChangeKind::Created,
        1 => SchemaChangeKind::Updated,
        _ => SchemaChangeKind::Dropped,
    }
}
