mod known;
mod naive;
mod parsing;
mod ranges;

use cqlwire_codec::Token;

use super::{HostIndex, Member, Replication, Ring};

const MURMUR3: &str = "org.apache.cassandra.dht.Murmur3Partitioner";

/// A host that owns its names.
#[derive(Clone, Debug)]
struct Host {
    data_center: String,
    rack: String,
    tokens: Vec<Token>,
}

impl Host {
    fn new(data_center: &str, rack: &str, tokens: impl IntoIterator<Item = i64>) -> Self {
        let tokens = tokens.into_iter().map(Token).collect();
        Self { data_center: data_center.to_owned(), rack: rack.to_owned(), tokens }
    }

    fn member(&self) -> Member<'_> {
        Member { data_center: &self.data_center, rack: &self.rack, tokens: &self.tokens }
    }
}

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

fn indexes(hosts: &[HostIndex]) -> Vec<usize> {
    hosts.iter().map(|host| host.index()).collect()
}

/// The replicas of a token.
fn replicas(ring: &Ring, replication: &Replication, token: i64) -> Vec<usize> {
    indexes(ring.replicas(replication).unwrap().of(Token(token)))
}
