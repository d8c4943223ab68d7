//! What the requests of a session draw their write times from.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cqlwire_net::counters;

use super::generator::{MonotonicTimestamps, TimestampGenerator, ask};
use crate::error::ErrorKind;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Timestamps {
    of_session: MonotonicTimestamps,
    panics: AtomicU64,
}

counters! {
    /// What went wrong with the write times that requests of a session drew, since it was connected.
    pub struct TimestampTotals {
        /// How often a [generator](crate::TimestampGenerator) panicked.
        panics,
    }
}

impl Timestamps {
    /// Draws one: from this generator, if the request has one of its own.
    ///
    /// # Errors
    ///
    /// The generator panicked.
    #[inline]
    pub(crate) fn draw(
        &self,
        own: Option<&dyn TimestampGenerator>,
    ) -> Result<Option<i64>, ErrorKind> {
        match own {
            None => Ok(self.of_session.next_micros()),
            Some(own) => self.ask(own),
        }
    }

    fn ask(&self, generator: &dyn TimestampGenerator) -> Result<Option<i64>, ErrorKind> {
        ask(generator).map_err(|message| {
            self.panics.fetch_add(1, Relaxed);
            ErrorKind::TimestampGenerator { message }
        })
    }

    pub(crate) fn totals(&self) -> TimestampTotals {
        TimestampTotals { panics: self.panics.load(Relaxed) }
    }
}
