//! Doubly linked lists of small numbers, their links kept in one vector.
//!
//! Everything that waits in the multiplexer waits in such a list: a request in its deadline's bucket, a
//! request for a stream id. Joining and leaving cost the same few writes from the middle as from the ends,
//! and neither allocates once the vector has grown to the most that ever waited at once.

/// The end of a list, and the link of whoever is in none.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

/// The two ends of one list. Its members are in the [`Links`] that it is used with, always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    head: u32,
    tail: u32,
}

impl List {
    pub(crate) const EMPTY: Self = Self { head: NONE, tail: NONE };

    pub(crate) fn is_empty(self) -> bool {
        self.head == NONE
    }

    pub(crate) fn first(self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }
}

/// The links of all the lists that share one range of keys. A key is in at most one of them at a time.
#[derive(Debug)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Put `key` at the end of `list`.
    pub(crate) fn push_back(&mut self, list: &mut List, key: u32) {
        let index = key as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Link { previous: NONE, next: NONE });
        }
        self.0[index] = Link { previous: list.tail, next: NONE };
        match list.tail {
            NONE => list.head = key,
            tail => self.0[tail as usize].next = key,
        }
        list.tail = key;
    }

    /// Take `key` out of `list`, wherever in it it is.
    pub(crate) fn remove(&mut self, list: &mut List, key: u32) {
        let Link { previous, next } = self.0[key as usize];
        match previous {
            NONE => list.head = next,
            previous => self.0[previous as usize].next = next,
        }
        match next {
            NONE => list.tail = previous,
            next => self.0[next as usize].previous = previous,
        }
    }

    /// The member after `key` in the list that `key` is in.
    pub(crate) fn next(&self, key: u32) -> Option<u32> {
        let next = self.0[key as usize].next;
        (next != NONE).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(links: &Links, list: List) -> Vec<u32> {
        std::iter::successors(list.first(), |key| links.next(*key)).collect()
    }

    #[test]
    fn leaves_from_either_end_and_from_the_middle() {
        let (mut links, mut list) = (Links::new(), List::EMPTY);
        for key in [4, 0, 7, 2] {
            links.push_back(&mut list, key);
        }
        links.remove(&mut list, 0);
        assert_eq!(members(&links, list), [4, 7, 2]);
        links.remove(&mut list, 4);
        links.remove(&mut list, 2);
        assert_eq!(members(&links, list), [7]);
        links.push_back(&mut list, 0);
        links.remove(&mut list, 7);
        links.remove(&mut list, 0);
        assert!(list.is_empty());
    }
}
