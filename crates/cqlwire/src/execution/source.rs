//! Where the pages of a stream come from.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cqlwire_codec::{EncodeError, EncodeValues, EncodedValues, StatementKind};
use cqlwire_net::Deadline;
use cqlwire_stream::{Fingerprint, PageBudget, PageSource, Position, Progress};

use super::hook::Hook;
use super::page::PageFetch;
use super::reencode::StoredValues;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Options, PageRange, Statement, StatementOperation};
use crate::prepared::PreparedStatement;
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

/// What all pages of a stream have in common.
pub(super) struct PageRequest {
    shared: Arc<Shared>,
    statement: OwnedStatement,
    values: StoredValues,
    fingerprint: Fingerprint,
    options: Options,
    /// The end of the whole stream, counted from its first page.
    whole: OnceLock<Deadline>,
}

enum OwnedStatement {
    Text(String),
    Prepared(PreparedStatement),
}

impl OwnedStatement {
    fn of(statement: Statement<'_>) -> Self {
        match statement {
            Statement::Text(text) => Self::Text(text.to_owned()),
            Statement::Prepared(prepared) => Self::Prepared(prepared.clone()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Prepared(prepared) => prepared.text(),
        }
    }

    const fn as_statement(&self) -> Statement<'_> {
        match self {
            Self::Text(text) => Statement::Text(text.as_str()),
            Self::Prepared(prepared) => Statement::Prepared(prepared),
        }
    }
}

impl StatementSource {
    pub(super) fn new(
        shared: &Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options,
    ) -> Self {
        let shared = Arc::clone(shared);
        let request = PageRequest::new(Arc::clone(&shared), statement, values, options);
        let request = request.map(Arc::new).map_err(Error::new);
        Self { shared, request, counted: Progress::default(), hook: None }
    }

    /// The position has to be one of this statement with these values.
    pub(super) fn check_position(&mut self, position: &Position) {
        if let Ok(request) = &self.request
            && let Err(mismatch) = position.check(request.fingerprint)
        {
            self.request = Err(Error::new(mismatch.into()));
        }
    }

    pub(super) fn set_total_timeout(&mut self, timeout: Duration) {
        if let Ok(request) = &mut self.request
            && let Some(request) = Arc::get_mut(request)
        {
            request.options.profile.stream_timeout = Some(timeout);
        }
    }

    pub(super) fn set_hook(&mut self, hook: Hook) {
        self.hook = Some(hook);
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
        self.request.as_ref().ok().map(|request| request.fingerprint)
    }

    fn failed_at(error: Error, position: Option<&Position>) -> Error {
        match position {
            Some(position) => error.resuming_at(position.clone()),
            None => error,
        }
    }

    fn progressed(&mut self, progress: &Progress) {
        self.shared.streams.progressed(&self.counted, progress);
        self.counted = *progress;
        self.hook = self.hook.take().filter(|hook| hook.call(progress));
    }
}

impl PageRequest {
    /// # Errors
    ///
    /// The values do not fit the statement.
    fn new(
        shared: Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options,
    ) -> Result<Self, ErrorKind> {
        let markers = match statement {
            Statement::Text(_) => Arc::default(),
            Statement::Prepared(prepared) => prepared.bind_markers(),
        };
        let values = StoredValues::encode(values, markers).map_err(EncodeError::from)?;
        let statement = OwnedStatement::of(statement);
        let keyspace = shared.keyspace.as_deref();
        let fingerprint = fingerprint(statement.text(), keyspace, values.encoded());
        Ok(Self { shared, statement, values, fingerprint, options, whole: OnceLock::new() })
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn kind(&self) -> StatementKind {
        self.statement.as_statement().kind()
    }

    pub(super) fn operation<'a>(&'a self, page: PageRange<'a>) -> StatementOperation<'a> {
        StatementOperation {
            statement: self.statement.as_statement(),
            values: &self.values,
            options: &self.options,
            page: Some(page),
        }
    }

    /// That of one page which begins now, within that of the whole stream.
    pub(super) fn deadline(&self) -> Deadline {
        let profile = &self.options.profile;
        let page = Deadline::after(profile.timeout);
        match profile.stream_timeout {
            None => page,
            Some(timeout) => {
                page.no_later_than(*self.whole.get_or_init(|| Deadline::after(timeout)))
            }
        }
    }
}

/// Values by name come in any order, that of a map for one, and mean the same.
fn fingerprint(text: &str, keyspace: Option<&str>, values: &EncodedValues) -> Fingerprint {
    if !values.are_named() {
        return Fingerprint::new(text, keyspace, values.each());
    }
    let mut each: Vec<_> = values.each().collect();
    each.sort_unstable();
    Fingerprint::new(text, keyspace, each)
}

impl fmt::Debug for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementSource").finish_non_exhaustive()
    }
}
