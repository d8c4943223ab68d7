//! The report of one request, for whoever asked for it with the request.

use std::sync::{Mutex, PoisonError};

use super::report::RequestReport;

/// Where the report is put, once the request has ended.
#[derive(Debug, Default)]
pub(crate) struct AskedReport(Mutex<Option<RequestReport>>);

impl AskedReport {
    pub(super) fn put(&self, report: RequestReport) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    }

    /// The report, if the request has ended.
    pub(crate) fn take(&self) -> Option<RequestReport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
