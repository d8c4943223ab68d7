//! Replicas as Cassandra's own classes and another driver name them, kept in `data/rings.txt`;
//! `data/rings.py` says how they were asked.

use std::collections::BTreeSet;

use cqlwire_codec::Token;

use super::{Host, indexes, ring};
use crate::ring::Replication;

const RINGS: &str = include_str!("data/rings.txt");

/// A ring, and what is known of it.
struct Known {
    name: &'static str,
    hosts: Vec<Host>,
    replications: Vec<Expected>,
}

/// One replication: for each range, in the order of tokens, its replicas.
struct Expected {
    options: Vec<(&'static str, &'static str)>,
    server: Vec<Vec<usize>>,
    /// `None` for what it gets wrong.
    driver: Vec<Option<Vec<usize>>>,
}

fn known() -> Vec<Known> {
    let mut rings: Vec<Known> = Vec::new();
    for line in RINGS.lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        let mut words = rest.split(' ');
        if kind == "ring" {
            rings.push(Known { name: rest, hosts: Vec::new(), replications: Vec::new() });
            continue;
        }
        let ring = rings.last_mut().unwrap();
        match kind {
            "host" => {
                let (data_center, rack) = (words.next().unwrap(), words.next().unwrap());
                let tokens = words.map(|token| token.parse().unwrap());
                ring.hosts.push(Host::new(data_center, rack, tokens));
            }
            "replication" => {
                let options = words.map(|option| option.split_once('=').unwrap()).collect();
                let (server, driver) = Default::default();
                ring.replications.push(Expected { options, server, driver });
            }
            _ => ring.replications.last_mut().unwrap().read(kind, words.map(list)),
        }
    }
    rings
}

fn list(word: &str) -> Option<Vec<usize>> {
    let index = |digit: char| digit.to_digit(36).unwrap().try_into().unwrap();
    match word {
        "-" => None,
        "." => Some(Vec::new()),
        _ => Some(word.chars().map(index).collect()),
    }
}

impl Expected {
    fn read(&mut self, kind: &str, lists: impl Iterator<Item = Option<Vec<usize>>>) {
        match kind {
            "server" => self.server = lists.map(Option::unwrap).collect(),
            "driver" => self.driver = lists.collect(),
            _ => panic!("{kind} is no kind of line"),
        }
    }
}

/// For each ring and replication: what they are, what is expected, and what was found for the
/// ranges in turn.
fn each(mut check: impl FnMut(&str, &Expected, &[Vec<usize>])) {
    for known in known() {
        let ring = ring(&known.hosts);
        let mut tokens: Vec<Token> =
            known.hosts.iter().flat_map(|host| host.tokens.iter().copied()).collect();
        tokens.sort_unstable();
        for expected in &known.replications {
            let table = ring.replicas(&Replication::parse(expected.options.iter().copied()));
            let table = table.unwrap();
            let found: Vec<_> = tokens.iter().map(|token| indexes(table.of(*token))).collect();
            check(&format!("{}, {:?}", known.name, expected.options), expected, &found);
        }
    }
}

#[test]
fn g12_9_replicas_are_those_of_the_servers_in_their_order() {
    let mut checked = 0;
    each(|what, expected, found| {
        assert_eq!(found, expected.server, "{what}");
        checked += found.len();
    });
    assert!(checked > 5_000, "{checked} ranges");
}

#[test]
fn g12_9_replicas_are_those_of_another_driver() {
    let mut checked = 0;
    each(|what, expected, found| {
        for (found, named) in found.iter().zip(&expected.driver) {
            let Some(named) = named else { continue };
            let set = |list: &[usize]| list.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(set(found), set(named), "{what}");
            assert_eq!(found.len(), named.len(), "{what}");
            checked += 1;
        }
    });
    assert!(checked > 4_000, "{checked} ranges");
}
