//! A table as cqlsh draws it:
//!
//! ```text
//!  id | name
//! ----+------
//!   7 |  Ada
//! ```

use std::io::{self, Write};

use super::cell::Cell;
use super::look::Look;

/// A table with its header, whose columns get no narrower from page to page.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    header: Vec<Cell>,
    widths: Vec<usize>,
    look: Look,
    /// Do the values stand at the left?
    is_left: bool,
}

impl Table {
    pub(crate) fn new(header: Vec<Cell>, look: Look) -> Self {
        let widths = header.iter().map(|name| name.width).collect();
        Self { header, widths, look, is_left: false }
    }

    /// One of fixed columns, for what is no result of a statement: texts, at the left.
    pub(crate) fn of(names: &[&str], look: Look) -> Self {
        let bold = anstyle::Style::new().bold();
        let header = names.iter().map(|name| Cell::new(name, bold)).collect();
        Self { is_left: true, ..Self::new(header, look) }
    }

    /// Rows of texts for such a table.
    pub(crate) fn texts(row: impl IntoIterator<Item = String>) -> Vec<Cell> {
        row.into_iter().map(|text| Cell::new(&text, anstyle::Style::new())).collect()
    }

    /// Makes room for these rows.
    pub(crate) fn widen(&mut self, rows: &[Vec<Cell>]) {
        for row in rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = cell.width.max(*width);
            }
        }
    }

    /// The names of the columns at the left, and a line below them.
    pub(crate) fn header(&self, out: &mut dyn Write) -> io::Result<()> {
        self.line(&self.header, true, out)?;
        for (at, width) in self.widths.iter().enumerate() {
            write!(out, "{}{:-<width$}-", if at > 0 { "+-" } else { "-" }, "")?;
        }
        writeln!(out)
    }

    /// The values of a row.
    pub(crate) fn row(&self, row: &[Cell], out: &mut dyn Write) -> io::Result<()> {
        self.line(row, self.is_left, out)
    }

    fn line(&self, cells: &[Cell], is_left: bool, out: &mut dyn Write) -> io::Result<()> {
        let last = cells.len().saturating_sub(1);
        for (at, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
            let bar = if at > 0 { " | " } else { " " };
            let text = self.look.paint(cell.style, &cell.text);
            let blanks = width.saturating_sub(cell.width);
            match (is_left, at == last) {
                (false, _) => write!(out, "{bar}{:blanks$}{text}", "")?,
                (true, false) => write!(out, "{bar}{text}{:blanks$}", "")?,
                // Nothing stands at the end of a line.
                (true, true) => write!(out, "{bar}{text}")?,
            }
        }
        writeln!(out)
    }

    /// All of it, of rows that are there by now.
    pub(crate) fn whole(mut self, rows: &[Vec<Cell>], out: &mut dyn Write) -> io::Result<()> {
        self.widen(rows);
        self.header(out)?;
        rows.iter().try_for_each(|row| self.row(row, out))
    }
}
