//! Where the pages of a stream come from.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;

use cqlwire_codec::{EncodeValues, PagingState};
use cqlwire_net::Deadline;
use cqlwire_stream::{Fetched, PageSource};

use super::ask::{AskStatement, Statement};
use super::values::EncodedValues;
use super::{Options, run};
use crate::session::Core;
use crate::{Error, Prepared, Result, Session};

/// Asks for the pages of one statement. Holds everything that it takes, so that a stream may
/// outlive what it was made from and be moved to another task.
pub struct StatementSource {
    /// Or why there is nothing to ask: values that do not fit are told by the first page.
    request: Result<Arc<PageRequest>>,
}

/// What all pages of a stream have in common.
struct PageRequest {
    core: Arc<Core>,
    statement: OwnedStatement,
    values: EncodedValues,
    options: Options,
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
    ) -> Self {
        let (statement, columns) = match statement {
            Statement::Text(text) => (OwnedStatement::Text(text.to_owned()), &[][..]),
            Statement::Prepared(prepared) => {
                (OwnedStatement::Prepared(prepared.clone()), prepared.bind_markers())
            }
        };
        let core = Arc::clone(session.core());
        let request = EncodedValues::new(values, columns)
            .map(|values| Arc::new(PageRequest { core, statement, values, options }))
            .map_err(|error| Error::new(cqlwire_codec::EncodeError::from(error).into()));
        Self { request }
    }
}

impl PageSource for StatementSource {
    type Error = Error;
    type Fetch = Pin<Box<dyn Future<Output = Result<Fetched>> + Send>>;

    fn fetch(&mut self, after: Option<&PagingState>, most_rows: Option<NonZeroU32>) -> Self::Fetch {
        let (request, after) = (self.request.clone(), after.cloned());
        Box::pin(async move { request?.page(after, most_rows).await })
    }
}

impl PageRequest {
    async fn page(
        &self,
        after: Option<PagingState>,
        most_rows: Option<NonZeroU32>,
    ) -> Result<Fetched> {
        let _inside = self.core.enter()?;
        let ask = AskStatement {
            statement: self.statement.as_statement(),
            values: &self.values,
            options: &self.options,
            most_rows,
            paging_state: after.as_ref(),
        };
        let deadline = Deadline::after(self.options.profile.timeout);
        let answer = run(&self.core, &ask, deadline).await?;
        let (fetched, _) = answer.into_fetched()?;
        Ok(fetched)
    }
}

impl fmt::Debug for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementSource").finish_non_exhaustive()
    }
}
