//! What people and scripts get to see: data on standard output, messages on standard error.

use std::io::Write;

use anstream::eprintln;

/// A message on standard error, in one line.
#[allow(clippy::print_stderr, reason = "this is where messages go")]
pub(crate) fn complain(message: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    eprintln!("{style}cqlwire:{style:#} {message}");
}

/// Standard output for data, whole lines at a time. The last of it is written by `flush`, which says
/// what went wrong.
pub(crate) fn stdout() -> impl Write {
    std::io::BufWriter::with_capacity(64 << 10, std::io::stdout().lock())
}
