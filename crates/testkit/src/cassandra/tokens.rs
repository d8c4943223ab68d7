//! The tokens of a cluster whose nodes are all started at once.
//!
//! Nodes that choose their own tokens have to join one after the other, a ring delay each. Here
//! every node is told its share of the ring.

/// How many tokens a node has.
pub(super) const TOKENS_PER_NODE: u8 = 16;

/// The tokens of one node, counted from 1, of so many: spread evenly over the ring of the
/// Murmur3 partitioner, each next one that of the next node.
pub(super) fn tokens(node: u8, nodes: u8) -> Vec<i64> {
    let all = u64::from(nodes) * u64::from(TOKENS_PER_NODE);
    let distance = u64::MAX / all;
    let share = (u64::from(node) - 1..all).step_by(usize::from(nodes));
    // Wraps around where the ring does.
    share.map(|place| i64::MIN.wrapping_add_unsigned(place * distance)).collect()
}

/// The tokens of a node that joins so many, as the `place`th one beyond them, counted from 1: a part
/// of each range of some, of all nodes as many.
pub(super) fn joining(place: u8, nodes: u8) -> Vec<i64> {
    let all = u64::from(nodes) * u64::from(TOKENS_PER_NODE);
    let distance = u64::MAX / all;
    let within = distance / (u64::from(place) + 1);
    let nodes = u64::from(nodes);
    // Every so many ranges there is one of the same node: the next one each time.
    let ranges = (0..u64::from(TOKENS_PER_NODE)).map(|round| round * nodes + round % nodes);
    ranges.map(|range| i64::MIN.wrapping_add_unsigned(range * distance + within)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_node_has_its_share_and_no_token_is_given_twice() {
        let shares: Vec<Vec<i64>> = (1..=3).map(|node| tokens(node, 3)).collect();
        assert!(shares.iter().all(|share| share.len() == 16));
        let all: BTreeSet<i64> = shares.iter().flatten().copied().collect();
        assert_eq!(all.len(), 48);
        let ring: Vec<i64> = all.into_iter().collect();
        assert_eq!(ring[0], i64::MIN);
        let distances: BTreeSet<i64> = ring.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(distances.into_iter().collect::<Vec<_>>(), [384_307_168_202_282_325]);
    }

    #[test]
    fn whoever_joins_has_tokens_of_its_own_between_those_of_all_nodes() {
        for nodes in 1..=3 {
            let first: Vec<i64> = (1..=nodes).flat_map(|node| tokens(node, nodes)).collect();
            let later: Vec<i64> = (1..=9 - nodes).flat_map(|place| joining(place, nodes)).collect();
            let all: BTreeSet<i64> = first.iter().chain(&later).copied().collect();
            assert_eq!(all.len(), 9 * usize::from(TOKENS_PER_NODE));
        }
        // The owner of a token is whoever has the next one: the one that joins takes from it.
        let owner = |token: i64| {
            let next = |node: &u8| tokens(*node, 3).into_iter().find(|own| *own > token);
            (1..=3).min_by_key(|node| next(node).unwrap_or(i64::MAX)).unwrap()
        };
        let taken = joining(1, 3).into_iter().map(owner);
        let taken = taken.fold([0; 3], |mut counts, node| {
            counts[usize::from(node) - 1] += 1;
            counts
        });
        assert_eq!(taken.iter().sum::<i32>(), 16);
        assert!(taken.iter().all(|count| (5..=6).contains(count)), "{taken:?}");
    }

    #[test]
    fn neighbours_on_the_ring_are_different_nodes() {
        let owner = |token: &i64| (1..=3).position(|node| tokens(node, 3).contains(token));
        let mut ring: Vec<i64> = (1..=3).flat_map(|node| tokens(node, 3)).collect();
        ring.sort_unstable();
        assert!(
            ring.windows(3).all(|t| owner(&t[0]) != owner(&t[1]) && owner(&t[0]) != owner(&t[2]))
        );
    }
}
