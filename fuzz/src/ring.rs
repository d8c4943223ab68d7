//! Any hosts on a ring, however they are replicated: the replicas are those of a walk from the token,
//! and the ranges are every token once.

#[path = "../../crates/cluster/src/ring/tests/model.rs"]
mod model;

use cqlwire_cluster::{Factor, HostIndex, Member, Replication, Ring};
use cqlwire_codec::Token;

use self::model::{Host, indexes, naive, owners};
use crate::input::Input;

/// Walking takes the square of the tokens.
const MOST_HOSTS: u8 = 24;
const MOST_TOKENS: u8 = 12;

/// How many hosts; of each, data center and rack, how many tokens, and these; then options of the
/// replication, as text; tokens are of one byte, or of eight behind 255.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let hosts: Vec<Host> = (0..input.byte() % MOST_HOSTS).map(|_| host(&mut input)).collect();
    let tried: Vec<Token> = (0..8).map(|_| token(&mut input)).collect();
    let members: Vec<_> = hosts.iter().map(Host::member).collect();
    let ring = Ring::new(&members, "org.apache.cassandra.dht.Murmur3Partitioner");
    every_token_is_in_one_range(&ring, &tried);
    let replication = replication(&mut input);
    let Some(table) = ring.replicas(&replication) else {
        assert!(matches!(replication, Replication::Local | Replication::Unknown { .. }));
        return;
    };
    assert!(table.is_whole());
    for token in tried.into_iter().chain(owners(&hosts).into_keys()) {
        assert_eq!(indexes(table.of(token)), naive(&hosts, &replication, token), "{token}");
    }
    for (range, replicas) in table.ranges() {
        assert_eq!(replicas, table.of(range.end), "{range:?}");
    }
    assert!(ring.ranges().eq(table.ranges().map(|(range, _)| range)));
}

fn host(input: &mut Input<'_>) -> Host {
    let place = input.byte();
    let (data_center, rack) = (format!("dc{}", place % 3), format!("r{}", place / 3 % 4));
    let tokens: Vec<i64> = (0..input.byte() % MOST_TOKENS).map(|_| token(input).0).collect();
    Host::new(&data_center, &rack, tokens)
}

fn token(input: &mut Input<'_>) -> Token {
    match input.byte() {
        255 => Token(i64::from_be_bytes(std::array::from_fn(|_| input.byte()))),
        254 => Token(i64::MAX),
        253 => Token(i64::MIN),
        near => Token(i64::from(near) - 100),
    }
}

/// Known strategies and factors, or whatever the bytes say.
fn replication(input: &mut Input<'_>) -> Replication {
    let choice = input.byte();
    match choice % 4 {
        0 => {
            let factor = factor(input);
            let factor = ("replication_factor", factor.as_str());
            Replication::parse([("class", "SimpleStrategy"), factor])
        }
        1 => {
            let factors: Vec<_> =
                (0..4).map(|number| (format!("dc{number}"), factor(input))).collect();
            let named = factors.iter().map(|(name, factor)| (name.as_str(), factor.as_str()));
            let class = ("class", "org.apache.cassandra.locator.NetworkTopologyStrategy");
            Replication::parse(named.chain([class]))
        }
        2 => Replication::Everywhere,
        _ => {
            let text = String::from_utf8_lossy(input.rest());
            let options = text.split('\n').map(|line| line.split_once('=').unwrap_or((line, "")));
            match Replication::parse(options) {
                parsed if is_small(&parsed) => parsed,
                // A walk over all hosts, as many times as there are.
                _ => Replication::Everywhere,
            }
        }
    }
}

fn factor(input: &mut Input<'_>) -> String {
    let (all, transient) = (input.byte() % 9, input.byte() % 8);
    if transient == 0 { all.to_string() } else { format!("{all}/{transient}") }
}

/// Can the model count it?
fn is_small(replication: &Replication) -> bool {
    let is_small = |factor: &Factor| factor.all < 1_000;
    match replication {
        Replication::Simple(factor) => is_small(factor),
        Replication::NetworkTopology(factors) => factors.values().all(is_small),
        _ => true,
    }
}

/// Ranges follow each other from the lowest token to the highest.
fn every_token_is_in_one_range(ring: &Ring, tried: &[Token]) {
    let mut end = Token::MIN;
    for range in ring.ranges() {
        assert!(range.start == end && range.start < range.end, "{range:?} after {end}");
        end = range.end;
    }
    assert_eq!(end, Token(i64::MAX));
    for token in tried.iter().filter(|token| **token > Token::MIN) {
        let has = ring.ranges().filter(|range| range.start < *token && *token <= range.end);
        assert_eq!(has.count(), 1, "{token}");
    }
}
