//! The flags of `load`.

use std::path::PathBuf;
use std::time::Duration;

use super::write_time::Unit;
use crate::transfer::{Dialect, Format};

/// Load a file of CSV or JSON lines into a table
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The table, as KEYSPACE.TABLE
    pub(super) table: String,
    /// The file to read; - is standard input
    #[arg(default_value = "-")]
    pub(super) file: PathBuf,
    /// What the file is written in [default: as its name says, and else csv]
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Only these columns; without a header, what each field is for, and - for nothing
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
    /// Leave columns that are null as they are (unset), or delete them (null)
    #[arg(long, value_enum, default_value_t = NullAs::Unset)]
    pub(super) null_as: NullAs,
    /// Write lines that are rejected to FILE as they are, and why to FILE.reasons
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<PathBuf>,
    /// Stop when more lines than this are rejected
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub(super) max_rejected: u64,
    /// Remember in FILE how far it has got; a second run with it goes on there
    #[arg(long, value_name = "FILE")]
    pub(super) progress: Option<PathBuf>,
    /// Read and check everything, and write nothing to the table
    #[arg(long)]
    pub(super) dry_run: bool,
    /// After how many seconds the rows expire; 0 is never
    #[arg(long, value_name = "SECONDS", conflicts_with = "ttl_column")]
    pub(super) ttl: Option<u32>,
    /// The field that says when each row was written, a number of microseconds since 1970
    #[arg(long, value_name = "NAME")]
    pub(super) timestamp_column: Option<String>,
    /// What that number counts [default: microseconds, if that makes a year from 1980 to 2100]
    #[arg(long, value_enum, value_name = "UNIT", requires = "timestamp_column")]
    pub(super) timestamp_unit: Option<Unit>,
    /// The field that says after how many seconds each row expires; null is never
    #[arg(long, value_name = "NAME")]
    pub(super) ttl_column: Option<String>,
    /// How many requests may be under way; fewer are while a server is overloaded
    #[arg(long, value_name = "NUMBER", default_value_t = 256)]
    pub(super) concurrency: usize,
    /// How long a row is sent again that fails for what passes, as a host that is down; 0s is not at all
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = humantime::parse_duration)]
    pub(super) retry_for: Duration,
    /// How long a line may be, or a record of several, in bytes. One that is longer is rejected, and
    /// not kept: why says where it is in the input
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = bytes)]
    pub(super) max_line_bytes: usize,
    #[command(flatten)]
    pub(super) dialect: Dialect,
    /// What stands before a quote that is part of a field, instead of another quote
    #[arg(long, value_name = "CHARACTER", value_parser = escape, help_heading = "CSV")]
    pub(super) escape: Option<u8>,
}

const HELP: &str = "\
A field of CSV that is empty is null, and one that is \"\" is an empty text. Empty lines are passed
over, unless there is one field: then they are null. Values are as CQL writes them, without quotes
around the whole: 12, 2015-11-02 13:45:00+0000, ['a', 'b'], {street: 'x'}.

Of two lines with the same primary key either one may stay, unless --timestamp-column tells them
apart. What is added to counters is added twice where a load that was killed goes on, for what it
wrote in its last second, or one that has failed, for what it wrote behind the line where it
stopped; so is a list that is not frozen, with --timestamp-column.

A line is rejected for what is in it. What passes, as a host that is down, is waited for, while nothing
else is sent (--retry-for), and anything else stops the load before that line. Exit code 1 says that lines were rejected, or that the server refused.";

/// What becomes of columns that are null.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum NullAs {
    Unset,
    Null,
}

fn escape(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_graphic() => Ok(*byte),
        _ => Err("one character of ASCII".to_owned()),
    }
}

fn bytes(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|_| "a number of bytes".to_owned())?;
    if (1..=1 << 30).contains(&bytes) { Ok(bytes) } else { Err("from 1 to 1073741824".to_owned()) }
}
