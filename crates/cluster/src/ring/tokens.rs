//! The tokens of a ring in order, their owners, and the way from a token to its range.

use std::iter;

use cqlwire_codec::Token;

use super::member::Member;

/// The highest token, which ends the last range.
const MAX: Token = Token(i64::MAX);

/// No more buckets than 2 to the power of this.
const MAX_BUCKET_BITS: u32 = 24;

/// One of the hosts that a ring was made of: where it stands among them, from 0 on.
//
// Of 16 bits, because tables are made of them: a thousand hosts with 256 tokens each are megabytes
// for every replica.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostIndex(u16);

impl HostIndex {
    /// `None` beyond what 16 bits can count.
    pub(crate) fn new(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }

    /// Where it stands among the hosts.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The tokens above `start`, up to `end` and with it. It never runs over the highest token: as it
/// stands it is `token(key) > start AND token(key) <= end`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenRange {
    /// The highest token below the range.
    pub start: Token,
    /// The highest token in the range.
    pub end: Token,
}

/// Tokens in ascending order, none twice, each with the host that owns the range which it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokens {
    sorted: Box<[Token]>,
    owners: Box<[HostIndex]>,
    /// How many tokens lie before each bucket of equal width, and how many there are. Tokens are
    /// spread evenly, as those that are hashes are and those that are allotted should be: there is
    /// about one in a bucket.
    before: Box<[u32]>,
    /// What is left of a token after this shift is the number of its bucket.
    shift: u32,
}

impl Tokens {
    /// Of more hosts than there are indexes for, none has a token.
    pub(super) fn new(members: &[Member<'_>]) -> Self {
        let mut owned = Vec::with_capacity(members.iter().map(|member| member.tokens.len()).sum());
        for (index, member) in members.iter().enumerate() {
            let Some(host) = HostIndex::new(index) else {
                owned.clear();
                break;
            };
            owned.extend(member.tokens.iter().map(|token| (*token, host)));
        }
        owned.sort_unstable();
        // The first of a few owners of the same token stands first.
        owned.dedup_by_key(|(token, _)| *token);
        let bits = usize::BITS - owned.len().leading_zeros();
        let shift = u64::BITS - bits.clamp(1, MAX_BUCKET_BITS);
        let (sorted, owners): (Vec<_>, Vec<_>) = owned.into_iter().unzip();
        let before = count_before(&sorted, shift);
        Self { sorted: sorted.into(), owners: owners.into(), before, shift }
    }

    /// The owner of each token, in their order.
    pub(super) fn owners(&self) -> &[HostIndex] {
        &self.owners
    }

    /// Which of the tokens ends the range that this one is in: the first that is not lower, or the
    /// first of all. 0 if there are none.
    #[inline]
    pub(super) fn range_of(&self, token: Token) -> usize {
        let bucket = bucket(token, self.shift);
        let first = self.before.get(bucket).map_or(0, |first| index(*first));
        let after = self.before.get(bucket + 1).map_or(0, |after| index(*after));
        let inside = self.sorted.get(first..after).unwrap_or_default();
        let end = first + inside.partition_point(|other| *other < token);
        if end < self.sorted.len() { end } else { 0 }
    }

    /// Every range, with the index of its end: the one that runs over the highest token comes in
    /// two parts, first and last. Without tokens there is one range, and no such index either.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (TokenRange, usize)> {
        let starts = iter::once(Token::MIN).chain(self.sorted.iter().copied());
        let ends = self.sorted.iter().copied().chain([MAX]);
        let ends_at = (0..self.sorted.len()).chain([0]);
        let ranges = starts.zip(ends).map(|(start, end)| TokenRange { start, end });
        ranges.zip(ends_at).filter(|(range, _)| range.start < range.end)
    }
}

fn count_before(sorted: &[Token], shift: u32) -> Box<[u32]> {
    let buckets = bucket(MAX, shift) + 1;
    let mut before = Vec::with_capacity(buckets + 1);
    let mut counted = 0;
    for number in 0..=buckets {
        let rest = sorted.get(counted..).unwrap_or_default();
        counted += rest.iter().take_while(|token| bucket(**token, shift) < number).count();
        before.push(u32::try_from(counted).unwrap_or(u32::MAX));
    }
    before.into()
}

/// The number of the bucket, the lowest tokens being in the first.
#[inline]
fn bucket(token: Token, shift: u32) -> usize {
    let above_lowest = token.0.cast_unsigned() ^ 1 << 63;
    usize::try_from(above_lowest >> shift).unwrap_or(usize::MAX)
}

#[inline]
fn index(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
