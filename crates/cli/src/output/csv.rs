//! Comma-separated values as `export` writes them: a header, null as an empty field, and the empty text
//! as one in quotes.

use std::io::Write;

use cqlwire::Page;
use cqlwire::value::Row;

use super::cell::{escaped, steers};
use super::printer::values;
use crate::exit::Failure;
use crate::transfer::Dialect;

/// The rows of a page; before the first one the names of the columns. A terminal is not steered by them.
pub(super) fn page(
    page: &Page,
    is_first: bool,
    to_terminal: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let columns = page.columns();
    let mut write = |line: &str| match to_terminal {
        true => out.write_all(for_terminal(line).as_bytes()),
        false => out.write_all(line.as_bytes()),
    };
    let mut written = String::new();
    if is_first {
        line(columns.iter(), &mut written, |column, out| {
            Dialect::RFC_4180.write_field(&column.name, out);
        });
        write(&written)?;
    }
    let mut scratch = String::new();
    for row in page.rows::<Row<'_>>().map_err(cqlwire::Error::from)? {
        let values = values(&row.map_err(cqlwire::Error::from)?, columns.len())?;
        written.clear();
        line(values.iter(), &mut written, |value, out| {
            Dialect::RFC_4180.write_value(value, &mut scratch, out);
        });
        write(&written)?;
    }
    Ok(())
}

fn line<T>(
    fields: impl Iterator<Item = T>,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(char::from(Dialect::RFC_4180.delimiter));
        }
        write(field, out);
    }
    out.push('\n');
}

/// Line breaks and tabs are what they are in a file.
fn for_terminal(line: &str) -> String {
    escaped(line, |c| steers(c) && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use cqlwire::value::CqlValue;

    use super::*;

    fn written(values: &[CqlValue]) -> String {
        let mut out = String::new();
        let mut scratch = String::new();
        line(values.iter(), &mut out, |value, out| {
            Dialect::RFC_4180.write_value(value, &mut scratch, out);
        });
        out
    }

    #[test]
    fn null_is_not_the_empty_text() {
        let text = |text: &str| CqlValue::Text(text.to_owned());
        let values = [CqlValue::Null, text(""), CqlValue::Int(7), text("a,\"b"), text("\r\n")];
        assert_eq!(written(&values), ",\"\",7,\"a,\"\"b\",\"\r\n\"\n");
        assert_eq!(written(&values[..1]), "\n");
    }

    #[test]
    fn a_terminal_gets_no_character_that_steers_it() {
        let text = "a\tb\n\u{1b}[2J\r\u{9b}\u{202e}\u{2066}\\é漢";
        assert_eq!(for_terminal(text), "a\tb\n\\u{1b}[2J\\r\\u{9b}\\u{202e}\\u{2066}\\é漢");
    }
}
