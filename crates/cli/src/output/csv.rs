//! Comma-separated values, as RFC 4180 has them: a header, null as an empty field, and an empty text as
//! `""`, which `cqlwire load` reads.

use std::io::Write;

use cqlwire::Page;
use cqlwire::value::{CqlValue, Row};

use super::printer::values;
use crate::exit::Failure;
use crate::transfer::Dialect;
use crate::value::write_text;

/// The rows of a page; before the first one the names of the columns.
pub(super) fn page(page: &Page, is_first: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let columns = page.columns();
    let mut line = String::new();
    if is_first {
        let names: Vec<_> =
            columns.iter().map(|column| CqlValue::Text(column.name.clone())).collect();
        record(&names, &mut line);
    }
    for row in page.rows::<Row<'_>>().map_err(cqlwire::Error::from)? {
        record(&values(&row.map_err(cqlwire::Error::from)?, columns.len())?, &mut line);
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    Ok(out.write_all(line.as_bytes())?)
}

/// Appends a line. A null that is alone in it is `""`, as an empty line would be none.
pub(super) fn record(values: &[CqlValue], line: &mut String) {
    let dialect = Dialect::default();
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        text.clear();
        if *value != CqlValue::Null {
            write_text(value, &mut text);
        }
        if *value != CqlValue::Null || values.len() == 1 {
            dialect.write_field(&text, line);
        }
    }
    line.push('\n');
}
