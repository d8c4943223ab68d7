//! What all pages of a stream have in common: the statement, its values, and until when.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cqlwire_codec::{EncodeError, EncodeValues, EncodedValues, StatementKind};
use cqlwire_net::Deadline;
use cqlwire_stream::Fingerprint;

use super::reencode::StoredValues;
use crate::error::ErrorKind;
use crate::operation::{Options, PageRange, Statement, StatementOperation};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;

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

impl PageRequest {
    /// # Errors
    ///
    /// The values do not fit the statement.
    pub(super) fn new(
        shared: Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options,
    ) -> Result<Self, ErrorKind> {
        statement.check_origin(&shared.origin)?;
        let markers = match statement {
            Statement::Text(_) => Arc::default(),
            Statement::Prepared(prepared) => prepared.bind_markers(),
        };
        let values = StoredValues::encode(values, markers).map_err(EncodeError::from)?;
        let statement = OwnedStatement::of(statement);
        let keyspace = shared.origin.keyspace.as_deref();
        let fingerprint = fingerprint(statement.text(), keyspace, values.encoded());
        Ok(Self { shared, statement, values, fingerprint, options, whole: OnceLock::new() })
    }

    /// What the stream is known by: positions in it are given out with it.
    pub(super) const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(super) const fn set_total_timeout(&mut self, timeout: Duration) {
        self.options.profile.stream_timeout = Some(timeout);
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
            consistency: None,
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
