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
    fn neighbours_on_the_ring_are_different_nodes() {
        let owner = |token: &i64| (1..=3).position(|node| tokens(node, 3).contains(token));
        let mut ring: Vec<i64> = (1..=3).flat_map(|node| tokens(node, 3)).collect();
        ring.sort_unstable();
        assert!(
            ring.windows(3).all(|t| owner(&t[0]) != owner(&t[1]) && owner(&t[0]) != owner(&t[2]))
        );
    }
}
