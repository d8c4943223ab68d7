//! What the pools of one host have in common: that of the host, and those of keyspaces beside it.
//!
//! ```text
//!   the host --+-- pool ------------ connection, connection
//!              +-- pool of `other` - connection, connection
//!              |
//!              +-- how many requests may be in flight there, how many are, and what has become of them
//! ```
//!
//! Most hosts have but one pool: that is one look at a flag.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use cqlwire_net::Connection;
use tokio::time::Instant;

use crate::connections::{Connections, Listing};
use crate::{PoolTotals, PoolUsage};

/// How often a pool that needs more of what may be in flight takes it from the others, at most: each
/// time all connections are told.
const SHARED_OUT_EVERY: Duration = Duration::from_millis(10);

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct HostPools {
    /// Is there more than one?
    are_several: AtomicBool,
    /// The connections of all of them that can be picked; only kept where there are several.
    listed: ArcSwap<Vec<Connection>>,
    members: Mutex<Members>,
}

#[derive(Debug)]
struct Members {
    pools: Vec<Weak<Connections>>,
    /// How many requests may be in flight at the host.
    max_in_flight: Option<usize>,
    shared_out_at: Option<Instant>,
    /// Of pools that are not there any more.
    gone: PoolTotals,
}

impl HostPools {
    /// Without any pool.
    pub(crate) fn new(max_in_flight: Option<usize>) -> Self {
        let (pools, gone) = (Vec::new(), PoolTotals::default());
        let members = Members { pools, max_in_flight, shared_out_at: None, gone };
        let (are_several, listed) = (AtomicBool::new(false), ArcSwap::default());
        Self { are_several, listed, members: Mutex::new(members) }
    }

    /// Is there another pool beside the one that asks?
    #[inline]
    pub(crate) fn are_several(&self) -> bool {
        self.are_several.load(Relaxed)
    }

    pub(crate) fn join(&self, pool: &Arc<Connections>) {
        let mut members = self.members();
        members.pools.push(Arc::downgrade(pool));
        self.renew(&mut members);
    }

    /// Nothing is left of this pool, which came to this.
    pub(crate) fn leave(&self, pool: &Arc<Connections>, totals: PoolTotals) {
        let mut members = self.members();
        members.pools.retain(|member| !std::ptr::eq(member.as_ptr(), Arc::as_ptr(pool)));
        members.gone = members.gone + totals;
        self.renew(&mut members);
    }

    /// Other connections of a pool can be picked by now.
    pub(crate) fn listed(&self) {
        self.renew(&mut self.members());
    }

    fn renew(&self, members: &mut Members) {
        let pools = members.pools();
        let are_several = pools.len() > 1;
        if are_several || self.are_several() {
            let all = pools.iter().filter(|_| are_several).map(|pool| pool.listing());
            let listed = all.flat_map(|listing| listing.connections().cloned().collect::<Vec<_>>());
            self.listed.store(Arc::new(listed.collect()));
            self.are_several.store(are_several, Relaxed);
        }
        members.share_out(&pools);
    }

    /// How many responses are owed by the connections of all pools that can be picked, without those
    /// that are quiet.
    pub(crate) fn load(&self) -> usize {
        let listed = self.listed.load();
        let well = listed.iter().filter(|one| one.is_open() && !one.is_quiet());
        well.map(Connection::load).sum()
    }

    /// Is one of the connections quiet that can be picked?
    pub(crate) fn has_quiet(&self) -> bool {
        let pools = self.members().pools();
        pools.iter().any(|pool| pool.listing().connections().any(Connection::is_quiet))
    }

    /// So many requests may be in flight at the host from now on.
    pub(crate) fn limit_in_flight(&self, requests: usize) {
        let mut members = self.members();
        members.max_in_flight = Some(requests);
        let pools = members.pools();
        members.share_out(&pools);
    }

    /// A pool has as many in flight as it may, and another one may have more than it needs. Waits for
    /// nobody.
    #[cold]
    pub(crate) fn share_out_anew(&self) {
        let mut members = match self.members.try_lock() {
            Ok(members) => members,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let is_time = |at: Instant| at.elapsed() >= SHARED_OUT_EVERY;
        if members.max_in_flight.is_some() && members.shared_out_at.is_none_or(is_time) {
            let pools = members.pools();
            members.share_out(&pools);
        }
    }

    /// What has become of the connections and requests of all of them.
    pub(crate) fn totals(&self) -> PoolTotals {
        let (pools, gone) = {
            let members = self.members();
            (members.pools(), members.gone)
        };
        pools.iter().fold(gone, |sum, pool| sum + pool.totals())
    }

    /// What the connections of all of them hold.
    pub(crate) fn usage(&self) -> PoolUsage {
        let pools = self.members().pools();
        pools.iter().fold(PoolUsage::default(), |sum, pool| sum + pool.usage())
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    fn pools(&self) -> Vec<Arc<Connections>> {
        self.pools.iter().filter_map(Weak::upgrade).collect()
    }

    /// Shares out among the connections how many requests may be in flight.
    fn share_out(&mut self, pools: &[Arc<Connections>]) {
        let Some(most) = self.max_in_flight else { return };
        self.shared_out_at = Some(Instant::now());
        let listings: Vec<Arc<Listing>> =
            pools.iter().map(|pool| Guard::into_inner(pool.listing())).collect();
        let needs: Vec<Need> = listings.iter().map(|listing| Need::of(listing)).collect();
        for ((pool, listing), share) in pools.iter().zip(&listings).zip(shares(most, &needs)) {
            let connections = listing.connections().count();
            let of = |index| share / connections + usize::from(index < share % connections);
            for (index, connection) in listing.connections().enumerate() {
                connection.limit_in_flight(u16::try_from(of(index)).unwrap_or(u16::MAX));
            }
            pool.set_share(share.checked_div(connections).unwrap_or(usize::MAX));
        }
    }
}

/// What a pool is given its share by.
#[derive(Clone, Copy, Debug)]
struct Need {
    /// How many connections can be picked.
    connections: usize,
    /// What these owe, what waits for its turn included.
    load: usize,
}

impl Need {
    fn of(listing: &Listing) -> Self {
        let connections = listing.connections().count();
        Self { connections, load: listing.connections().map(Connection::load).sum() }
    }
}

/// How many of so many requests each pool may have in flight: one for each of its connections, and of
/// what is left a part by how much it has to do, so that one which rests keeps little from one which
/// does not, and yet some to begin with.
fn shares(most: usize, needs: &[Need]) -> impl Iterator<Item = usize> {
    let sum = |of: fn(&Need) -> usize| needs.iter().map(of).sum::<usize>();
    let (connections, load) = (sum(|need| need.connections), sum(|need| need.load));
    let left = most.saturating_sub(connections);
    // An eighth by the connections, as if each owed the same.
    let weight = move |need: &Need| 7 * need.load * connections + (load + 1) * need.connections;
    let all = needs.iter().map(weight).sum::<usize>().max(1);
    let part = move |need: &Need| need.connections + mul_div(left, weight(need), all);
    let given: usize = needs.iter().map(part).sum();
    let mut rest = most.saturating_sub(given);
    needs.iter().map(move |need| {
        let rest = if need.connections > 0 { std::mem::take(&mut rest) } else { 0 };
        part(need) + rest
    })
}

fn mul_div(a: usize, b: usize, by: usize) -> usize {
    let widened = (a as u128) * (b as u128) / (by as u128);
    usize::try_from(widened).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared_out(most: usize, needs: &[(usize, usize)]) -> Vec<usize> {
        let need =
            |(connections, load): &(usize, usize)| Need { connections: *connections, load: *load };
        shares(most, &needs.iter().map(need).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn a_pool_that_is_alone_has_all_of_it() {
        assert_eq!(shared_out(100, &[(2, 0)]), [100]);
        assert_eq!(shared_out(100, &[(3, 7_000)]), [100]);
        assert_eq!(shared_out(100, &[(0, 0), (2, 5)]), [0, 100]);
        assert_eq!(shared_out(usize::MAX, &[(2, 5)]), [usize::MAX]);
    }

    #[test]
    fn who_has_more_to_do_has_more_and_nobody_has_none() {
        assert_eq!(shared_out(100, &[(1, 0), (1, 0)]), [50, 50]);
        assert_eq!(shared_out(90, &[(2, 0), (1, 0)]), [60, 30]);
        let [busy, idle] = shared_out(100, &[(1, 1_000), (1, 0)])[..] else { panic!() };
        assert!(busy >= 90 && idle >= 5, "{busy} and {idle}");
        let [less, more] = shared_out(100, &[(1, 10), (1, 30)])[..] else { panic!() };
        assert!(more > 2 * less, "{less} and {more}");
        // Each connection has one in any case.
        assert_eq!(shared_out(2, &[(2, 9), (2, 0)]), [2, 2]);
    }

    #[test]
    fn all_of_it_is_given_and_no_more() {
        for seed in 0..2_000 {
            fastrand::seed(seed);
            let most = fastrand::usize(1..5_000);
            let pools = fastrand::usize(1..6);
            let needs: Vec<_> =
                (0..pools).map(|_| (fastrand::usize(0..4), fastrand::usize(..9_000))).collect();
            let connections: usize = needs.iter().map(|(connections, _)| connections).sum();
            let given: usize = shared_out(most, &needs).iter().sum();
            let expected = if connections == 0 { 0 } else { most.max(connections) };
            assert_eq!(given, expected, "seed {seed}: {most} among {needs:?}");
        }
    }
}
