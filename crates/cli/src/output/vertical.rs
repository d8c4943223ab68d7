//! Rows one below the other, as cqlsh shows them with EXPAND:
//!
//! ```text
//! @ Row 1
//! ------+-----
//!  id   | 7
//!  name | Ada
//! ```

use std::io::{self, Write};

use super::cell::Cell;
use super::look::Look;

/// Writes these rows, the first of which is the one after so many.
pub(super) fn write(
    header: &[Cell],
    rows: &[Vec<Cell>],
    before: u64,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = header.iter().map(|name| name.width).max().unwrap_or(0);
    let values = rows.iter().flatten().map(|cell| cell.width).max().unwrap_or(0);
    for (row, number) in rows.iter().zip(before + 1..) {
        writeln!(out, "@ Row {number}")?;
        writeln!(out, "-{:-<names$}-+-{:-<values$}-", "", "")?;
        for (name, value) in header.iter().zip(row) {
            let padding = names - name.width;
            let painted = look.paint(name.style, &name.text);
            writeln!(out, " {painted}{:padding$} | {}", "", look.paint(value.style, &value.text))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
