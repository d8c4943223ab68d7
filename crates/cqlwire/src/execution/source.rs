//! Where the pages of a stream come from.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::EncodeValues;
use cqlwire_stream::{Fingerprint, PageBudget, PageSource, Position, Progress};

use super::hook::Hook;
use super::page::PageFetch;
use super::request::PageRequest;
use crate::error::{Error, Result};
use crate::operation::{Options, Statement};
use crate::shared::Shared;

/// Asks for the pages of one statement. Holds everything that it takes, so that a stream may
/// outlive what it was made from and be moved to another task.
pub struct StatementSource {
    shared: Arc<Shared>,
    /// Or why there is nothing to ask: values that do not fit are reported by the first page.
    request: Result<Arc<PageRequest>>,
    /// The figures that the session has counted already.
    counted: Progress,
    hook: Option<Hook>,
}

impl StatementSource {
    pub(super) fn new(
        shared: &Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options<'_>,
    ) -> Self {
        let shared = Arc::clone(shared);
        let request = PageRequest::new(Arc::clone(&shared), statement, values, options);
        let request = request.map(Arc::new).map_err(Error::new);
        Self { shared, request, counted: Progress::default(), hook: None }
    }

    /// The position has to be one of this statement with these values.
    pub(super) fn check_position(&mut self, position: &Position) {
        if let Ok(request) = &self.request
            && let Err(mismatch) = position.check(request.fingerprint())
        {
            self.request = Err(Error::new(mismatch.into()));
        }
    }

    pub(super) fn set_total_timeout(&mut self, timeout: Duration) {
        if let Ok(request) = &mut self.request
            && let Some(request) = Arc::get_mut(request)
        {
            request.set_total_timeout(timeout);
        }
    }

    pub(super) fn set_hook(&mut self, hook: Hook) {
        self.hook = Some(hook);
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn budget(&self) -> &PageBudget {
        &self.shared.budget
    }

    /// It counts from now on. Nothing of the user's runs from here on that might keep its end from
    /// being counted.
    pub(super) fn opened(&self) {
        self.shared.streams.opened();
    }
}

impl PageSource for StatementSource {
    type Error = Error;
    type Fetch = PageFetch;

    fn fetch(&mut self, from: &Position, most_rows: Option<NonZeroU32>) -> PageFetch {
        PageFetch::new(self.request.clone(), from.clone(), most_rows)
    }

    fn awaited(fetch: &mut PageFetch) {
        fetch.awaited();
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        self.request.as_ref().ok().map(|request| request.fingerprint())
    }

    fn failed_at(&self, error: Error, position: Option<&Position>) -> Error {
        let error = match &self.request {
            Ok(request) => error.of(request.kind()),
            Err(_) => error,
        };
        match position {
            Some(position) => error.resuming_at(position.clone()),
            None => error,
        }
    }

    fn progressed(&mut self, progress: &Progress) {
        self.shared.streams.progressed(&self.counted, progress);
        self.counted = *progress;
        self.hook = self.hook.take().filter(|hook| hook.call(progress, &self.shared.log));
    }
}

impl fmt::Debug for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementSource").finish_non_exhaustive()
    }
}
