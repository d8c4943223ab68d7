//! The handle of a prepared statement.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use cqlwire_cluster::Schema;
use cqlwire_codec::{self as codec, ColumnSpec, RowsMetadata, StatementKind};
use uuid::Uuid;

use super::inner::Inner;
use super::known::{Known, MetadataHandle};
use super::metadata::{ResultMetadata, StatementMetadata};
use super::named::Named;
use super::origin::Origin;
use crate::cql::{self, Outline};
use crate::error::ErrorKind;

/// A statement that the cluster has parsed, to be executed many times with different values.
///
/// Cheap to clone; may be used by many tasks at once. A host that does not know it yet, or no
/// longer, is taught it when it says so. It belongs to the cluster and the keyspace of the session
/// handle that prepared it: that is where its unqualified names are looked up for good, whatever
/// anybody does later. A handle that is in another keyspace, by now or by its making, refuses it
/// ([`PreparedElsewhere`](crate::ErrorKind::PreparedElsewhere)).
///
/// Values are encoded by what the host that executes them said of the bind markers. When a table
/// was altered, or dropped and created anew, the values of the next execution are encoded anew, or
/// refused with the name of the column that they do not fit. What no client can see is a change
/// that overtakes a request on its way: a server gives the same id to the same text whatever the
/// table looks like, so a host that another client teaches the changed statement takes values that
/// were encoded before. Alter columns, or create them anew with another type, while nobody writes.
#[derive(Clone)]
#[doc(alias = "Prepared")]
pub struct PreparedStatement {
    inner: Arc<Inner>,
}

impl PreparedStatement {
    /// The statement of this text, after a host prepared it and said this.
    pub(crate) fn new(
        text: Arc<str>,
        origin: &Arc<Origin>,
        said: codec::Prepared,
        schema: &Schema,
    ) -> Self {
        let columns = said.bind.columns.first().or_else(|| said.result.columns.as_ref()?.first());
        let keyspace = columns.map(|column| Arc::clone(&column.keyspace));
        let metadata = StatementMetadata::of(said, schema);
        let known = Known::new(metadata);
        let (kind, origin) = (cql::kind(&text), Arc::clone(origin));
        let (named, outline) = (OnceLock::new(), OnceLock::new());
        Self { inner: Arc::new(Inner { text, kind, keyspace, origin, known, named, outline }) }
    }

    pub(crate) fn shared_text(&self) -> &Arc<str> {
        &self.inner.text
    }

    /// Is there another handle? The cache asks, while nobody else can make one.
    pub(super) fn is_held_elsewhere(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
    }

    /// Where it was prepared.
    pub(crate) fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// Was it prepared in this cluster and keyspace? In another it is another statement.
    #[inline]
    pub(crate) fn check_origin(&self, origin: &Arc<Origin>) -> Result<(), ErrorKind> {
        if Arc::ptr_eq(&self.inner.origin, origin) { Ok(()) } else { self.compare_origin(origin) }
    }

    /// Another session of the same cluster and keyspace is as good.
    #[cold]
    fn compare_origin(&self, origin: &Arc<Origin>) -> Result<(), ErrorKind> {
        let own = &self.inner.origin;
        if own == origin {
            return Ok(());
        }
        Err(ErrorKind::PreparedElsewhere { there: own.to_string(), here: origin.to_string() })
    }

    /// Has its executions and pages counted under this name from now on, those by other handles of the
    /// same text in this session included, as [`Metrics::statements`](crate::Metrics::statements):
    /// how many, how many failed, and how long they took. What is dropped before its end, and what goes
    /// in a batch, is not counted there. The first name that a statement is given stays.
    ///
    /// A name costs each of its executions a look at the clock and a short lock of its own.
    ///
    /// ```no_run
    /// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
    /// let by_id = session.prepare("SELECT * FROM shop.orders WHERE id = ?").await?;
    /// let by_id = by_id.name("orders.by_id");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.inner.named.get_or_init(|| Named::new(name));
        self
    }

    /// As it is seen from outside.
    pub(crate) fn outline(&self) -> Arc<Outline> {
        let outline = self.inner.outline.get_or_init(|| Arc::new(Outline::of(self.text())));
        Arc::clone(outline)
    }

    /// What is counted of it, if it has a name.
    #[inline]
    pub(crate) fn named(&self) -> Option<&Named> {
        self.inner.named.get()
    }

    /// The statement in CQL.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// Its id on the servers as last seen.
    pub fn id(&self) -> Bytes {
        self.latest_metadata().id.clone()
    }

    /// Its bind markers as last seen: their names and types, in order.
    pub fn bind_markers(&self) -> Arc<[ColumnSpec]> {
        Arc::clone(&self.latest_metadata().bind.columns)
    }

    /// The columns of its rows as last seen, if they are known beforehand.
    pub fn columns(&self) -> Option<Arc<[ColumnSpec]>> {
        self.latest_metadata().result.columns.clone()
    }

    /// The keyspace that its table is in, if its bind markers or columns say so.
    #[inline]
    pub(crate) fn keyspace(&self) -> Option<&str> {
        self.inner.keyspace.as_deref()
    }

    /// What was said last, and whether that is known of all hosts.
    #[inline]
    pub(crate) fn latest(&self) -> (MetadataHandle, bool) {
        self.inner.known.latest()
    }

    /// What was said last.
    pub(crate) fn latest_metadata(&self) -> Arc<StatementMetadata> {
        let (latest, _) = self.latest();
        Arc::clone(self.metadata(&latest))
    }

    /// That of this handle, which has to be one of this statement.
    #[inline]
    pub(crate) fn metadata<'s>(&'s self, of: &'s MetadataHandle) -> &'s Arc<StatementMetadata> {
        self.inner.known.metadata(of)
    }

    pub(crate) fn kind(&self) -> StatementKind {
        self.inner.kind
    }

    /// By what values are encoded for this host; `None` if it has to be asked first.
    #[inline]
    pub(crate) fn metadata_on(&self, host: Uuid) -> Option<MetadataHandle> {
        self.inner.known.on(host)
    }

    /// This host was asked to prepare it, and said this: values are encoded by it from now on. Are they
    /// other bind markers than those said last?
    pub(crate) fn learn(&self, host: Uuid, prepared: codec::Prepared, schema: &Schema) -> bool {
        let said = Arc::new(StatementMetadata::of(prepared, schema));
        let before = self.inner.known.change(|known| known.after(host, &said));
        before.latest.bind != said.bind
    }

    /// This host was asked to execute it, and does not know it: nobody executes it there before it
    /// has been asked what it makes of it.
    #[cold]
    pub(crate) fn forgotten_by(&self, host: Uuid) {
        self.inner.known.change(|known| known.forgotten_by(host));
    }

    /// The result of a request that was encoded by this may have other columns than it says: v5 tells
    /// them, with the id that stands for them.
    #[inline]
    pub(crate) fn follow(&self, by: &MetadataHandle, rows: &RowsMetadata) {
        if let (Some(id), Some(columns)) = (&rows.new_metadata_id, &rows.columns) {
            let result = ResultMetadata { id: id.clone(), columns: Some(Arc::clone(columns)) };
            self.follow_to(self.metadata(by), result);
        }
    }

    #[cold]
    fn follow_to(&self, known: &Arc<StatementMetadata>, result: ResultMetadata) {
        let after = Arc::new(StatementMetadata { result, ..StatementMetadata::clone(known) });
        self.inner.known.change(|all| all.following(known, &after));
    }
}

impl fmt::Debug for PreparedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = cql::without_secrets(&self.inner.text);
        f.debug_struct("PreparedStatement").field("text", &text).finish_non_exhaustive()
    }
}
