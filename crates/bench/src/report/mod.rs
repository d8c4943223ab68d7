//! What was measured, told: to programs (`report.json`), to people (`report.html`), and at the end
//! of the run in the terminal.

pub(crate) mod chart;
mod entry;
mod goals;
pub(crate) mod html;
mod table;

use std::fs;

pub use self::entry::{Entry, entries};
pub use self::goals::{Goal, goals};
use crate::Result;
use crate::compare::{CompareArguments, Measured};

/// Writes the reports, and prints the short one.
///
/// # Errors
///
/// The reports cannot be written.
pub fn write(measured: &[Measured], server: &str, arguments: &CompareArguments) -> Result<()> {
    let entries = entries(measured, server);
    let goals = goals(&entries);
    let busiest = measured.iter().map(|one| one.server.busy).fold(0.0, f64::max);
    fs::create_dir_all(&arguments.out)?;
    let json = arguments.out.join("report.json");
    fs::write(&json, serde_json::to_string_pretty(&entries)?)?;
    let html = arguments.out.join("report.html");
    fs::write(&html, html::page(&entries, &goals, busiest, arguments))?;
    print!("{}", table::text(&entries, &goals));
    if busiest > 0.0 {
        println!("the server was busy {:.0} % of the time at most", busiest * 100.0);
    }
    println!("{}\n{}", json.display(), html.display());
    Ok(())
}
