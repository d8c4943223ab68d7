//! Where the pages of a stream come from.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use cqlwire_codec::{EncodeError, EncodeValues, EncodedValues, PagingState};
use cqlwire_net::Deadline;
use cqlwire_stream::{Fetched, PageSource, Position, Progress};

use super::ask::{AskStatement, Statement};
use super::hook::Hook;
use super::{Options, run};
use crate::core::Core;
use crate::{Error, Prepared, Result, Session};

/// Asks for the pages of one statement. Holds everything that it takes, so that a stream may
/// outlive what it was made from and be moved to another task.
pub struct StatementSource {
    /// Or why there is nothing to ask: values that do not fit are told by the first page.
    request: Result<Arc<PageRequest>>,
    hook: Option<Hook>,
}

/// What all pages of a stream have in common.
struct PageRequest {
    core: Arc<Core>,
    statement: OwnedStatement,
    values: EncodedValues,
    options: Options,
    /// The end of the whole stream, counted from its first page.
    deadline: OnceLock<Deadline>,
}

enum OwnedStatement {
    Text(String),
    Prepared(Prepared),
}

impl OwnedStatement {
    fn as_statement(&self) -> Statement<'_> {
        match self {
            Self::Text(text) => Statement::Text(text),
            Self::Prepared(prepared) => Statement::Prepared(prepared),
        }
    }
}

impl StatementSource {
    pub(super) fn new<V: EncodeValues + ?Sized>(
        session: &Session,
        statement: Statement<'_>,
        values: &V,
        options: Options,
        hook: Option<Hook>,
    ) -> Self {
        let (statement, columns) = match statement {
            Statement::Text(text) => (OwnedStatement::Text(text.to_owned()), &[][..]),
            Statement::Prepared(prepared) => {
                (OwnedStatement::Prepared(prepared.clone()), prepared.bind_markers())
            }
        };
        let (core, deadline) = (Arc::clone(session.core()), OnceLock::new());
        let request = EncodedValues::encode(values, columns, BytesMut::new())
            .map(|values| Arc::new(PageRequest { core, statement, values, options, deadline }))
            .map_err(|error| Error::new(EncodeError::from(error).into()));
        Self { request, hook }
    }
}

impl PageSource for StatementSource {
    type Error = Error;
    type Fetch = Pin<Box<dyn Future<Output = Result<Fetched>> + Send>>;

    fn fetch(&mut self, after: Option<&PagingState>, most_rows: Option<NonZeroU32>) -> Self::Fetch {
        let (request, after) = (self.request.clone(), after.cloned());
        Box::pin(async move {
            let request = request?;
            let page = request.page(after.as_ref(), most_rows).await;
            page.map_err(|error| error.resuming_at(Position { after, skip: 0 }))
        })
    }

    fn progressed(&mut self, progress: &Progress) {
        self.hook = self.hook.take().filter(|hook| hook.call(progress));
    }
}

impl PageRequest {
    async fn page(
        &self,
        after: Option<&PagingState>,
        most_rows: Option<NonZeroU32>,
    ) -> Result<Fetched> {
        let _inside = self.core.enter()?;
        let ask = AskStatement {
            statement: self.statement.as_statement(),
            values: &self.values,
            options: &self.options,
            most_rows,
            paging_state: after,
        };
        let answer = run(&self.core, &ask, self.deadline()).await?;
        let (fetched, _) = answer.into_fetched()?;
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

impl fmt::Debug for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementSource").finish_non_exhaustive()
    }
}
