//! Tables with a few rows, and the columns that a SELECT picks from them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::wire::write;
use cqlwire_codec::{
    ColumnSpec, ColumnType, ErrorCode, Response, ResultResponse, Rows, RowsMetadata, ServerError,
    ServerErrorDetail,
};

use crate::Result;

/// One column and its cell in every row.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) column_type: ColumnType,
    pub(super) cells: Vec<Option<Bytes>>,
}

/// A table, known by its qualified name.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) keyspace: &'static str,
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
}

impl Table {
    /// What is known of a table of this many rows that nobody fills.
    pub(super) fn empty(
        keyspace: &'static str,
        name: &'static str,
        columns: &[(&'static str, ColumnType)],
    ) -> Self {
        let column = |(name, column_type): &(&'static str, ColumnType)| Column {
            name,
            column_type: column_type.clone(),
            cells: Vec::new(),
        };
        Self { keyspace, name, columns: columns.iter().map(column).collect() }
    }

    /// One more row.
    pub(super) fn push<const N: usize>(&mut self, cells: [Option<Bytes>; N]) {
        self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.cells.push(cell));
    }

    /// The columns of this selection, of every row.
    fn select(&self, selection: &str) -> Result<Response> {
        let mut chosen = Vec::new();
        for name in selection.split(',').map(str::trim) {
            if name == "*" {
                chosen.extend(&self.columns);
                continue;
            }
            match self.columns.iter().find(|column| column.name == name) {
                Some(column) => chosen.push(column),
                None => return Ok(invalid(format!("Undefined column name {name}"))),
            }
        }
        let row_count = chosen.first().map_or(0, |column| column.cells.len());
        let mut content = BytesMut::new();
        for row in 0..row_count {
            for column in &chosen {
                let cell = column.cells.get(row).and_then(Option::as_deref);
                write::bytes(&mut content, "cell", cell)?;
            }
        }
        let specs = chosen.iter().map(|column| self.spec(column));
        Ok(rows(specs.collect(), u32::try_from(row_count)?, content.freeze()))
    }

    fn spec(&self, column: &Column) -> ColumnSpec {
        // What a function gives has the name that the selection gives it.
        let name = column.name.rsplit(" as ").next().unwrap_or(column.name);
        spec(self.keyspace, self.name, name, column.column_type.clone())
    }
}

/// The answer to a SELECT from one of these tables; `None` if it is none.
pub(super) fn select(tables: &[Table], statement: &str) -> Option<Result<Response>> {
    let lower = statement.trim().trim_end_matches(';').to_ascii_lowercase();
    let (selection, from) = lower.strip_prefix("select ")?.split_once(" from ")?;
    let (keyspace, name) = from.split_whitespace().next()?.split_once('.')?;
    let table = tables.iter().find(|table| table.keyspace == keyspace && table.name == name);
    Some(match table {
        Some(table) => table.select(selection),
        None => Ok(invalid(format!("table {keyspace}.{name} does not exist"))),
    })
}

/// A column of a table.
pub(super) fn spec(keyspace: &str, table: &str, name: &str, column_type: ColumnType) -> ColumnSpec {
    let (keyspace, table, name) = (keyspace.into(), table.into(), name.to_owned());
    ColumnSpec { keyspace, table, name, column_type }
}

/// A page of rows, the last.
pub(super) fn rows(columns: Arc<[ColumnSpec]>, row_count: u32, content: Bytes) -> Response {
    let column_count = columns.len();
    let columns = Some(columns);
    let metadata =
        RowsMetadata { columns, column_count, paging_state: None, new_metadata_id: None };
    Response::Result(ResultResponse::Rows(Rows { metadata, row_count, content }))
}

fn invalid(message: String) -> Response {
    Response::Error(Box::new(ServerError {
        code: ErrorCode::Invalid,
        message,
        detail: ServerErrorDetail::None,
    }))
}
