//! From a table to a plan: its ranges on the ring, cut to about one size, in an order in which hosts take
//! turns.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{TokenRange, Topology};
use cqlwire_net::Deadline;
use uuid::Uuid;

use super::plan::{Done, RangeLeft, ScanPlan};
use super::sizes::{Weights, estimates, weights, width};
use super::statement::Wanted;
use crate::error::{Error, ErrorKind, Result};
use crate::keyspace::InKeyspace;
use crate::shared::Shared;

/// How many ranges more than the ring has a plan may have by their size, and as many again by how many
/// are read at once: some megabytes as text. Sizes are what servers say, and one of them may say
/// anything.
const MOST_MORE: u64 = 1 << 16;

/// What is to be read.
#[derive(Debug)]
pub(super) enum What {
    Table(Wanted),
    Plan(ScanPlan),
}

/// How a table is cut.
#[derive(Copy, Clone, Debug)]
pub(super) struct Cut {
    /// How many bytes a range has, as they are estimated.
    pub(super) range_bytes: u64,
    /// How many ranges there are at least, so that all who read have something to read.
    pub(super) least: usize,
    /// How long the schema may take that does not know the table yet, and hosts with their estimates.
    pub(super) patience: Duration,
}

/// The plan for a table, as the cluster is now.
pub(super) async fn plan(
    shared: &Arc<Shared>,
    through: &InKeyspace<'_>,
    wanted: &Wanted,
    cut: Cut,
) -> Result<ScanPlan> {
    let refused = |why: String| {
        Error::new(ErrorKind::Settings { setting: format!("scan of {}", wanted.table).into(), why })
    };
    let names = wanted.names(through.name()).map_err(refused)?;
    let find = || wanted.find(&names, &shared.cluster().schema());
    let statement = match find() {
        Ok(statement) => statement,
        // The schema is read after the session is connected, and a table may be newer than that.
        Err(_) => {
            shared.cluster().refresh(None, Deadline::after(cut.patience)).await;
            find().map_err(refused)?
        }
    };
    let (keyspace, table) = names;
    let topology = shared.cluster().topology();
    let ranges: Vec<TokenRange> = topology.ranges().collect();
    if ranges.is_empty() {
        let why = "the cluster has no tokens that are known here: its partitioner is another than Murmur3";
        return Err(refused(why.to_owned()));
    }
    let estimates = estimates(shared, through, (&keyspace, &table), cut.patience).await;
    let left = cut_up(&ranges, &weights(&ranges, &estimates), cut);
    let left = in_turns(left, &topology, &keyspace);
    let (keyspace, statement) = (keyspace.into(), statement.into());
    Ok(ScanPlan { keyspace, statement, done: Done::default(), left })
}

/// Each range in as many parts as its weight is worth, and as there have to be.
fn cut_up(ranges: &[TokenRange], weights: &Weights, cut: Cut) -> Vec<RangeLeft> {
    let least = u128::from(MOST_MORE).min(cut.least as u128);
    let of_least = |range: &TokenRange| {
        let whole = 1_u128 << 64;
        u64::try_from((width(range) * least).div_ceil(whole)).unwrap_or(1)
    };
    let all: u128 = weights.each.iter().map(|weight| u128::from(*weight)).sum();
    let range_bytes = all.div_ceil(MOST_MORE.into()).max(cut.range_bytes.into()).max(1);
    let range_bytes = u64::try_from(range_bytes).unwrap_or(u64::MAX);
    let parts = ranges.iter().zip(&weights.each).flat_map(|(range, weight)| {
        let of_size = if weights.are_bytes { weight.div_ceil(range_bytes) } else { 1 };
        RangeLeft::parts(*range, *weight, of_size.max(of_least(range)))
    });
    parts.collect()
}

/// Those of each host behind those of the others, so that all of them are busy from the beginning.
fn in_turns(left: Vec<RangeLeft>, topology: &Topology, keyspace: &str) -> VecDeque<RangeLeft> {
    let mut of_hosts: HashMap<Option<Uuid>, Vec<RangeLeft>> = HashMap::new();
    for range in left {
        let first = topology.replicas(keyspace, range.range.end).next().map(|host| host.id());
        of_hosts.entry(first).or_default().push(range);
    }
    let mut turns: Vec<_> = of_hosts
        .into_values()
        .flat_map(|ranges| {
            let count = ranges.len() as u64;
            // Of one that has few, they come at the same pace.
            let at = move |index: usize| (2 * index as u64 + 1) * (1 << 20) / count;
            ranges.into_iter().enumerate().map(move |(index, range)| (at(index), range))
        })
        .collect();
    turns.sort_by_key(|(at, range)| (*at, range.range.start));
    turns.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::Token;

    use super::*;

    fn covers_all(left: &[RangeLeft]) {
        let mut ranges: Vec<_> = left.iter().map(|left| left.range).collect();
        ranges.sort_by_key(|range| range.start);
        assert_eq!(ranges.first().unwrap().start, Token::MIN);
        assert_eq!(ranges.last().unwrap().end, Token(i64::MAX));
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].end, pair[1].start, "no token is left out, and none is in two");
            assert!(pair[0].start < pair[0].end);
        }
    }

    #[test]
    fn every_token_is_in_one_range_however_it_is_cut() {
        let whole = TokenRange { start: Token::MIN, end: Token(i64::MAX) };
        let low = TokenRange { start: Token::MIN, end: Token(-3) };
        let (tiny, high) = (
            TokenRange { start: Token(-3), end: Token(-2) },
            TokenRange { start: Token(-2), end: Token(i64::MAX) },
        );
        for (ranges, weights) in [(vec![whole], vec![7]), (vec![low, tiny, high], vec![5, 900, 1])]
        {
            for least in [0, 1, 7, 1_000] {
                for range_bytes in [0, 1, 10, 1_000] {
                    let cut = Cut { range_bytes, least, patience: Duration::ZERO };
                    let weights = Weights { each: weights.clone(), are_bytes: true };
                    let left = cut_up(&ranges, &weights, cut);
                    covers_all(&left);
                    assert!(left.len() >= least, "{} of {least}", left.len());
                    assert!(left.iter().all(|left| left.weight > 0));
                }
            }
        }
    }

    /// What is no number of bytes says nothing of how many ranges there should be.
    #[test]
    fn ranges_are_no_more_than_can_be_kept() {
        let ranges = [
            TokenRange { start: Token::MIN, end: Token(0) },
            TokenRange { start: Token(0), end: Token(i64::MAX) },
        ];
        for (each, are_bytes, range_bytes, least, expected) in [
            (vec![u64::MAX; 2], true, 0, 0, 65_536..=65_538),
            (vec![u64::MAX; 2], true, 32 << 20, usize::MAX, 65_536..=65_538),
            (vec![1, u64::MAX], true, 1, usize::MAX, 65_536..=131_074),
            (vec![1, 1], true, 1, usize::MAX, 65_536..=65_538),
            (vec![65_000, 1], true, 1, 0, 65_001..=65_001),
            (vec![u64::MAX; 2], false, 1, 0, 2..=2),
        ] {
            let cut = Cut { range_bytes, least, patience: Duration::ZERO };
            let left = cut_up(&ranges, &Weights { each, are_bytes }, cut);
            covers_all(&left);
            assert!(expected.contains(&left.len()), "{} and not {expected:?}", left.len());
        }
    }
}
