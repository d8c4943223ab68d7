//! Where the pages of a stream come from.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use cqlwire_codec::{ColumnSpec, EncodeError, EncodeValues, EncodedValues};
use cqlwire_net::Deadline;
use cqlwire_stream::{Fetched, Fingerprint, PageSource, Position, Progress};

use super::ask::{AskStatement, Statement};
use super::hook::Hook;
use super::{Execution, Options, Trail};
use crate::core::Core;
use crate::{Error, ErrorKind, PreparedStatement, Result};

/// Asks for the pages of one statement. Holds everything that it takes, so that a stream may
/// outlive what it was made from and be moved to another task.
pub struct StatementSource {
    core: Arc<Core>,
    /// Or why there is nothing to ask: values that do not fit are told by the first page.
    request: Result<Arc<PageRequest>>,
    /// The figures that the session has counted already.
    counted: Progress,
    hook: Option<Hook>,
}

/// What all pages of a stream have in common.
struct PageRequest {
    core: Arc<Core>,
    statement: OwnedStatement,
    values: EncodedValues,
    fingerprint: Fingerprint,
    options: Options,
    /// The end of the whole stream, counted from its first page.
    deadline: OnceLock<Deadline>,
}

enum OwnedStatement {
    Text(String),
    Prepared(PreparedStatement),
}

impl OwnedStatement {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Prepared(prepared) => prepared.text(),
        }
    }

    fn as_statement(&self) -> Statement<'_> {
        match self {
            Self::Text(text) => Statement::Text(text),
            Self::Prepared(prepared) => Statement::Prepared(prepared),
        }
    }
}

impl StatementSource {
    pub(super) fn new<V: EncodeValues + Sync>(execution: &Execution<'_, V>) -> Self {
        let (statement, columns) = match execution.statement {
            Statement::Text(text) => (OwnedStatement::Text(text.to_owned()), &[][..]),
            Statement::Prepared(prepared) => {
                (OwnedStatement::Prepared(prepared.clone()), prepared.bind_markers())
            }
        };
        let core = Arc::clone(execution.session.core());
        let options = execution.options.clone();
        let request =
            PageRequest::new(Arc::clone(&core), statement, &execution.values, columns, options)
                .and_then(|request| {
                    execution.stream.from.check(request.fingerprint)?;
                    Ok(Arc::new(request))
                });
        let (request, hook) = (request.map_err(Error::new), execution.hook.clone());
        // Nothing of the caller's runs from here on that might keep its end from being counted.
        core.streams.opened();
        Self { core, request, counted: Progress::default(), hook }
    }
}

impl PageSource for StatementSource {
    type Error = Error;
    type Fetch = Pin<Box<dyn Future<Output = Result<Fetched>> + Send>>;

    fn fetch(&mut self, from: &Position, most_rows: Option<NonZeroU32>) -> Self::Fetch {
        let (request, from) = (self.request.clone(), from.clone());
        Box::pin(async move {
            let request = request?;
            let page = request.page(&from, most_rows).await;
            page.map_err(|error| error.resuming_at(from))
        })
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
        self.core.streams.progressed(&self.counted, progress);
        self.counted = *progress;
        self.hook = self.hook.take().filter(|hook| hook.call(progress));
    }
}

impl PageRequest {
    /// # Errors
    ///
    /// The values do not fit the statement.
    fn new<V: EncodeValues + ?Sized>(
        core: Arc<Core>,
        statement: OwnedStatement,
        values: &V,
        columns: &[ColumnSpec],
        options: Options,
    ) -> Result<Self, ErrorKind> {
        let values = EncodedValues::encode(values, columns, BytesMut::new());
        let values = values.map_err(EncodeError::from)?;
        let fingerprint = fingerprint(statement.text(), core.keyspace.as_deref(), &values);
        let deadline = OnceLock::new();
        Ok(Self { core, statement, values, fingerprint, options, deadline })
    }

    async fn page(&self, from: &Position, most_rows: Option<NonZeroU32>) -> Result<Fetched> {
        let _inside = self.core.enter()?;
        let ask = AskStatement {
            statement: self.statement.as_statement(),
            values: &self.values,
            options: &self.options,
            most_rows,
            from: Some(from),
        };
        let mut trail = Trail::new(&self.core, self.deadline());
        let answer = trail.run(&ask).await?;
        if from.paging_state().is_some() && !answer.is_rows() {
            let opcode = answer.decoded.response.opcode();
            return Err(trail.end(ErrorKind::UnexpectedResponse(opcode)));
        }
        let (fetched, _) = answer.into_fetched().map_err(|kind| trail.end(kind))?;
        Ok(fetched)
    }

    /// That of one page, within that of the whole stream.
    fn deadline(&self) -> Deadline {
        let profile = &self.options.profile;
        let page = Deadline::after(profile.timeout);
        match profile.stream_timeout {
            None => page,
            Some(timeout) => {
                page.no_later_than(*self.deadline.get_or_init(|| Deadline::after(timeout)))
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
