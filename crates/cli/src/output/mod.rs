//! What people and scripts get to see: data on standard output, messages on standard error.
//!
//! `printer.rs` turns pages of rows into one of the formats, each of which is a file; `cell.rs` is one
//! value of a row, `look.rs` says whether there is colour,
//! `sink.rs` is where results go, and `pager.rs` a program through which people look at them;
//! `log.rs` is what is told of the driver's log.

mod cell;
mod csv;
mod json;
mod log;
mod look;
mod pager;
mod printer;
mod sink;
mod table;
#[cfg(test)]
mod tests;
mod vertical;

use std::io::{self, Write};

pub(crate) use self::cell::{Cell, visible};
pub(crate) use self::log::LogArgs;
pub(crate) use self::look::{ColourArgs, Look, REGULAR as HEADER};
pub(crate) use self::pager::PagerArgs;
pub(crate) use self::printer::{Format, Printer};
pub(crate) use self::sink::Sink;
pub(crate) use self::table::Table;

/// A message on standard error, in one line.
#[allow(clippy::print_stderr, reason = "this is where messages go")]
pub(crate) fn complain(message: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{style}cqlwire:{style:#} {message}");
}

/// A message that is no failure: what a server would have people know, for instance.
#[allow(clippy::print_stderr, reason = "this is where messages go")]
pub(crate) fn notice(message: &str) {
    let style = anstyle::AnsiColor::Yellow.on_default();
    let message = cqlwire::codec::in_one_line(message);
    anstream::eprintln!("{style}{message}{style:#}");
}

/// Several lines of the same kind.
pub(crate) fn notice_lines(text: &str) {
    text.lines().for_each(notice);
}

/// Standard output for data, many lines at a time. The last of it is written by `flush`, which says
/// what went wrong.
pub(crate) fn stdout() -> impl Write {
    io::BufWriter::with_capacity(64 << 10, io::stdout())
}
