//! All tables at once, against a walk from one token on.

use std::collections::BTreeSet;

use cqlwire_codec::Token;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::model::{Host, indexes, naive, owners};
use super::{Factor, Replication, ring};

/// Close to each other, so that some are claimed twice, or anywhere.
fn token() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -40_i64..40, 4 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn host() -> impl Strategy<Value = Host> {
    let names = (0..3_u8, 0..4_u8);
    (names, vec(token(), 0..5)).prop_map(|((data_center, rack), tokens)| {
        Host::new(&format!("dc{data_center}"), &format!("r{rack}"), tokens)
    })
}

fn factor() -> impl Strategy<Value = Factor> {
    let factor = |(all, transient): (u32, u32)| Factor { all, transient: transient.min(all - 1) };
    (1..8_u32, prop_oneof![2 => Just(0), 1 => 0..7_u32]).prop_map(factor)
}

fn replication() -> impl Strategy<Value = Replication> {
    // The last of them is nowhere.
    let factors = vec(weighted(0.7, factor()), 4).prop_map(|factors| {
        let named = (0..).map(|number: u8| format!("dc{number}")).zip(factors);
        let factors = named.filter_map(|(name, factor)| Some((name, factor?)));
        Replication::NetworkTopology(factors.collect())
    });
    let simple = factor().prop_map(Replication::Simple);
    prop_oneof![6 => factors, 2 => simple, 1 => Just(Replication::Everywhere)]
}

proptest! {
    #[test]
    fn g12_9_replicas_are_those_of_a_walk_from_the_token(
        hosts in vec(host(), 0..16),
        replication in replication(),
        tokens in vec(token(), 30),
    ) {
        let table = ring(&hosts).replicas(&replication).unwrap();
        let owned = hosts.iter().flat_map(|host| host.tokens.iter().copied());
        for token in tokens.into_iter().map(Token).chain(owned) {
            let expected = naive(&hosts, &replication, token);
            prop_assert_eq!(indexes(table.of(token)), expected, "{}", token);
        }
        prop_assert!(table.is_whole());
    }

    #[test]
    fn g12_9_a_table_that_would_be_too_large_names_the_first_of_each_data_center(
        hosts in vec(host(), 1..16),
        replication in replication(),
        named in 0..200_usize,
    ) {
        let ring = ring(&hosts);
        let whole = ring.replicas(&replication).unwrap();
        let table = ring.replicas_within(&replication, named).unwrap();
        let apart = matches!(replication, Replication::NetworkTopology(_));
        let by = |index: usize| if apart { hosts[index].data_center.as_str() } else { "" };
        let groups: BTreeSet<&str> = (0..hosts.len()).map(by).collect();
        let mut counted = 0;
        for ((_, all), (range, first)) in whole.ranges().zip(table.ranges()) {
            let (all, first) = (indexes(all), indexes(first));
            prop_assert_eq!(table.is_whole(), all == first, "{:?}", range);
            for group in &groups {
                let of = |list: &[usize]| -> Vec<usize> {
                    list.iter().filter(|index| by(**index) == *group).copied().collect()
                };
                let (all, first) = (of(&all), of(&first));
                prop_assert!(all.starts_with(&first), "{:?}: {:?} of {:?}", range, first, all);
                prop_assert_eq!(all.is_empty(), first.is_empty());
            }
            counted += first.len();
        }
        // One of each data center is always named, and one range may come in two parts.
        let fewest = (owners(&hosts).len() + 1) * groups.len();
        prop_assert!(counted <= named.max(fewest) + groups.len() * hosts.len());
    }
}
