//! Rows that were not written, with why.

use std::fmt;

use super::progress::LoadProgress;
use crate::error::Error;

/// A row that failed, given back with its error.
#[derive(Clone)]
#[non_exhaustive]
pub struct FailedRow<R> {
    /// The row, as it was taken from the source.
    pub row: R,
    /// Which one of the source it is, from 1.
    pub number: u64,
    /// Why. Whether it may have been written all the same is what
    /// [`may_have_been_applied`](Error::may_have_been_applied) tells.
    pub error: Error,
}

/// Why a load that was awaited did not write all rows.
#[non_exhaustive]
pub struct LoadError<R> {
    /// What went wrong: why the first of the failed rows did, or, without any, why it was stopped.
    pub error: Error,
    /// Why it took no more rows, if it did not come to the end of its source.
    pub stopped: Option<Error>,
    /// The rows that failed, and were not given out before.
    pub failures: Vec<FailedRow<R>>,
    /// How far it has got.
    pub progress: LoadProgress,
}

impl<R> LoadError<R> {
    /// `None` if there is nothing that went wrong.
    pub(super) fn of(
        stopped: Option<Error>,
        failures: Vec<FailedRow<R>>,
        progress: LoadProgress,
    ) -> Option<Self> {
        let first = failures.first().map(|failure| &failure.error);
        let error = first.or(stopped.as_ref())?.clone();
        Some(Self { error, stopped, failures, progress })
    }
}

impl<R> From<LoadError<R>> for Error {
    /// Leaves the rows behind.
    fn from(error: LoadError<R>) -> Self {
        error.error
    }
}

impl<R> fmt::Display for FailedRow<R> {
    /// Without the row: values are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.number, self.error)
    }
}

impl<R> fmt::Debug for FailedRow<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, error, .. } = self;
        f.debug_struct("FailedRow")
            .field("number", number)
            .field("error", error)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Display for LoadError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stopped, failures, progress, .. } = self;
        write!(
            f,
            "{} of the {} rows that were taken were not written",
            progress.failed, progress.taken
        )?;
        if let Some(stopped) = stopped {
            write!(f, ", and no more were taken: {stopped}")?;
        }
        match failures.first() {
            Some(first) => write!(f, "; {first}"),
            None => Ok(()),
        }
    }
}

impl<R> fmt::Debug for LoadError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stopped, failures, progress, .. } = self;
        f.debug_struct("LoadError")
            .field("stopped", stopped)
            .field("failures", failures)
            .field("progress", progress)
            .finish()
    }
}

impl<R> std::error::Error for LoadError<R> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
