//! How far an export has got, as a small file: where a second run goes on.
//!
//! ```text
//!   cqlwire-export-1
//!   of {"table":"...","format":"Csv",...}       what is exported, and how it is written
//!   written 4711 93                             so many bytes, and rows
//!   cqlwire-scan-1 ...                          what is left
//! ```

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use cqlwire::ScanPlan;

use super::args::Args;
use super::shape::Shape;
use super::sink::Synced;
use crate::exit::Failure;
use crate::transfer::{read_saved, save};

const BEGINS: &str = "cqlwire-export-1\n";

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) of: String,
    /// Changed by nothing but what is [saved](Self::save).
    bytes: u64,
    pub(super) rows: u64,
    pub(super) plan: ScanPlan,
}

/// What is exported, and how it is written: lines of two that differ do not go into one file.
pub(super) fn of(args: &Args, shape: &Shape, table: &str) -> String {
    let dialect = &args.dialect;
    let of = serde_json::json!({
        "table": table,
        "format": format!("{:?}", shape.format),
        "columns": shape.names().collect::<Vec<_>>(),
        "where": args.condition,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "null": dialect.null,
        "header": !dialect.no_header,
    });
    of.to_string()
}

impl Progress {
    /// Before anything is written.
    pub(super) const fn at_start(of: String, plan: ScanPlan) -> Self {
        Self { of, bytes: 0, rows: 0, plan }
    }

    /// What a run before has left in this file, if there was one.
    pub(super) fn read(path: &Path, of: &str) -> Result<Option<Self>, Failure> {
        read_saved(path, |text| {
            let progress: Self = text.parse()?;
            match progress.of == of {
                true => Ok(progress),
                false => Err(format!("it is of another export: {}", progress.of)),
            }
        })
    }

    /// Keeps it, behind what is written.
    pub(super) fn save(&mut self, path: &Path, written: Synced) -> std::io::Result<()> {
        self.bytes = written.into();
        save(path, &self.to_string())
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, bytes, rows, plan } = self;
        writeln!(f, "{BEGINS}of {of}\nwritten {bytes} {rows}\n{plan}")
    }
}

impl FromStr for Progress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (of, bytes, rows, plan) = parts(text).ok_or("it is no progress of an export")?;
        let plan = plan.parse::<ScanPlan>().map_err(|error| error.to_string())?;
        Ok(Self { of: of.to_owned(), bytes, rows, plan })
    }
}

fn parts(text: &str) -> Option<(&str, u64, u64, &str)> {
    let (of, rest) = text.strip_prefix(BEGINS)?.strip_prefix("of ")?.split_once("\nwritten ")?;
    let (written, plan) = rest.strip_suffix('\n')?.split_once('\n')?;
    let (bytes, rows) = written.split_once(' ')?;
    Some((of, bytes.parse().ok()?, rows.parse().ok()?, plan))
}
