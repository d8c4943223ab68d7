//! The streams whose callers went away, in the order in which they did: how many there are, and since when
//! the oldest has been one.
//!
//! Both are known without a search, so that neither costs anything while nobody goes away.

use std::time::Instant;

use crate::links::{Links, List};

/// Stream ids on which an answer is owed to nobody.
#[derive(Debug)]
pub(crate) struct Orphans {
    /// By age, the oldest first.
    list: List,
    links: Links,
    /// By stream id, since when; meaningful for members of the list.
    since: Vec<Instant>,
    count: usize,
}

impl Orphans {
    pub(crate) const fn new() -> Self {
        Self { list: List::EMPTY, links: Links::new(), since: Vec::new(), count: 0 }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Since when the oldest has been one.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        self.list.first().map(|stream| self.since[stream as usize])
    }

    /// The caller of `stream` went away at `now`, which is not before any that did so earlier.
    pub(crate) fn add(&mut self, stream: u16, now: Instant) {
        let index = usize::from(stream);
        if index >= self.since.len() {
            self.since.resize(index + 1, now);
        }
        self.since[index] = now;
        self.links.push_back(&mut self.list, stream.into());
        self.count += 1;
    }

    /// The late answer on `stream` came.
    pub(crate) fn remove(&mut self, stream: u16) {
        self.links.remove(&mut self.list, stream.into());
        self.count -= 1;
    }

    /// The connection is over: nothing is owed any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_is_known_whichever_goes_first() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut orphans = Orphans::new();
        assert_eq!(orphans.oldest(), None);
        for (stream, seconds) in [(7, 1), (3, 2), (9, 3)] {
            orphans.add(stream, at(seconds));
        }
        orphans.remove(3);
        assert_eq!((orphans.count(), orphans.oldest()), (2, Some(at(1))));
        orphans.remove(7);
        assert_eq!(orphans.oldest(), Some(at(3)));
        orphans.add(7, at(4));
        orphans.remove(9);
        assert_eq!((orphans.count(), orphans.oldest()), (1, Some(at(4))));
        orphans.clear();
        assert_eq!((orphans.count(), orphans.oldest()), (0, None));
    }
}
