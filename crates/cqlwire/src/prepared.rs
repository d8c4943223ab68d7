//! Prepared statements.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use cqlwire_codec::{self as codec, BindMetadata, ColumnSpec, RowsMetadata};

/// A statement that the cluster has parsed, to be executed many times with different values.
///
/// Cheap to clone; may be used by many tasks at once. A host that does not know it yet, or no
/// longer, is told it when it says so.
#[derive(Clone)]
pub struct PreparedStatement {
    inner: Arc<Inner>,
}

struct Inner {
    text: String,
    id: Bytes,
    bind: BindMetadata,
    result: ArcSwap<ResultColumns>,
}

/// What is known of the rows of a prepared statement: the id and what it stands for, always
/// together.
#[derive(Debug)]
pub(crate) struct ResultColumns {
    /// The id that v5 compares; empty if it is not known, which every server finds out of date.
    pub(crate) id: Bytes,
    /// `None` where the columns are not known beforehand, as for conditional statements.
    pub(crate) columns: Option<Arc<[ColumnSpec]>>,
}

impl PreparedStatement {
    pub(crate) fn new(text: String, prepared: codec::Prepared) -> Self {
        let codec::Prepared { id, result_metadata_id, bind, result } = prepared;
        let columns = result.columns.filter(|columns| !columns.is_empty());
        let result = ResultColumns { id: result_metadata_id.unwrap_or_default(), columns };
        let result = ArcSwap::from_pointee(result);
        Self { inner: Arc::new(Inner { text, id, bind, result }) }
    }

    /// The statement in CQL.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// Its id on the servers.
    pub fn id(&self) -> &[u8] {
        &self.inner.id
    }

    /// Its bind markers: their names and types, in order.
    pub fn bind_markers(&self) -> &[ColumnSpec] {
        &self.inner.bind.columns
    }

    /// The columns of its rows as last seen, if they are known beforehand.
    pub fn columns(&self) -> Option<Arc<[ColumnSpec]>> {
        self.inner.result.load().columns.clone()
    }

    pub(crate) fn result(&self) -> Arc<ResultColumns> {
        self.inner.result.load_full()
    }

    /// Follows a change of the columns that a server told of.
    pub(crate) fn follow(&self, metadata: &RowsMetadata) {
        if let (Some(id), Some(columns)) = (&metadata.new_metadata_id, &metadata.columns) {
            let columns = Some(Arc::clone(columns));
            self.inner.result.store(Arc::new(ResultColumns { id: id.clone(), columns }));
        }
    }

    /// Is this what another host made of it the same statement, so that its values still fit?
    pub(crate) fn is_still(&self, other: &codec::Prepared) -> bool {
        self.inner.id == other.id && self.inner.bind.columns == other.bind.columns
    }
}

impl fmt::Debug for PreparedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedStatement").field("text", &self.inner.text).finish_non_exhaustive()
    }
}
