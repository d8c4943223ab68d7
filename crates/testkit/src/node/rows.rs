//! Rows that a node has, and the pages in which it gives them out.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::{ColumnSpec, ColumnType};

use super::received::Received;
use super::reply::{MetadataForm, Reply, Row, RowsReply};

/// A cell with these bytes.
pub fn cell(bytes: impl AsRef<[u8]>) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(bytes.as_ref()))
}

/// Columns of a table `ks.t`, by name and type.
pub fn columns<const N: usize>(columns: [(&str, ColumnType); N]) -> Vec<ColumnSpec> {
    columns_of("ks", "t", columns)
}

/// Columns of this table, by name and type.
pub(super) fn columns_of<'a>(
    keyspace: &str,
    table: &str,
    columns: impl IntoIterator<Item = (&'a str, ColumnType)>,
) -> Vec<ColumnSpec> {
    let (keyspace, table): (Arc<str>, Arc<str>) = (keyspace.into(), table.into());
    let column = |(name, column_type): (&str, _)| ColumnSpec {
        keyspace: keyspace.clone(),
        table: table.clone(),
        name: name.to_owned(),
        column_type,
    };
    columns.into_iter().map(column).collect()
}

/// Columns and where the rows under them come from.
#[derive(Clone)]
pub(super) struct Table {
    columns: Arc<[ColumnSpec]>,
    source: Source,
    /// The sizes of the pages, whatever the client asks for; the last page takes the rest.
    pages: Option<Vec<usize>>,
}

/// Makes rows for a request.
type MakeRows = dyn Fn(&Received) -> Vec<Row> + Send + Sync;

#[derive(Clone)]
enum Source {
    Fixed(Arc<[Row]>),
    Made(Arc<MakeRows>),
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        f.debug_struct("Table").field("columns", &names).finish_non_exhaustive()
    }
}

/// Where in a table a page begins: what the node's paging state says.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// How many pages came before.
    pub(super) page: u32,
    row: u32,
}

impl Place {
    fn encode(self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u32(self.page);
        out.put_u32(self.row);
        out.freeze()
    }

    /// The place that a client gives back, or `None` if the node never gave out such a state.
    pub(super) fn decode(state: Option<&[u8]>) -> Option<Self> {
        let Some(state) = state else {
            return Some(Self::default());
        };
        let (page, row) = state.split_first_chunk()?;
        let row = u32::from_be_bytes(row.try_into().ok()?);
        Some(Self { page: u32::from_be_bytes(*page), row })
    }
}

/// How a client wants a page.
#[derive(Clone, Debug, Default)]
pub(super) struct PageRequest {
    pub(super) page_size: Option<i32>,
    pub(super) paging_state: Option<Bytes>,
    pub(super) skip_metadata: bool,
    /// v5 EXECUTE: what the client believes the metadata to be.
    pub(super) metadata_id: Option<Bytes>,
}

impl Table {
    pub(super) fn fixed(columns: Vec<ColumnSpec>, rows: Vec<Row>) -> Self {
        let width = columns.len();
        assert!(rows.iter().all(|row| row.len() == width), "each row has {width} cells");
        Self { columns: columns.into(), source: Source::Fixed(rows.into()), pages: None }
    }

    pub(super) fn made(columns: Vec<ColumnSpec>, make: Arc<MakeRows>) -> Self {
        Self { columns: columns.into(), source: Source::Made(make), pages: None }
    }

    pub(super) fn set_pages(&mut self, sizes: Vec<usize>) {
        self.pages = Some(sizes);
    }

    pub(super) fn columns(&self) -> Arc<[ColumnSpec]> {
        self.columns.clone()
    }

    /// What v5 calls the result metadata id: a fingerprint of the columns.
    pub(super) fn metadata_id(&self) -> Bytes {
        fingerprint(&self.columns)
    }

    /// The page that is asked for.
    pub(super) fn page(&self, asked: &PageRequest, received: &Received) -> Reply {
        let Some(place) = Place::decode(asked.paging_state.as_deref()) else {
            return Reply::error(super::error::PROTOCOL, "Invalid value for the paging state");
        };
        let rows = match &self.source {
            Source::Fixed(rows) => rows.clone(),
            Source::Made(make) => make(received).into(),
        };
        let start = usize::try_from(place.row).unwrap_or(usize::MAX).min(rows.len());
        let (size, last) = self.page_size(asked, place, rows.len() - start);
        let end = start + size;
        let next = Place { page: place.page + 1, row: u32::try_from(end).unwrap_or(u32::MAX) };
        Reply::Rows(RowsReply {
            columns: self.columns.clone(),
            metadata: self.metadata_form(asked),
            paging_state: (!last).then(|| next.encode()),
            rows: rows.get(start..end).unwrap_or_default().to_vec(),
        })
    }

    /// How many of the `left` rows the page takes, and whether it is the last one.
    fn page_size(&self, asked: &PageRequest, place: Place, left: usize) -> (usize, bool) {
        let page = usize::try_from(place.page).unwrap_or(usize::MAX);
        if let Some(pages) = &self.pages {
            let size = pages.get(page).copied().unwrap_or(left).min(left);
            return (size, page + 1 >= pages.len());
        }
        let size = asked.page_size.and_then(|size| usize::try_from(size).ok());
        let size = size.filter(|size| *size > 0).unwrap_or(left).min(left);
        (size, size == left)
    }

    fn metadata_form(&self, asked: &PageRequest) -> MetadataForm {
        match &asked.metadata_id {
            Some(id) if *id != self.metadata_id() => MetadataForm::Changed(self.metadata_id()),
            _ if asked.skip_metadata => MetadataForm::Skipped,
            _ => MetadataForm::Full,
        }
    }
}

/// Sixteen bytes that are the same for the same thing on every node, as servers make their ids.
pub(super) fn fingerprint(of: &(impl Hash + ?Sized)) -> Bytes {
    let mut out = BytesMut::with_capacity(16);
    for salt in 0_u8..2 {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        of.hash(&mut hasher);
        out.put_u64(hasher.finish());
    }
    out.freeze()
}
