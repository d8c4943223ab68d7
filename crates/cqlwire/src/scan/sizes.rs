//! How much is in each range of the ring, as the servers estimate it.
//!
//! Each host has estimates of its own ranges in `system.size_estimates`, five minutes old at most. What
//! no host knows is taken to be as dense as the rest; where nobody knows anything, all is equally dense.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::TokenRange;
use cqlwire_codec::Token;
use futures_util::future::join_all;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::execution::Execution;
use crate::keyspace::InKeyspace;
use crate::operation::Statement;
use crate::shared::Shared;

pub(crate) const ESTIMATES: &str = "SELECT range_start, range_end, mean_partition_size, partitions_count \
                         FROM system.size_estimates WHERE keyspace_name = ? AND table_name = ?";

/// More than any host has ranges: a part of its estimates would be none.
const PAGE_SIZE: u32 = 1 << 16;

/// Bytes by the range that a host has estimated.
pub(super) type Estimates = HashMap<(Token, Token), u64>;

/// What each range weighs, at least 1.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) each: Vec<u64>,
    /// Are they bytes? Where no estimate is of any of the ranges, they are parts of the ring.
    pub(super) are_bytes: bool,
}

/// What the hosts have estimated. Of one that does not say, nothing is known.
pub(super) async fn estimates(
    shared: &Arc<Shared>,
    through: &InKeyspace<'_>,
    table: (&str, &str),
    patience: Duration,
) -> Estimates {
    let topology = shared.cluster().topology();
    let hosts = topology.hosts().iter().filter(|host| host.state().is_up());
    let ids: Vec<_> = hosts.map(|host| host.id()).collect();
    let asked = ids.into_iter().map(|host| of_host(shared, through, host, table, patience));
    let session = shared.log.session();
    let said = join_all(asked).await.into_iter().filter_map(|answer| {
        let failed =
            |error: &Error| tracing::debug!(%session, %error, "a host does not say how much it has");
        answer.inspect_err(failed).ok()
    });
    said.flatten().collect()
}

/// What this host has estimated of this table.
async fn of_host(
    shared: &Arc<Shared>,
    through: &InKeyspace<'_>,
    host: Uuid,
    table: (&str, &str),
    patience: Duration,
) -> Result<Estimates> {
    let asked = Execution::new(shared, through.clone(), Statement::Text(ESTIMATES), table);
    let result = asked.host(host).page_size(PAGE_SIZE).timeout(patience).await?;
    let mut found = Estimates::new();
    for row in result.rows::<(&str, &str, Option<i64>, Option<i64>)>()? {
        let Ok((start, end, size, count)) = row else { continue };
        let (Ok(start), Ok(end)) = (start.parse(), end.parse()) else { continue };
        let bytes = size.unwrap_or(0).max(0).saturating_mul(count.unwrap_or(0).max(0));
        found.insert((start, end), u64::try_from(bytes).unwrap_or(0));
    }
    Ok(found)
}

/// The weight of each range: bytes where they are known.
pub(super) fn weights(ranges: &[TokenRange], estimates: &Estimates) -> Weights {
    let known = |range: &TokenRange| {
        // The range that ends the ring has two names: its end is where the ring begins.
        let last = (range.end == Token(i64::MAX)).then_some((range.start, Token::MIN));
        let names = [Some((range.start, range.end)), last];
        names.into_iter().flatten().find_map(|name| estimates.get(&name)).copied()
    };
    let sum = |of: &dyn Fn(&TokenRange) -> u128| ranges.iter().map(of).sum::<u128>();
    let known_bytes = sum(&|range| known(range).unwrap_or(0).into());
    let known_width = sum(&|range| known(range).map_or(0, |_| width(range)));
    let each = ranges
        .iter()
        .map(|range| {
            let by_width = match known_bytes {
                // As many units as are told apart well.
                0 => width(range) >> 32,
                bytes => width(range).saturating_mul(bytes) / known_width.max(1),
            };
            let weight = known(range).filter(|_| known_bytes > 0);
            weight.unwrap_or_else(|| u64::try_from(by_width).unwrap_or(u64::MAX)).max(1)
        })
        .collect();
    Weights { each, are_bytes: known_bytes > 0 }
}

/// How many tokens are in it.
pub(super) fn width(range: &TokenRange) -> u128 {
    let width = i128::from(range.end.0) - i128::from(range.start.0);
    u128::try_from(width).unwrap_or(0)
}
