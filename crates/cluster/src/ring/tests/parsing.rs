use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{network, parse, simple};
use crate::ring::{Factor, Replication};

const LOCATOR: &str = "org.apache.cassandra.locator.";

fn is_unknown(replication: &Replication) -> bool {
    matches!(replication, Replication::Unknown { .. })
}

#[test]
fn every_strategy_of_the_servers_is_known_by_both_of_its_names() {
    let two = Factor::of_full(2);
    let in_each = BTreeMap::from([("replication_factor".to_owned(), two)]);
    let strategies = [
        ("SimpleStrategy", Replication::Simple(two)),
        ("NetworkTopologyStrategy", Replication::NetworkTopology(in_each)),
        ("EverywhereStrategy", Replication::Everywhere),
        ("LocalStrategy", Replication::Local),
        ("MetaStrategy", Replication::Local),
    ];
    let with = |class: &str| parse(&[("replication_factor", "2"), ("class", class)]);
    for (name, expected) in strategies {
        for class in [name, &format!("{LOCATOR}{name}")] {
            assert_eq!(with(class), expected, "{class}");
        }
        for class in [format!("com.acme.{name}"), format!("{name}2"), name.to_lowercase()] {
            assert_eq!(with(&class), Replication::Unknown { class });
        }
    }
    assert_eq!(parse(&[]), Replication::Unknown { class: String::new() });
}

#[test]
fn a_factor_may_say_how_many_are_transient() {
    let factor = |all, transient| Replication::Simple(Factor { all, transient });
    assert_eq!(simple("3"), factor(3, 0));
    assert_eq!(simple("3/1"), factor(3, 1));
    assert_eq!(simple("3/0"), factor(3, 0));
    assert_eq!(simple("0"), factor(0, 0));
    for wrong in ["", "/", "3/", "/1", "3/3", "3/4", "0/1", "-1", "3/-1", "3/1/1", "three", "1.5"] {
        assert!(is_unknown(&simple(wrong)), "{wrong}");
        assert!(is_unknown(&network(&[("dc1", wrong)])), "{wrong}");
    }
    assert!(is_unknown(&parse(&[("class", "SimpleStrategy")])));
}

#[test]
fn replications_with_the_same_replicas_are_equal() {
    let two = network(&[("dc1", "3"), ("dc2", "2")]);
    assert_eq!(two, network(&[("dc3", "0"), ("dc2", "2"), ("dc1", "3/0")]));
    assert_ne!(two, network(&[("dc1", "3"), ("DC2", "2")]));
    assert_ne!(two, network(&[("dc1", "3"), ("dc2", "2/1")]));
}

#[test]
fn what_does_not_go_by_the_ring_has_no_table() {
    let ring = super::ring(&[super::Host::new("dc1", "r1", [1])]);
    assert!(ring.replicas(&Replication::Local).is_none());
    assert!(ring.replicas(&parse(&[("class", "com.acme.Mine")])).is_none());
}

proptest! {
    #[test]
    fn any_options_are_read(options in vec((any::<String>(), any::<String>()), 0..4)) {
        let options = options.iter().map(|(name, value)| (&**name, &**value));
        let _ = Replication::parse(options.clone());
        let _ = Replication::parse(options.chain([("class", "NetworkTopologyStrategy")]));
    }
}
