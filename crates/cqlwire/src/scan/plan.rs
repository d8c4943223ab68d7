//! What of a table is still to be read: ranges of tokens, each with its weight, and where in it a reader
//! stopped.

use std::collections::VecDeque;
use std::sync::Arc;

use cqlwire_cluster::TokenRange;
use cqlwire_codec::Token;
use cqlwire_stream::Position;

/// What of a table is still to be read, and by which statement: small, and kept as
/// [text](std::fmt::Display), or by serde. It does not change by being read: a
/// [running scan](super::ScanPages) gives out what is left of its own.
///
/// Parts of it are plans like any other: [`split`](Self::split) it, and have other processes or machines
/// read each, by [`Session::resume_scan`](crate::Session::resume_scan). Each range is in one of them, so
/// that each row is read once.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> Result<(), Box<dyn std::error::Error>> {
/// let plan = session.scan("shop.orders").columns(["id", "total"]).plan().await?;
/// for unit in plan.split(16) {
///     println!("{unit}");
/// }
/// // Elsewhere:
/// # let text = "";
/// let unit: cqlwire::ScanPlan = text.parse()?;
/// let mut orders = session.resume_scan(&unit).rows::<(i64, i64)>();
/// while let Some((id, total)) = orders.try_next().await? {
///     println!("{id}: {total}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPlan {
    /// Whose partitions they are, for routing.
    pub(super) keyspace: Arc<str>,
    /// With two bind markers: above which token, and up to which.
    pub(super) statement: Arc<str>,
    pub(super) done: Done,
    pub(super) left: VecDeque<RangeLeft>,
}

/// What has been read of it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) ranges: u64,
    pub(super) weight: u64,
}

/// A range, or the rest of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RangeLeft {
    pub(super) range: TokenRange,
    /// As it is estimated, in bytes, or in any other unit that all of them have; at least 1.
    pub(super) weight: u64,
    /// Where a reader stopped; `None` at its start.
    pub(super) from: Option<Position>,
}

impl ScanPlan {
    /// How many ranges are left, those included that were begun.
    pub fn ranges_left(&self) -> usize {
        self.left.len()
    }

    /// Is nothing left?
    pub fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// Which statement reads a range, with a bind marker for the token above which it begins, and one
    /// for that with which it ends.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// In so many plans of about the same weight, or in fewer if there are not as many ranges; none of
    /// them is empty. What has been done before counts for none of them.
    #[must_use]
    pub fn split(self, units: usize) -> Vec<Self> {
        let units = units.clamp(1, self.left.len().max(1));
        let empty = || Self {
            keyspace: Arc::clone(&self.keyspace),
            statement: Arc::clone(&self.statement),
            done: Done::default(),
            left: VecDeque::new(),
        };
        let mut parts: Vec<(u64, Self)> = (0..units).map(|_| (0, empty())).collect();
        // The heaviest first, each to whoever has least: no part then is far above the others.
        let mut left: Vec<RangeLeft> = self.left.into_iter().collect();
        left.sort_by_key(|range| std::cmp::Reverse(range.weight));
        for range in left {
            if let Some((weight, part)) = parts.iter_mut().min_by_key(|(weight, _)| *weight) {
                *weight = weight.saturating_add(range.weight);
                part.left.push_back(range);
            }
        }
        parts.into_iter().map(|(_, part)| part).filter(|part| !part.is_done()).collect()
    }

    /// The same, but of this range so much is left.
    pub(super) fn with(mut self, left: RangeLeft) -> Self {
        match self.left.iter_mut().find(|known| known.range == left.range) {
            Some(known) => known.from = left.from,
            None => {
                self.done.ranges = self.done.ranges.saturating_sub(1);
                self.done.weight = self.done.weight.saturating_sub(left.weight);
                self.left.push_front(left);
            }
        }
        self
    }

    /// The weight of what is left.
    pub(super) fn weight_left(&self) -> u64 {
        self.left.iter().fold(0, |sum, range| sum.saturating_add(range.weight))
    }
}

impl RangeLeft {
    /// It in so many parts of equal width, or in fewer, where it has not as many tokens.
    pub(super) fn parts(range: TokenRange, weight: u64, parts: u64) -> impl Iterator<Item = Self> {
        // Up to 2^64 tokens, which it is if it is the whole ring.
        let width = i128::from(range.end.0) - i128::from(range.start.0);
        let parts = i128::from(parts.max(1)).min(width.max(1));
        let token = move |part: i128| {
            let token = i128::from(range.start.0) + width * part / parts;
            Token(i64::try_from(token).unwrap_or(range.end.0))
        };
        let weight = (weight / u64::try_from(parts).unwrap_or(1)).max(1);
        (0..parts).map(move |part| Self {
            range: TokenRange { start: token(part), end: token(part + 1) },
            weight,
            from: None,
        })
    }
}
