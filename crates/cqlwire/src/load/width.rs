//! How many requests a load has in flight: as many as it may, and fewer while something is overloaded.

/// See the [module](self). Each request that is too much takes one away; a round of requests that
/// all went well gives one back.
#[derive(Debug)]
pub(super) struct Width {
    most: usize,
    now: usize,
    /// How many went well since it changed.
    well: usize,
}

impl Width {
    /// So many at most, and at least one.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, now: most, well: 0 }
    }

    pub(super) const fn now(&self) -> usize {
        self.now
    }

    /// A request went well.
    pub(super) const fn went_well(&mut self) {
        self.well += 1;
        if self.well >= self.now && self.now < self.most {
            (self.now, self.well) = (self.now + 1, 0);
        }
    }

    /// A request was one too many.
    pub(super) fn was_too_much(&mut self) {
        (self.now, self.well) = (self.now.saturating_sub(1).max(1), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_narrows_with_each_that_is_too_much_and_widens_with_each_round() {
        let mut width = Width::new(4);
        (0..100).for_each(|_| width.went_well());
        assert_eq!(width.now(), 4);
        (0..2).for_each(|_| width.was_too_much());
        assert_eq!(width.now(), 2);
        width.went_well();
        assert_eq!(width.now(), 2);
        width.went_well();
        assert_eq!(width.now(), 3);
        (0..100).for_each(|_| width.was_too_much());
        assert_eq!(width.now(), 1, "there is no end to it");
        assert_eq!(Width::new(0).now(), 1);
    }
}
