//! The profiles of a session: the default one, those by name, and which of them is for requests that
//! say nothing of it.
//!
//! They stay as they were given as long as the session lives, so that a request borrows the one that
//! it is executed by: to switch is to write a number, and to see it is to read one.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::ExecutionProfile;

/// What the one without a name of its own is called.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Profiles {
    default: ExecutionProfile,
    named: Vec<(Box<str>, ExecutionProfile)>,
    /// Which one is for requests that say nothing of it: the default one if 0, else that of the
    /// named ones, from 1.
    current: AtomicUsize,
}

impl Profiles {
    pub(crate) const fn new(
        default: ExecutionProfile,
        named: Vec<(Box<str>, ExecutionProfile)>,
    ) -> Self {
        Self { default, named, current: AtomicUsize::new(0) }
    }

    /// That of requests which say nothing of it.
    #[inline]
    pub(crate) fn current(&self) -> &ExecutionProfile {
        match self.current.load(Relaxed).checked_sub(1) {
            None => &self.default,
            Some(index) => self.switched_to(index),
        }
    }

    #[inline(never)]
    fn switched_to(&self, index: usize) -> &ExecutionProfile {
        self.named.get(index).map_or(&self.default, |(_, profile)| profile)
    }

    /// What the current one is called.
    pub(crate) fn current_name(&self) -> &str {
        let index = self.current.load(Relaxed).checked_sub(1);
        index.and_then(|index| self.named.get(index)).map_or(DEFAULT_PROFILE, |(name, _)| name)
    }

    /// The one of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&ExecutionProfile> {
        match self.number(name)?.checked_sub(1) {
            None => Some(&self.default),
            Some(index) => Some(self.switched_to(index)),
        }
    }

    /// The one of this name is for requests that say nothing of it, from now on; false if there is
    /// none.
    pub(crate) fn switch(&self, name: &str) -> bool {
        let number = self.number(name);
        if let Some(number) = number {
            self.current.store(number, Relaxed);
        }
        number.is_some()
    }

    /// What they are called.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(DEFAULT_PROFILE).chain(self.named.iter().map(|(name, _)| &**name))
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}
