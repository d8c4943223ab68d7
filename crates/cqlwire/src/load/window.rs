//! Rows that were taken from the source and are not on their way yet: those that may share a request
//! are found here.
//!
//! The first one goes first, and takes with it those behind it that go into the same partition.

use std::collections::VecDeque;

/// Which partition a row goes to, and which row of it it is: both as hashes. Two rows with the same
/// hash are taken for one, which costs a request and nothing else.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: i64,
    pub(super) row: i64,
}

/// A row that is held until its outcome is known.
#[derive(Debug)]
pub(super) struct HeldRow<R> {
    pub(super) row: R,
    /// In the source, from 1.
    pub(super) number: u64,
    /// Of its values, encoded.
    pub(super) bytes: usize,
    /// `None` if it goes alone.
    pub(super) place: Option<Place>,
}

/// How much one request may have.
#[derive(Copy, Clone, Debug)]
pub(super) struct GroupLimit {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// See the [module](self).
pub(super) struct Window<R> {
    order: VecDeque<Entry>,
    rows: Vec<Option<HeldRow<R>>>,
    free: Vec<usize>,
}

/// What of a row is looked at when others are looked for: much less than the row.
#[derive(Copy, Clone)]
struct Entry {
    place: Option<Place>,
    bytes: usize,
    at: usize,
}

impl<R> Default for Window<R> {
    fn default() -> Self {
        Self { order: VecDeque::new(), rows: Vec::new(), free: Vec::new() }
    }
}

impl<R> Window<R> {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// One more, behind all others.
    pub(super) fn push(&mut self, row: HeldRow<R>) {
        let entry = self.keep(row);
        self.order.push_back(entry);
    }

    /// One that was on its way already, before all others.
    pub(super) fn put_back(&mut self, row: HeldRow<R>) {
        let entry = self.keep(row);
        self.order.push_front(entry);
    }

    /// All that are there go alone: what was known of their places is not so any more.
    pub(super) fn forget_places(&mut self) {
        self.order.iter_mut().for_each(|entry| entry.place = None);
    }

    fn keep(&mut self, row: HeldRow<R>) -> Entry {
        let (place, bytes) = (row.place, row.bytes);
        let at = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            self.rows.len() - 1
        });
        if let Some(free) = self.rows.get_mut(at) {
            *free = Some(row);
        }
        Entry { place, bytes, at }
    }

    /// The first row, and into `others` those that go with it: of the same partition, no row twice.
    pub(super) fn take(
        &mut self,
        limit: GroupLimit,
        others: &mut Vec<HeldRow<R>>,
    ) -> Option<HeldRow<R>> {
        let Self { order, rows, free } = self;
        let mut take_out = |entry: &Entry| {
            free.push(entry.at);
            rows.get_mut(entry.at).and_then(Option::take)
        };
        let first = order.pop_front()?;
        let row = take_out(&first)?;
        let Some(place) = first.place else { return Some(row) };
        let in_partition =
            |entry: &Entry| entry.place.is_some_and(|other| other.partition == place.partition);
        if limit.rows < 2 || !order.iter().any(in_partition) {
            return Some(row);
        }
        let mut bytes = first.bytes;
        order.retain(|entry| {
            let joins = others.len() + 1 < limit.rows
                && in_partition(entry)
                && bytes.saturating_add(entry.bytes) <= limit.bytes
                && entry.place != Some(place)
                && others.iter().all(|other| other.place != entry.place);
            if joins {
                bytes += entry.bytes;
                others.extend(take_out(entry));
            }
            !joins
        });
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: GroupLimit = GroupLimit { rows: 4, bytes: 100 };

    fn row(number: u64, place: Option<(i64, i64)>, bytes: usize) -> HeldRow<u64> {
        let place = place.map(|(partition, row)| Place { partition, row });
        HeldRow { row: number, number, bytes, place }
    }

    /// The rows of each request, in order.
    fn requests(window: &mut Window<u64>, limit: GroupLimit) -> Vec<Vec<u64>> {
        let mut requests = Vec::new();
        let mut others = Vec::new();
        while let Some(first) = window.take(limit, &mut others) {
            let others = others.drain(..).map(|row| row.row);
            requests.push([first.row].into_iter().chain(others).collect());
        }
        requests
    }

    fn window(rows: impl IntoIterator<Item = HeldRow<u64>>) -> Window<u64> {
        let mut window = Window::default();
        rows.into_iter().for_each(|row| window.push(row));
        window
    }

    #[test]
    fn rows_of_one_partition_go_together_in_their_order_and_no_others() {
        let places = [1, 2, 1, 1, 3, 2, 1, 1];
        let rows = places.into_iter().zip(0..).map(|(p, n)| row(n, Some((p, n.cast_signed())), 10));
        let mut window = window(rows);
        assert_eq!(window.len(), 8);
        let expected = [vec![0, 2, 3, 6], vec![1, 5], vec![4], vec![7]];
        assert_eq!(requests(&mut window, LIMIT), expected);
        assert!(window.is_empty());
        assert_eq!((window.rows.len(), window.free.len()), (8, 8));
    }

    #[test]
    fn one_row_of_a_table_is_never_twice_in_a_request() {
        let places = [(1, 1), (1, 2), (1, 1), (1, 2), (1, 3)];
        let rows = places.into_iter().zip(0..).map(|(place, n)| row(n, Some(place), 10));
        assert_eq!(requests(&mut window(rows), LIMIT), [vec![0, 1, 4], vec![2, 3]]);
    }

    #[test]
    fn a_request_is_no_longer_than_may_be_unless_it_is_one_row() {
        let bytes = [200, 60, 60, 40, 1];
        let rows =
            bytes.into_iter().zip(0..).map(|(bytes, n)| row(n, Some((1, n.cast_signed())), bytes));
        assert_eq!(requests(&mut window(rows), LIMIT), [vec![0], vec![1, 3], vec![2, 4]]);
        let rows = (0..3).map(|n| row(n, Some((1, n.cast_signed())), 1));
        let alone = GroupLimit { rows: 1, bytes: 100 };
        assert_eq!(requests(&mut window(rows), alone), [vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn what_has_no_place_goes_alone_and_what_comes_back_goes_first() {
        let mut window = window([row(0, None, 1), row(1, Some((1, 1)), 1), row(2, None, 1)]);
        window.push(row(3, Some((1, 2)), 1));
        window.put_back(row(9, None, 1));
        assert_eq!(requests(&mut window, LIMIT), [vec![9], vec![0], vec![1, 3], vec![2]]);
    }

    #[test]
    fn whose_place_is_forgotten_goes_alone_too() {
        let mut window = window([row(0, Some((1, 1)), 1), row(1, Some((1, 2)), 1)]);
        window.forget_places();
        window.push(row(2, Some((1, 3)), 1));
        window.push(row(3, Some((1, 4)), 1));
        assert_eq!(requests(&mut window, LIMIT), [vec![0], vec![1], vec![2, 3]]);
    }
}
