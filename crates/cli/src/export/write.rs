//! Rows to lines.

use cqlwire::ValueError;
use cqlwire::stream::Page;
use cqlwire::value::{CqlValue, Row};

use super::shape::Shape;
use crate::transfer::{Dialect, Format};
use crate::value::{write_json, write_json_name};

/// Writes rows of one shape.
#[derive(Debug)]
pub(super) struct RowWriter {
    format: Format,
    dialect: Dialect,
    /// The keys of JSON, each with what stands around it.
    keys: Vec<String>,
    header: String,
    /// One value.
    scratch: String,
}

impl RowWriter {
    pub(super) fn new(shape: &Shape, format: Format, dialect: &Dialect) -> Self {
        let mut keys = Vec::new();
        for (at, name) in shape.names().enumerate() {
            let mut key = String::from(if at == 0 { "{" } else { ", " });
            write_json_name(name, &mut key);
            key.push_str(": ");
            keys.push(key);
        }
        let mut header = String::new();
        if format == Format::Csv && !dialect.no_header {
            for (at, name) in shape.names().enumerate() {
                if at > 0 {
                    header.push(char::from(dialect.delimiter));
                }
                dialect.write_field(name, &mut header);
            }
            header.push('\n');
        }
        let dialect = dialect.clone();
        Self { format, dialect, keys, header, scratch: String::new() }
    }

    /// The first line, if there is one.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// Appends all rows of a page.
    pub(super) fn write_page(&mut self, page: &Page, out: &mut String) -> Result<(), ValueError> {
        for row in page.rows::<Row<'_>>()? {
            self.write_row(&row?, out)?;
        }
        Ok(())
    }

    fn write_row(&mut self, row: &Row<'_>, out: &mut String) -> Result<(), ValueError> {
        let mut cells = row.cells();
        let mut at = 0;
        while let Some(cell) = cells.raw()? {
            let value = cell.decode::<CqlValue>()?;
            match self.format {
                Format::Csv => self.write_field(at, &value, out),
                Format::Json => {
                    out.push_str(self.keys.get(at).map_or(", ", String::as_str));
                    write_json(&value, out);
                }
            }
            at += 1;
        }
        out.push_str(if self.format == Format::Json { "}\n" } else { "\n" });
        Ok(())
    }

    fn write_field(&mut self, at: usize, value: &CqlValue, out: &mut String) {
        if at > 0 {
            out.push(char::from(self.dialect.delimiter));
        }
        self.dialect.write_value(value, &mut self.scratch, out);
    }
}
