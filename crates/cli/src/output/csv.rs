//! Comma-separated values, as RFC 4180 has them: a header, and null as an empty field.

use std::io::{self, Write};

use cqlwire::Page;
use cqlwire::value::{CqlValue, Row};

use super::printer::values;
use crate::exit::Failure;
use crate::value::write_text;

/// The rows of a page; before the first one the names of the columns.
pub(super) fn page(page: &Page, is_first: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(out);
    let columns = page.columns();
    if is_first {
        let names = columns.iter().map(|column| &column.name);
        writer.write_record(names).map_err(io::Error::from)?;
    }
    let mut text = String::new();
    for row in page.rows::<Row<'_>>().map_err(cqlwire::Error::from)? {
        for value in values(&row.map_err(cqlwire::Error::from)?, columns.len())? {
            text.clear();
            if value != CqlValue::Null {
                write_text(&value, &mut text);
            }
            writer.write_field(&text).map_err(io::Error::from)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io::Error::from)?;
    }
    Ok(writer.flush()?)
}
