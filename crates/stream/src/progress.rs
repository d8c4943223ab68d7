//! How far a stream has got, and how it ended.

use std::time::Duration;

use tokio::time::Instant;

/// The figures of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were given to the reader; as part of a page, or one by one.
    pub rows: u64,
    /// Pages that came, empty ones and those ahead of the reader included.
    pub pages: u64,
    /// Pages without rows among them.
    pub empty_pages: u64,
    /// Bytes of the rows of these pages, as they came.
    pub bytes: u64,
    /// Since the first page was asked for, until now or until the stream ended.
    pub elapsed: Duration,
    /// How the stream ended; `None` while it goes on.
    pub ending: Option<Ending>,
}

impl Progress {
    /// Rows a second, since the first page was asked for.
    pub fn rows_per_second(&self) -> f64 {
        per_second(self.rows, self.elapsed)
    }

    /// Bytes a second, since the first page was asked for.
    pub fn bytes_per_second(&self) -> f64 {
        per_second(self.bytes, self.elapsed)
    }
}

/// 0 before any time has passed.
#[allow(clippy::cast_precision_loss, reason = "a rate is not exact")]
fn per_second(count: u64, elapsed: Duration) -> f64 {
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// The reader was notified that there is no more.
    Complete,
    /// The reader was notified that its limit of rows or pages is reached.
    Limit,
    /// The reader was given an error.
    Failed,
    /// The reader let go of the stream before it was notified of any of these.
    Dropped,
}

/// A [`Progress`] with its clock.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) progress: Progress,
    since: Option<Instant>,
}

impl Tally {
    /// A page is asked for.
    pub(crate) fn asked(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// A page came.
    pub(crate) fn came(&mut self, rows: usize, bytes: usize) {
        self.progress.pages += 1;
        self.progress.empty_pages += u64::from(rows == 0);
        self.progress.bytes = self.progress.bytes.saturating_add(bytes as u64);
    }

    /// The stream ends, unless it has already. Says whether it had not.
    pub(crate) fn end(&mut self, ending: Ending) -> bool {
        let first = self.progress.ending.is_none();
        if first {
            self.progress = Progress { ending: Some(ending), ..self.now() };
        }
        first
    }

    /// The figures now.
    pub(crate) fn now(&self) -> Progress {
        let running = self.since.filter(|_| self.progress.ending.is_none());
        let elapsed = running.map_or(self.progress.elapsed, |since| since.elapsed());
        Progress { elapsed, ..self.progress }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_time_that_passed_and_0_before_any_did() {
        let elapsed = Duration::from_millis(500);
        let progress = Progress { rows: 3, bytes: 200, elapsed, ..Progress::default() };
        let rates = [progress.rows_per_second(), progress.bytes_per_second()];
        assert_eq!(rates.map(f64::to_bits), [6.0, 400.0].map(f64::to_bits));
        let at_once = Progress { elapsed: Duration::ZERO, ..progress };
        let rates = [at_once.rows_per_second(), at_once.bytes_per_second()];
        assert_eq!(rates.map(f64::to_bits), [0.0_f64; 2].map(f64::to_bits));
    }
}
