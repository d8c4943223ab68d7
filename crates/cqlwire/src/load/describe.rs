//! How a load is told to go about it.

use std::time::Duration;

use super::Load;
use crate::profile::{ExecutionProfile, Policies, RequestSettings, request_setters};

impl<'a, R> Load<'a, R> {
    /// How many requests may be in flight at once, at least 1; 0 is taken for that. Default 256, or
    /// what the session lets ([`max_requests`](crate::SessionBuilder::max_requests)), if that is less.
    #[doc(alias = "parallelism")]
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self.set_width();
        self
    }

    /// How many rows of one partition may share a request. Default 64; with 1, each goes alone.
    pub const fn batch_rows(mut self, rows: usize) -> Self {
        self.settings.group.rows = rows;
        self
    }

    /// How many bytes the values of rows that share a request may have together, encoded. Default
    /// 4 KiB: servers warn of batches from 5 KiB on (`batch_size_warn_threshold`). A row that is
    /// larger goes alone.
    pub const fn batch_bytes(mut self, bytes: usize) -> Self {
        self.settings.group.bytes = bytes;
        self
    }

    /// How many rows that cannot go yet are taken and looked through for those of one partition, at
    /// least 1. Default 128. Where rows never share a request, none is taken before it can go.
    pub const fn read_ahead(mut self, rows: usize) -> Self {
        self.settings.read_ahead = rows;
        self
    }

    /// From how many bytes on no further row is taken: of the values, encoded, of all rows that are
    /// held. Default 16 MiB. It may be passed by one row.
    pub const fn max_held_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_held_bytes = bytes;
        self
    }

    /// How long the whole may take, from when it is first polled. Default: as long as it takes. When
    /// it has passed, no more rows are taken, and those that are on their way fail; each of them is
    /// given back.
    pub const fn total_timeout(mut self, timeout: Duration) -> Self {
        self.settings.total_timeout = Some(timeout);
        self
    }

    /// How many rows may fail: one more, and no more rows are taken. Those that were are still
    /// written or fail, so that some more may fail. Default 0 when the load is awaited, so that it
    /// stops at the first; as many as there are when failures are
    /// [read one by one](Self::next_failure).
    #[doc(alias = "max_errors")]
    pub const fn max_failures(mut self, failures: u64) -> Self {
        self.settings.max_failures = Some(failures);
        self
    }

    /// With all settings of this profile, for each request; those set before are replaced.
    pub fn profile(mut self, profile: &'a ExecutionProfile) -> Self {
        self.settings.options.set_profile(profile);
        self
    }

    request_setters!();

    /// The write time of all rows, in microseconds since 1970, instead of that of any clock
    /// ([`client_timestamps`](Self::client_timestamps)); anything but `i64::MIN`. `USING TIMESTAMP` of a
    /// statement comes before it; conditional statements and counters have times of their own, whatever
    /// is said here.
    #[doc(alias = "USING TIMESTAMP")]
    pub const fn timestamp_micros(mut self, micros: i64) -> Self {
        self.settings.options.timestamp_micros = Some(micros);
        self
    }

    const fn settings_mut(&mut self) -> &mut RequestSettings {
        &mut self.settings.options.settings
    }

    fn policies_mut(&mut self) -> &mut Policies {
        &mut self.settings.options.rare.get_or_insert_default().policies
    }
}
