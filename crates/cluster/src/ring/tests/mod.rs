mod known;
mod model;
mod naive;
mod parsing;
mod ranges;

use cqlwire_codec::Token;

use super::{Factor, HostIndex, Member, Replication, Ring};
use model::{Host, indexes};

const MURMUR3: &str = "org.apache.cassandra.dht.Murmur3Partitioner";

fn ring(hosts: &[Host]) -> Ring {
    let members: Vec<_> = hosts.iter().map(Host::member).collect();
    Ring::new(&members, MURMUR3)
}

fn parse(options: &[(&str, &str)]) -> Replication {
    Replication::parse(options.iter().copied())
}

fn simple(factor: &str) -> Replication {
    parse(&[("class", "SimpleStrategy"), ("replication_factor", factor)])
}

fn network(factors: &[(&str, &str)]) -> Replication {
    let class = ("class", "org.apache.cassandra.locator.NetworkTopologyStrategy");
    Replication::parse(factors.iter().copied().chain([class]))
}

/// The replicas of a token.
fn replicas(ring: &Ring, replication: &Replication, token: i64) -> Vec<usize> {
    indexes(ring.replicas(replication).unwrap().of(Token(token)))
}
