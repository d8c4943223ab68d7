//! Steps by chance.

use cqlwire_codec::SchemaChangeKind;
use proptest::prelude::*;

use super::oracle::{Step, run};

fn step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![
        SchemaChangeKind::Created,
        SchemaChangeKind::Updated,
        SchemaChangeKind::Dropped,
    ]);
    prop_oneof![
        2 => Just(Step::Topology),
        4 => (0u32..5).prop_map(Step::Up),
        2 => (0u32..5).prop_map(Step::Down),
        // More tables, and more keyspaces, than are read one by one.
        6 => (0u8..90, 0u8..3).prop_map(|(keyspace, table)| Step::Table(keyspace, table)),
        6 => (0u8..50).prop_map(|table| Step::Table(0, table)),
        2 => (0u8..5, kind).prop_map(|(keyspace, kind)| Step::Keyspace(keyspace, kind)),
        1 => Just(Step::Lost),
        8 => (0u64..700).prop_map(Step::Pass),
        1 => (0u64..500).prop_map(Step::FailNext),
    ]
}

proptest! {
    #[test]
    fn g12_2_nothing_is_lost_late_or_too_often(steps in prop::collection::vec(step(), 1..200)) {
        run(steps);
    }
}
