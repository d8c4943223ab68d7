//! Replicas as a server looks for them, from one token on.

use std::collections::{BTreeMap, BTreeSet};

use cqlwire_codec::Token;

use super::{Factor, HostIndex, Member, Replication};

/// A host that owns its names.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) data_center: String,
    pub(crate) rack: String,
    pub(crate) tokens: Vec<Token>,
}

impl Host {
    pub(crate) fn new(
        data_center: &str,
        rack: &str,
        tokens: impl IntoIterator<Item = i64>,
    ) -> Self {
        let tokens = tokens.into_iter().map(Token).collect();
        Self { data_center: data_center.to_owned(), rack: rack.to_owned(), tokens }
    }

    pub(crate) fn member(&self) -> Member<'_> {
        Member { data_center: &self.data_center, rack: &self.rack, tokens: &self.tokens }
    }
}

pub(crate) fn indexes(hosts: &[HostIndex]) -> Vec<usize> {
    hosts.iter().map(|host| host.index()).collect()
}

/// Who owns each token: the first one that claims it.
pub(crate) fn owners(hosts: &[Host]) -> BTreeMap<Token, usize> {
    let mut owners = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        for token in &host.tokens {
            owners.entry(*token).or_insert(index);
        }
    }
    owners
}

/// The hosts in the order of their next tokens, from this one on.
fn from(owners: &BTreeMap<Token, usize>, token: Token) -> Vec<usize> {
    let mut met = Vec::new();
    for (_, owner) in owners.range(token..).chain(owners.range(..token)) {
        if !met.contains(owner) {
            met.push(*owner);
        }
    }
    met
}

fn simple(met: &[usize], factor: Factor) -> Vec<usize> {
    let all = met.iter().take(factor.all.try_into().unwrap());
    all.take((factor.all - factor.transient).try_into().unwrap()).copied().collect()
}

fn network(hosts: &[Host], met: &[usize], factors: &BTreeMap<String, Factor>) -> Vec<usize> {
    let mut replicas = Vec::new();
    for (data_center, factor) in factors {
        let there = |index: &&usize| hosts[**index].data_center == *data_center;
        let met: Vec<usize> = met.iter().filter(there).copied().collect();
        let all_racks: BTreeSet<&str> = met.iter().map(|index| &*hosts[*index].rack).collect();
        let (mut racks, mut repeats) = (BTreeSet::new(), 0);
        let (all, transient) = (factor.all.try_into().unwrap(), factor.transient);
        let mut chosen = Vec::new();
        for index in &met {
            let is_new = racks.insert(&hosts[*index].rack);
            if chosen.len() < all && (is_new || repeats + all_racks.len() < all) {
                repeats += usize::from(!is_new);
                chosen.push(*index);
            }
        }
        let missing = all.saturating_sub(met.len());
        let transient = usize::try_from(transient).unwrap().saturating_sub(missing);
        chosen.truncate(all.min(met.len()).saturating_sub(transient));
        replicas.extend(chosen);
    }
    replicas.sort_unstable_by_key(|index| met.iter().position(|other| other == index));
    replicas
}

/// The replicas of this token, the primary one first.
pub(crate) fn naive(hosts: &[Host], replication: &Replication, token: Token) -> Vec<usize> {
    let met = from(&owners(hosts), token);
    match replication {
        Replication::Simple(factor) => simple(&met, *factor),
        Replication::NetworkTopology(factors) => network(hosts, &met, factors),
        Replication::Everywhere => met,
        _ => panic!("{replication:?} does not go by the ring"),
    }
}
