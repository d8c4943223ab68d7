//! What came of it: for programs (`report.json`), for people (`report.html`), and in the terminal.

mod curves;
mod entry;
mod goals;
mod html;
mod table;

use std::fs;

pub(super) use self::entry::Entry;
pub(super) use self::table::line;
use super::FaultsArguments;
use crate::Result;

/// Writes the reports.
///
/// # Errors
///
/// They cannot be written.
pub(super) fn write(entries: &[Entry], arguments: &FaultsArguments) -> Result<()> {
    fs::create_dir_all(&arguments.out)?;
    let json = serde_json::to_string_pretty(entries)?;
    fs::write(arguments.out.join("report.json"), json)?;
    fs::write(arguments.out.join("report.html"), html::page(entries, arguments))?;
    Ok(())
}

/// Prints the short report.
pub(super) fn tell(entries: &[Entry], arguments: &FaultsArguments) {
    print!("{}", table::text(entries, &goals::goals(entries)));
    for name in ["report.json", "report.html"] {
        println!("{}", arguments.out.join(name).display());
    }
}
