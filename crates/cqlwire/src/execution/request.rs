//! What all pages of a stream have in common: the statement, its values, and until when.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{EncodeError, EncodeValues, EncodedValues, StatementKind};
use cqlwire_net::{Deadline, RequestKind};
use cqlwire_stream::Fingerprint;

use super::reencode::StoredValues;
use crate::error::ErrorKind;
use crate::history::{Beginning, Watched};
use crate::operation::{Options, PageRange, Statement, StatementOperation, check_untyped};
use crate::prepare::Asker;
use crate::prepared::{Named, PreparedStatement};
use crate::shared::Shared;

/// What all pages of a stream have in common.
pub(super) struct PageRequest {
    shared: Arc<Shared>,
    statement: OwnedStatement,
    values: StoredValues,
    fingerprint: Fingerprint,
    options: Options<'static>,
    /// The time of what it writes, if it writes: drawn when that is asked for.
    drawn: OnceLock<Option<i64>>,
    /// The end of the whole stream, counted from its first page.
    whole: OnceLock<Deadline>,
}

enum OwnedStatement {
    Text(String),
    /// A text that has to be prepared first; and what it was prepared to.
    ToPrepare(Arc<str>, OnceLock<PreparedStatement>),
    Prepared(PreparedStatement),
}

impl OwnedStatement {
    fn as_statement(&self) -> Statement<'_> {
        match self {
            Self::Text(text) => Statement::Text(text.as_str()),
            Self::ToPrepare(text, prepared) => match prepared.get() {
                Some(prepared) => Statement::Prepared(prepared),
                None => Statement::Text(text),
            },
            Self::Prepared(prepared) => Statement::Prepared(prepared),
        }
    }
}

/// The statement of a stream, with its values as they are kept.
fn stored(
    shared: &Shared,
    statement: Statement<'_>,
    values: &dyn EncodeValues,
    options: &Options<'_>,
) -> Result<(OwnedStatement, StoredValues), ErrorKind> {
    let of_prepared = |prepared: &PreparedStatement| {
        let values = StoredValues::encode(values, prepared.bind_markers());
        values.map(|values| (OwnedStatement::Prepared(prepared.clone()), values))
    };
    let stored = match statement {
        Statement::Prepared(prepared) => of_prepared(prepared),
        Statement::Text(text) if options.unprepared || values.is_empty() => {
            check_untyped(text, values)?;
            let values = StoredValues::encode(values, Arc::default());
            values.map(|values| (OwnedStatement::Text(text.to_owned()), values))
        }
        Statement::Text(text) => {
            match shared.statements.find(options.keyspace.other().map(|name| &**name), text) {
                Some(prepared) => of_prepared(&prepared),
                None => StoredValues::by_own_types(values).map(|values| {
                    (OwnedStatement::ToPrepare(text.into(), OnceLock::new()), values)
                }),
            }
        }
    };
    Ok(stored.map_err(EncodeError::from)?)
}

impl PageRequest {
    /// # Errors
    ///
    /// The values do not fit the statement.
    pub(super) fn new(
        shared: Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options<'_>,
    ) -> Result<Self, ErrorKind> {
        let options = options.into_owned();
        statement.check_origin(options.keyspace.origin())?;
        let (owned, stored) = stored(&shared, statement, values, &options)?;
        let keyspace = options.keyspace.name();
        let fingerprint = match (statement, &owned) {
            // What it is by itself, whether it is prepared by now or not.
            (
                Statement::Text(text),
                OwnedStatement::Prepared(_) | OwnedStatement::ToPrepare(..),
            ) => {
                let by_itself = EncodedValues::encode(values, &[], BytesMut::new());
                fingerprint(text, keyspace, &by_itself.map_err(EncodeError::from)?)
            }
            (Statement::Text(text), OwnedStatement::Text(_)) => {
                fingerprint(text, keyspace, stored.encoded())
            }
            (Statement::Prepared(prepared), _) => {
                fingerprint(prepared.text(), keyspace, stored.encoded())
            }
        };
        let (statement, values) = (owned, stored);
        let (drawn, whole) = (OnceLock::new(), OnceLock::new());
        Ok(Self { shared, statement, values, fingerprint, options, drawn, whole })
    }

    /// What the stream is known by: positions in it are given out with it.
    pub(super) const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(super) const fn set_total_timeout(&mut self, timeout: Duration) {
        self.options.settings.stream_timeout = Some(timeout);
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn kind(&self) -> StatementKind {
        self.statement.as_statement().kind()
    }

    pub(super) fn operation<'a>(&'a self, page: PageRange<'a>) -> StatementOperation<'a> {
        let (statement, options) = (self.statement.as_statement(), &self.options);
        StatementOperation {
            page: Some(page),
            timestamp_micros: options.timestamp_micros.or_else(|| *self.drawn.get()?),
            ..StatementOperation::new(statement, &self.values, options)
        }
    }

    /// Who asks for the statement of its text, and has until then.
    pub(super) fn asker(&self, deadline: Deadline) -> Asker {
        Asker::of(&self.options, deadline)
    }

    /// It is about to be asked for: it has its write time from now on.
    ///
    /// # Errors
    ///
    /// A generator of the user's panicked.
    pub(super) fn draw_time(&self) -> Result<(), ErrorKind> {
        if self.drawn.get().is_none()
            && self.options.lacks_time(&self.shared.timestamps, || self.kind())
        {
            let drawn = self.options.draw_time(&self.shared.timestamps)?;
            self.drawn.get_or_init(|| drawn);
        }
        Ok(())
    }

    /// What is counted of its statement, if that has a name.
    pub(super) fn named(&self) -> Option<&Named> {
        self.statement.as_statement().named()
    }

    /// A page of it begins, which somebody would like to know of.
    #[cold]
    pub(super) fn watched(&self) -> Box<Watched> {
        let statement = self.statement.as_statement();
        let only_reads = statement.kind_at_a_glance() == StatementKind::Read;
        let (kind, outline) = (RequestKind::Page, statement.outline());
        self.shared.watch(&Beginning::of(kind, outline, &self.options, only_reads))
    }

    /// The text that has to be prepared before a page is asked for, if it has not been.
    pub(super) fn text_to_prepare(&self) -> Option<&Arc<str>> {
        match &self.statement {
            OwnedStatement::ToPrepare(text, prepared) if prepared.get().is_none() => Some(text),
            _ => None,
        }
    }

    /// Its text has been prepared.
    pub(super) fn set_prepared(&self, statement: PreparedStatement) {
        if let OwnedStatement::ToPrepare(_, prepared) = &self.statement {
            prepared.get_or_init(|| statement);
        }
    }

    /// That of one page which begins now, within that of the whole stream.
    pub(super) fn deadline(&self) -> Deadline {
        let settings = &self.options.settings;
        let page = Deadline::after(settings.timeout);
        match settings.stream_timeout {
            None => page,
            Some(timeout) => {
                page.no_later_than(*self.whole.get_or_init(|| Deadline::after(timeout)))
            }
        }
    }
}

/// What a stream is known by: its statement and its values. Values by name come in any order, that of
/// a map for one, and mean the same.
fn fingerprint(text: &str, keyspace: Option<&str>, values: &EncodedValues) -> Fingerprint {
    if !values.are_named() {
        return Fingerprint::new(text, keyspace, values.each());
    }
    let mut each: Vec<_> = values.each().collect();
    each.sort_unstable();
    Fingerprint::new(text, keyspace, each)
}
