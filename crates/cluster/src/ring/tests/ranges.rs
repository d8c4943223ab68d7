use cqlwire_codec::Token;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Host, MURMUR3, indexes, network, replicas, ring, simple};
use crate::ring::{Member, Replication, Ring, TokenRange};

fn host(tokens: impl IntoIterator<Item = i64>) -> Host {
    Host::new("dc1", "r1", tokens)
}

fn ranges(ring: &Ring) -> Vec<(i64, i64)> {
    ring.ranges().map(|TokenRange { start, end }| (start.0, end.0)).collect()
}

#[test]
fn a_range_begins_above_a_token_and_ends_with_the_next() {
    let ring = ring(&[host([10, -30]), host([20])]);
    let primary = |token| replicas(&ring, &simple("1"), token);
    for (token, owner) in [(-30, 0), (-29, 0), (10, 0), (11, 1), (20, 1)] {
        assert_eq!(primary(token), [owner], "{token}");
    }
    // Beyond the last token the ring begins anew.
    for token in [21, i64::MAX, i64::MIN, -31] {
        assert_eq!(primary(token), [0], "{token}");
    }
}

#[test]
fn a_range_that_runs_over_the_highest_token_comes_in_two_parts() {
    let (min, max) = (i64::MIN, i64::MAX);
    let of = |tokens: &[i64]| ranges(&ring(&[host(tokens.iter().copied())]));
    assert_eq!(of(&[10, -30]), [(min, -30), (-30, 10), (10, max)]);
    assert_eq!(of(&[min, 0]), [(min, 0), (0, max)]);
    assert_eq!(of(&[0, max]), [(min, 0), (0, max)]);
    assert_eq!(of(&[min]), [(min, max)]);
    assert_eq!(of(&[max]), [(min, max)]);
    assert_eq!(of(&[]), [(min, max)]);
}

#[test]
fn hosts_without_tokens_are_no_replicas() {
    // Nor does a rack of theirs count, or the third replica would be missing.
    let joining = Host::new("dc1", "r2", []);
    let ring = ring(&[joining, host([1]), host([2]), host([3])]);
    assert_eq!(replicas(&ring, &network(&[("dc1", "4")]), 0), [1, 2, 3]);
    assert_eq!(replicas(&ring, &Replication::Everywhere, 2), [2, 3, 1]);
}

#[test]
fn a_token_that_two_hosts_claim_is_that_of_the_first() {
    let ring = ring(&[host([7]), host([7, 9]), host([9])]);
    assert_eq!(replicas(&ring, &simple("3"), 7), [0, 1]);
    assert_eq!(ranges(&ring), [(i64::MIN, 7), (7, 9), (9, i64::MAX)]);
}

#[test]
fn a_replica_may_be_far_beyond_the_last_token() {
    let ring = ring(&[host(0..300), host([1_000]), host([500])]);
    assert_eq!(replicas(&ring, &simple("3"), 999), [1, 0, 2]);
    assert_eq!(replicas(&ring, &simple("2"), 299), [0, 2]);
}

#[test]
fn without_tokens_there_are_no_replicas() {
    let other = ["RandomPartitioner", "ByteOrderedPartitioner", "com.acme.Mine", ""];
    let of = |partitioner: &str| {
        let tokens = [Token(1)];
        let member = Member { data_center: "dc1", rack: "r1", tokens: &tokens };
        Ring::new(&[member], partitioner)
    };
    let rings = other.map(|name| of(&format!("org.apache.cassandra.dht.{name}")));
    for ring in rings.into_iter().chain([ring(&[]), ring(&[host([])])]) {
        assert!(!ring.has_tokens());
        assert!(replicas(&ring, &simple("3"), 1).is_empty());
        let table = ring.replicas(&network(&[("dc1", "3")])).unwrap();
        let whole = TokenRange { start: Token::MIN, end: Token(i64::MAX) };
        assert_eq!(table.ranges().collect::<Vec<_>>(), [(whole, [].as_slice())]);
    }
    assert!(of(MURMUR3).has_tokens() && of("Murmur3Partitioner").has_tokens());
}

#[test]
fn more_hosts_than_can_be_counted_have_no_tokens() {
    let tokens: Vec<Token> = (0..=1 << 16).map(Token).collect();
    let members: Vec<_> = tokens
        .iter()
        .map(|token| Member { data_center: "", rack: "", tokens: std::slice::from_ref(token) })
        .collect();
    assert!(!Ring::new(&members, MURMUR3).has_tokens());
    let ring = Ring::new(&members[1..], MURMUR3);
    assert_eq!(replicas(&ring, &simple("2"), 1 << 16), [(1 << 16) - 1, 0]);
}

#[test]
fn rings_are_equal_if_their_tables_are() {
    let hosts = [Host::new("dc1", "r1", [1, 2]), Host::new("dc2", "r1", [3])];
    assert_eq!(ring(&hosts), ring(&hosts.clone()));
    let others: [fn(&mut [Host; 2]); 4] = [
        |hosts| hosts[0].tokens = vec![Token(1)],
        |hosts| hosts[1].data_center = "dc3".to_owned(),
        |hosts| hosts[1].data_center = "dc1".to_owned(),
        |hosts| hosts.swap(0, 1),
    ];
    for change in others {
        let mut changed = hosts.clone();
        change(&mut changed);
        assert_ne!(ring(&changed), ring(&hosts));
    }
}

proptest! {
    #[test]
    fn ranges_have_every_token_once_and_the_replicas_of_each(
        tokens in vec(vec(any::<i64>(), 0..4), 0..5),
        inside in any::<i64>(),
    ) {
        let hosts: Vec<_> = tokens.into_iter().map(host).collect();
        let ring = ring(&hosts);
        let table = ring.replicas(&simple("2")).unwrap();
        let ranges: Vec<_> = table.ranges().collect();
        prop_assert!(ring.ranges().eq(ranges.iter().map(|(range, _)| *range)));
        let mut start = Token::MIN;
        for (range, replicas) in &ranges {
            prop_assert_eq!(range.start, start);
            prop_assert!(range.start < range.end);
            for token in [Token(range.start.0 + 1), range.end] {
                prop_assert_eq!(indexes(table.of(token)), indexes(replicas));
            }
            let has = range.start.0 < inside && inside <= range.end.0;
            if has {
                prop_assert_eq!(table.of(Token(inside)), *replicas);
            }
            start = range.end;
        }
        prop_assert_eq!(start, Token(i64::MAX));
    }
}
