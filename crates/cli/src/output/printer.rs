//! Pages of rows in one of the formats.

use std::io::Write;

use cqlwire::cluster::{ColumnKind, Schema};
use cqlwire::codec::ColumnSpec;
use cqlwire::value::{CqlValue, Row};
use cqlwire::{Error, Page};

use super::cell::Cell;
use super::look::{self, Look};
use super::{Table, csv, json, vertical};
use crate::exit::Failure;

/// How rows are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Table,
    /// Each row by itself, a line for each column
    Vertical,
    /// Comma-separated values with a header
    Csv,
    /// An object a line
    Json,
}

/// Writes the pages of one result.
#[derive(Debug)]
pub(crate) struct Printer {
    format: Format,
    look: Look,
    /// Is the header repeated on each page, since whoever reads them sees one at a time?
    header_on_each: bool,
    /// Of the first page on, if it is to be one.
    table: Option<Table>,
    has_begun: bool,
    rows: u64,
}

impl Printer {
    pub(crate) const fn new(format: Format, look: Look) -> Self {
        let (table, has_begun, rows) = (None, false, 0);
        Self { format, look, header_on_each: false, table, has_begun, rows }
    }

    /// With its header on each page, for whoever looks at one page after the other.
    pub(crate) const fn header_on_each(mut self, each: bool) -> Self {
        self.header_on_each = each;
        self
    }

    /// Writes a page. One without columns, of a statement that returns nothing, is nothing; of one
    /// without rows there is the header, if it is the first.
    pub(crate) fn page(
        &mut self,
        page: &Page,
        schema: &Schema,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if page.columns().is_empty() {
            return Ok(());
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if page.is_empty() && !is_first {
            return Ok(());
        }
        match self.format {
            Format::Table => self.table_page(page, schema, out)?,
            Format::Vertical => {
                if is_first {
                    writeln!(out)?;
                }
                let header = header(page.columns(), schema);
                vertical::write(&header, &cells(page)?, self.rows, self.look, out)?;
            }
            Format::Csv => csv::page(page, is_first, self.look.to_terminal, out)?,
            Format::Json => json::page(page, out)?,
        }
        self.rows += u64::try_from(page.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn table_page(
        &mut self,
        page: &Page,
        schema: &Schema,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let rows = cells(page)?;
        let with_header = self.header_on_each || self.table.is_none();
        let new = || Table::new(header(page.columns(), schema), self.look);
        let table = self.table.get_or_insert_with(new);
        table.widen(&rows);
        if with_header {
            writeln!(out)?;
            table.header(out)?;
        }
        Ok(rows.iter().try_for_each(|row| table.row(row, out))?)
    }

    /// Was there anything to be written, if only a header?
    pub(crate) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How many rows there were, where people read: nothing of a statement that returns none.
    pub(crate) fn end(&self, out: &mut dyn Write) -> Result<(), Failure> {
        match self.format {
            Format::Table if self.has_begun => writeln!(out, "\n({} rows)", self.rows)?,
            Format::Vertical if self.has_begun => writeln!(out, "({} rows)", self.rows)?,
            _ => {}
        }
        Ok(())
    }
}

/// The values of a row of so many columns.
pub(super) fn values(row: &Row<'_>, columns: usize) -> Result<Vec<CqlValue>, Failure> {
    let values = (0..columns).map(|at| row.get::<CqlValue>(at));
    Ok(values.collect::<Result<_, _>>().map_err(Error::from)?)
}

fn cells(page: &Page) -> Result<Vec<Vec<Cell>>, Failure> {
    let rows = page.rows::<Row<'_>>().map_err(Error::from)?;
    rows.map(|row| {
        let values = values(&row.map_err(Error::from)?, page.columns().len())?;
        Ok(values.iter().map(Cell::of).collect())
    })
    .collect()
}

/// The names of the columns, each as what it is for in its table.
fn header(columns: &[ColumnSpec], schema: &Schema) -> Vec<Cell> {
    columns.iter().map(|column| Cell::new(&column.name, style(column, schema))).collect()
}

fn style(column: &ColumnSpec, schema: &Schema) -> anstyle::Style {
    let table = schema.keyspace(&column.keyspace).and_then(|own| own.table(&column.table));
    match table.and_then(|table| table.column(&column.name)).map(|column| column.kind) {
        Some(ColumnKind::PartitionKey) => look::PARTITION_KEY,
        Some(ColumnKind::Clustering(_)) => look::CLUSTERING,
        Some(ColumnKind::Static) => look::STATIC,
        Some(ColumnKind::Regular) | None => look::REGULAR,
    }
}
