//! Batches: several statements as one request.
//!
//! [`Batch`] is filled, statement by statement, and [`BatchExecution`] sends what is in it.

mod contents;
mod execution;
mod future;
mod sending;
mod statement;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use cqlwire_codec::{self as codec, BatchType, EncodeValues};

pub(crate) use self::contents::Contents;
pub use self::execution::BatchExecution;
pub(crate) use self::sending::Sending;
pub use self::statement::BatchStatement;
use crate::cql;
use crate::error::{ErrorKind, Result};
use crate::keyspace::{InKeyspace, Keyspace};
use crate::operation::{Options, Statement};
use crate::prepared::PreparedStatement;
use crate::result::QueryResult;
use crate::shared::Shared;

/// INSERT, UPDATE and DELETE statements that are sent as one request. Made by
/// [`Session::batch`](crate::Session::batch).
///
/// It is filled by [`add`](Self::add), sent by [`execute`](Self::execute), and may then be
/// [cleared](Self::clear) and filled again:
///
/// ```no_run
/// # async fn example(session: cqlwire::Session, users: Vec<(i64, String)>) -> cqlwire::Result<()> {
/// let insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)").await?;
///
/// let mut batch = session.batch();
/// batch.add(&insert, (1_i64, "Ada"))?;
/// batch.add("DELETE FROM shop.users WHERE id = 2", ())?;
/// batch.execute().idempotent(true).await?;
///
/// let mut batch = session.batch().unlogged();
/// for some in users.chunks(64) {
///     batch.clear();
///     batch.add_all(&insert, some)?;
///     batch.execute().idempotent(true).await?;
/// }
/// # Ok(()) }
/// ```
///
/// Which kind of batch is right:
///
/// * Logged, unless it is told otherwise: all of its statements are applied in the end, or none, over
///   partitions, tables and keyspaces. Its coordinator stores it whole at two other hosts first,
///   which is what it costs. Others may see a part of it before the rest.
/// * [`unlogged`](Self::unlogged): no such promise over several partitions. Those of one partition
///   and table are one write all the same, at once and unseen in parts.
/// * [`counter`](Self::counter): for updates of counters, which no other kind takes, and nothing else.
///
/// A batch is not what makes many writes fast: one of many partitions has its coordinator do the
/// work of many requests. Statements of one partition are what pays.
///
/// Conditional statements (`IF`) have to be about one partition, and none or all statements are
/// applied: see [`was_applied`](crate::QueryResult::was_applied); what there was instead, if they are
/// not, is in [`present_rows`](crate::QueryResult::present_rows).
///
/// The request goes to a replica of the first prepared statement that has a value for each column of
/// its partition key; where there is none, of the first such text.
///
/// # Values
///
/// They are encoded when they are added, by what is known of the bind markers then, into one buffer:
/// nothing of them is kept or cloned, and a batch that is filled again allocates nothing once it has
/// room. Those of a text that the session has not prepared yet go by their own types until it has,
/// and have to fit then. So do those that do not fit what is known of a prepared statement, which may
/// be out of date since its table or one of its types was altered: the host is asked what the
/// statement is now, and takes them by that, or they are refused by the name of the column, before
/// anything is sent. A host that turns out to know other markers has the others encoded anew, too.
///
/// # Limits
///
/// | what | limit |
/// |---|---|
/// | statements | 65,535, by the protocol |
/// | bytes, with all values | [`max_request_bytes`](crate::SessionBuilder::max_request_bytes), 16 MiB by default |
///
/// Servers have limits of their own, which are lower: they warn of batches over 5 KiB
/// (`batch_size_warn_threshold`), and refuse those over 50 KiB (`batch_size_fail_threshold`) unless
/// they are of one partition. The warnings are in the log, and in the
/// [page](crate::QueryResult::page) of the result.
pub struct Batch {
    shared: Arc<Shared>,
    keyspace: Arc<Keyspace>,
    batch_type: BatchType,
    contents: Contents,
}

impl Batch {
    pub(crate) fn new(shared: &Arc<Shared>, keyspace: Arc<Keyspace>) -> Self {
        let (batch_type, contents) = (BatchType::Logged, Contents::default());
        Self { shared: Arc::clone(shared), keyspace, batch_type, contents }
    }

    /// In this keyspace, spelled as in the schema, instead of that of the handle that made it: see
    /// [`Execution::keyspace`](crate::Execution::keyspace). To be said before statements are added:
    /// prepared ones of another keyspace are refused when it is executed.
    #[must_use]
    pub fn keyspace(mut self, name: &str) -> Self {
        let mut keyspace = InKeyspace::Borrowed(&self.keyspace);
        keyspace.rename(name);
        self.keyspace = keyspace.to_shared();
        self
    }

    /// Without the log, and its promise over several partitions.
    #[must_use]
    pub const fn unlogged(mut self) -> Self {
        self.batch_type = BatchType::Unlogged;
        self
    }

    /// Of updates of counters.
    #[must_use]
    pub const fn counter(mut self) -> Self {
        self.batch_type = BatchType::Counter;
        self
    }

    /// Adds a statement, a [`PreparedStatement`] or the text of one, with its values: a tuple or a
    /// slice, by position, or a struct that derives [`BindValues`](macro@crate::BindValues).
    ///
    /// A text without values is sent as it is. One that has values is prepared first, when the batch
    /// is executed, unless the session has prepared it by now: then its values are checked here.
    ///
    /// # Errors
    ///
    /// The batch is as it was then.
    ///
    /// [`Encode`](ErrorKind::Encode): the values can never fit, since there are more or fewer than bind
    /// markers; the error says which statement it is, from 1. Values of another type than that of
    /// their marker are refused when the batch is executed, by the name of the column, once its host
    /// has said what the type is by now; at once only values whose Rust type stands for no type by
    /// itself ([`own_type`](crate::EncodeValue::own_type)). [`BatchTooLarge`](ErrorKind::BatchTooLarge):
    /// there is no room for it; execute what there is, clear the batch, and add it then.
    ///
    /// [`UseStatement`](ErrorKind::UseStatement): `USE` is for nobody.
    /// [`PreparedElsewhere`](ErrorKind::PreparedElsewhere): the statement is of another cluster or
    /// keyspace.
    pub fn add<'s, V: EncodeValues>(
        &mut self,
        statement: impl Into<BatchStatement<'s>>,
        values: V,
    ) -> Result<&mut Self> {
        match statement.into().0 {
            Statement::Prepared(prepared) => self.add_prepared(prepared, Some(values))?,
            Statement::Text(text) => self.add_text(text, &values)?,
        }
        Ok(self)
    }

    /// Adds a prepared statement once for each of these values.
    ///
    /// # Errors
    ///
    /// As of [`add`](Self::add): the batch is as it was before the first of them.
    pub fn add_all<V: EncodeValues>(
        &mut self,
        prepared: &PreparedStatement,
        rows: impl IntoIterator<Item = V>,
    ) -> Result<&mut Self> {
        self.add_prepared(prepared, rows)?;
        Ok(self)
    }

    /// Adds a prepared statement with values that fit what is known of it, and no others.
    pub(crate) fn add_known(
        &mut self,
        prepared: &PreparedStatement,
        values: &dyn EncodeValues,
    ) -> Result<(), ErrorKind> {
        let room = self.room();
        let (latest, _) = prepared.latest();
        let metadata = prepared.metadata(&latest);
        let mut adding = self.contents.adding();
        adding.add_prepared(prepared, metadata, values)?;
        room.check(&adding)?;
        adding.keep();
        Ok(())
    }

    #[inline]
    fn add_prepared<V: EncodeValues>(
        &mut self,
        prepared: &PreparedStatement,
        rows: impl IntoIterator<Item = V>,
    ) -> Result<(), ErrorKind> {
        prepared.check_origin(self.keyspace.origin())?;
        let room = self.room();
        let (latest, _) = prepared.latest();
        let metadata = prepared.metadata(&latest);
        let mut adding = self.contents.adding();
        for values in rows {
            let added = adding.add_prepared(prepared, metadata, &values);
            added.or_else(|misfit| adding.add_doubted(prepared, &values, misfit))?;
            room.check(&adding)?;
        }
        adding.keep();
        Ok(())
    }

    fn add_text(&mut self, text: &str, values: &dyn EncodeValues) -> Result<(), ErrorKind> {
        if cql::is_use(text) {
            return Err(ErrorKind::UseStatement);
        }
        let (kind, room) = (cql::kind(text), self.room());
        if !values.is_empty()
            && let Some(prepared) =
                self.shared.statements.find(self.keyspace.other().map(|name| &**name), text)
        {
            return self.add_prepared(&prepared, Some(values));
        }
        let mut adding = self.contents.adding();
        match values.is_empty() {
            true => adding.add_text(text, kind)?,
            false => adding.add_unprepared(text, values, kind)?,
        }
        room.check(&adding)?;
        adding.keep();
        Ok(())
    }

    /// How much may be in it.
    #[inline]
    fn room(&self) -> Room {
        let beside = codec::Batch::MOST_BESIDE_STATEMENTS + self.keyspace.field_bytes();
        Room { beside, limit: self.shared.max_request_bytes }
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// Is there no statement in it?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the statements have together as they are sent, uncompressed.
    pub const fn bytes(&self) -> usize {
        self.contents.bytes()
    }

    /// Takes all statements out, and keeps the room that they had.
    pub fn clear(&mut self) {
        self.contents.clear();
    }

    /// All that is in it, about to be sent as one request. The batch stays as it is: it may be sent
    /// again, added to, or cleared.
    pub fn execute(&self) -> BatchExecution<'_> {
        BatchExecution::new(&self.shared, &self.keyspace, self.batch_type, &self.contents)
    }

    /// The same, for whoever keeps the batch beside it, and [polls](Self::poll) both.
    pub(crate) const fn send<'a>(
        &self,
        shared: &'a Arc<Shared>,
        options: Options<'a>,
    ) -> Sending<'a> {
        Sending::new(shared, self.batch_type, options)
    }

    /// Goes on with sending what is in it, which stays the same until there is a result.
    pub(crate) fn poll(
        &self,
        sending: &mut Sending<'_>,
        context: &mut Context<'_>,
    ) -> Poll<Result<QueryResult>> {
        sending.poll(&self.contents, context)
    }
}

/// How much a batch may have, in bytes.
#[derive(Copy, Clone)]
struct Room {
    /// Of the request, beside the statements.
    beside: usize,
    limit: usize,
}

impl Room {
    /// Do these still fit a request?
    #[inline]
    fn check(self, contents: &Contents) -> Result<(), ErrorKind> {
        let Self { beside, limit } = self;
        let bytes = contents.bytes() + beside;
        if bytes <= limit {
            return Ok(());
        }
        Err(ErrorKind::BatchTooLarge { statements: contents.len(), bytes, limit })
    }
}

impl fmt::Debug for Batch {
    /// Without the values: they are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("type", &self.batch_type)
            .field("statements", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
