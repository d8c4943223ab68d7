//! How a load goes about it, unless it is told otherwise.

use std::time::Duration;

use super::window::GroupLimit;
use crate::operation::Options;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Settings<'a> {
    /// Those of each request.
    pub(super) options: Options<'a>,
    pub(super) concurrency: usize,
    pub(super) group: GroupLimit,
    /// How many rows are looked through for those of one partition.
    pub(super) read_ahead: usize,
    /// Of the values of all rows that are held, encoded, in bytes.
    pub(super) max_held_bytes: usize,
    pub(super) total_timeout: Option<Duration>,
    pub(super) max_failures: Option<u64>,
}

impl<'a> Settings<'a> {
    pub(super) const fn new(options: Options<'a>) -> Self {
        Self {
            options,
            concurrency: 256,
            // Below the 5 KiB from which on servers warn of batches.
            group: GroupLimit { rows: 64, bytes: 4 << 10 },
            read_ahead: 128,
            max_held_bytes: 16 << 20,
            total_timeout: None,
            max_failures: None,
        }
    }
}
