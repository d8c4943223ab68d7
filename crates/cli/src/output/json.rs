//! JSON, one object a line for each row, its names in the order of the columns.

use std::io::Write;

use cqlwire::Page;
use cqlwire::value::Row;

use super::printer::values;
use crate::exit::Failure;
use crate::value::{write_json, write_json_name};

/// The rows of a page.
pub(super) fn page(page: &Page, out: &mut dyn Write) -> Result<(), Failure> {
    let columns = page.columns();
    let mut line = String::new();
    for row in page.rows::<Row<'_>>().map_err(cqlwire::Error::from)? {
        line.clear();
        let values = values(&row.map_err(cqlwire::Error::from)?, columns.len())?;
        for (column, value) in columns.iter().zip(&values) {
            line.push_str(if line.is_empty() { "{" } else { ", " });
            write_json_name(&column.name, &mut line);
            line.push_str(": ");
            write_json(value, &mut line);
        }
        writeln!(out, "{line}}}")?;
    }
    Ok(())
}
