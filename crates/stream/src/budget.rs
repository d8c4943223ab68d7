//! How many bytes the pages of all streams of a session hold, and whether one more may be asked
//! for ahead of its reader.
//!
//! A page that a reader waits for is never refused: every stream may hold one. Only a page asked
//! for ahead has to find room, and its room is set aside (as large as the page before it) until it
//! comes, so that a thousand streams do not each find the same room.
//!
//! ```text
//!   asked for ahead:  reserve(estimate) --page came--> fill(its size) --dropped--> given back
//!                          \--abandoned, failed------------------------------------> given back
//!   waited for:                             page came--> hold(its size) --dropped--> given back
//! ```
//!
//! So the pages of all streams together hold at most the limit and one page for each stream, and a
//! page that turned out larger than the one before it counts with its true size from then on.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// What the pages of all streams of a session may hold, in bytes of rows as they came. Clones
/// share it.
///
/// Nothing waits for it and nothing blocks: a stream that finds no room goes on without asking
/// ahead.
#[derive(Clone, Debug)]
pub struct PageBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit: usize,
    /// Of these handles, all but this one are pages that are here: so they are counted by what keeps
    /// the figures alive anyway.
    figures: Arc<Figures>,
}

/// Figures only: nothing else is published through them. Whoever sets room aside claims it first and
/// looks then whether it was there: of all who do so at once, each sees those before it.
#[derive(Debug, Default)]
struct Figures {
    /// Bytes of the pages that are here.
    held: AtomicUsize,
    /// Bytes that are set aside for pages asked for ahead. Given back only once the page that came is
    /// among those that are held (`Release`, `Acquire`), so that no look misses both.
    reserved: AtomicUsize,
    peak: AtomicUsize,
}

/// What the pages of all streams hold at one moment. At rest all of it but the peak is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageUsage {
    /// Pages that are here: read, or ahead of their reader.
    pub pages: usize,
    /// Bytes of their rows.
    pub bytes: usize,
    /// Bytes set aside for pages that are asked for ahead and have not come yet.
    pub reserved_bytes: usize,
    /// The most that `bytes` ever was.
    pub peak_bytes: usize,
}

impl PageBudget {
    /// The limit of [`PageBudget::default`]: 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 << 20;

    /// A budget of so many bytes. With 0, nothing is asked for ahead.
    pub fn new(limit_bytes: usize) -> Self {
        Self(Arc::new(Budget { limit: limit_bytes, figures: Arc::default() }))
    }

    /// How many bytes pages may hold before nothing more is asked for ahead.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// What pages hold now. The figures are read one after another while others change them.
    pub fn usage(&self) -> PageUsage {
        let figures = &self.0.figures;
        PageUsage {
            pages: Arc::strong_count(figures) - 1,
            bytes: figures.held.load(Relaxed),
            reserved_bytes: figures.reserved.load(Relaxed),
            peak_bytes: figures.peak.load(Relaxed),
        }
    }

    /// Accounts for a page that is here. One without rows holds nothing, and is not counted: most
    /// answers to writes are such.
    #[inline]
    pub(crate) fn hold(&self, bytes: usize) -> PageBytes {
        let figures = (bytes > 0).then(|| self.0.figures.hold(bytes));
        PageBytes { figures, bytes }
    }

    /// Sets room aside for a page that is about to be asked for; `None` if there is none, or if it is
    /// just what others are looking at, of whom some may find none either.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        if bytes > self.0.limit {
            return None;
        }
        let figures = &self.0.figures;
        let others = figures.reserved.fetch_add(bytes, Acquire);
        let room = Reservation { budget: self.clone(), bytes };
        let all = figures.held.load(Relaxed).checked_add(others)?.checked_add(bytes)?;
        (all <= self.0.limit).then_some(room)
    }
}

impl Figures {
    #[inline]
    fn hold(self: &Arc<Self>, bytes: usize) -> Arc<Self> {
        let held = self.held.fetch_add(bytes, Relaxed).saturating_add(bytes);
        // Seldom: most are not the most that there ever was.
        if held > self.peak.load(Relaxed) {
            self.peak.fetch_max(held, Relaxed);
        }
        Arc::clone(self)
    }
}

impl Default for PageBudget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

/// Room for a page on its way; dropping it gives it back.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation {
    budget: PageBudget,
    bytes: usize,
}

impl Reservation {
    /// The page came, and has so many bytes.
    pub(crate) fn fill(self, bytes: usize) -> PageBytes {
        self.budget.hold(bytes)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.figures.reserved.fetch_sub(self.bytes, Release);
    }
}

/// The share of one page that is here; dropping it gives it back.
#[derive(Debug)]
#[must_use]
pub struct PageBytes {
    /// None of a page without rows.
    figures: Option<Arc<Figures>>,
    bytes: usize,
}

impl PageBytes {
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for PageBytes {
    #[inline]
    fn drop(&mut self) {
        if let Some(figures) = &self.figures {
            figures.held.fetch_sub(self.bytes, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{PageBudget, PageUsage};

    #[test]
    fn only_pages_asked_for_ahead_have_to_find_room() {
        let budget = PageBudget::new(100);
        let first = budget.hold(80);
        assert!(budget.reserve(21).is_none());
        let room = budget.reserve(20).unwrap();
        assert!(budget.reserve(1).is_none(), "the same room is not found twice");
        let waited_for = budget.hold(500);
        drop((first, waited_for));
        let larger = room.fill(90);
        let usage = PageUsage { pages: 1, bytes: 90, reserved_bytes: 0, peak_bytes: 580 };
        assert_eq!(budget.usage(), usage, "a page counts with its true size");
        drop(larger);
        assert_eq!(budget.usage(), PageUsage { peak_bytes: 580, ..PageUsage::default() });
    }

    #[test]
    fn room_that_was_set_aside_comes_back_with_its_guard() {
        let budget = PageBudget::new(100);
        let room = budget.reserve(100).unwrap();
        assert_eq!(budget.usage().reserved_bytes, 100);
        drop(room);
        assert_eq!(budget.usage(), PageUsage::default());
    }

    #[test]
    fn a_page_without_rows_holds_nothing_and_is_not_counted() {
        let budget = PageBudget::new(100);
        let _empty = budget.hold(0);
        assert_eq!(budget.usage(), PageUsage::default());
    }

    #[test]
    fn unless_something_else_is_said_it_is_64_mib() {
        assert_eq!(PageBudget::default().limit(), 67_108_864);
    }

    #[test]
    fn a_size_that_cannot_be_is_no_room() {
        let budget = PageBudget::new(usize::MAX);
        let _page = budget.hold(2);
        assert!(budget.reserve(usize::MAX - 1).is_none());
    }

    #[test]
    fn threads_never_set_aside_more_than_the_limit() {
        let budget = PageBudget::new(1_000);
        thread::scope(|scope| {
            let threads = [0, 1, 2, 3].map(|seed| {
                let budget = &budget;
                scope.spawn(move || reserve_and_fill(budget, fastrand::Rng::with_seed(seed)))
            });
            while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                let usage = budget.usage();
                assert!(usage.bytes <= 1_000, "more than all pages have: {usage:?}");
            }
        });
        let usage = budget.usage();
        assert_eq!((usage.pages, usage.bytes, usage.reserved_bytes), (0, 0, 0));
        assert!((1..=1_000).contains(&usage.peak_bytes), "{usage:?}");
    }

    /// Pages no larger than what was set aside for them: together they stay within the limit.
    fn reserve_and_fill(budget: &PageBudget, mut random: fastrand::Rng) {
        let mut pages = Vec::new();
        for _ in 0..20_000 {
            let bytes = random.usize(1..400);
            if let Some(room) = budget.reserve(bytes) {
                pages.push(room.fill(random.usize(1..=bytes)));
            }
            if random.bool() {
                pages.pop();
            }
        }
    }
}
