//! The flags of `export` and `count`.

use std::path::PathBuf;

#[cfg(feature = "parquet")]
use clap::builder::RangedU64ValueParser;

use crate::transfer::{Dialect, FileFormat};

/// Export a table to a file of CSV, JSON lines or Parquet
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The table, as KEYSPACE.TABLE
    pub(super) table: String,
    /// The file to write; - is standard output
    #[arg(default_value = "-")]
    pub(super) file: PathBuf,
    /// What the file is written in [default: as its name says, and else csv]
    #[arg(long, value_enum)]
    pub(super) format: Option<FileFormat>,
    /// Only these columns
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
    /// Only rows like this, as in CQL: "total > 100". Servers read the whole table for it
    #[arg(long = "where", value_name = "CONDITION")]
    pub(super) condition: Option<String>,
    /// Add when each column was written, in microseconds since 1970, as writetime(NAME)
    #[arg(long)]
    pub(super) with_writetime: bool,
    /// Add after how many seconds each column expires, as ttl(NAME)
    #[arg(long)]
    pub(super) with_ttl: bool,
    /// Remember in FILE how far it has got; a second run with it goes on there
    #[arg(long, value_name = "FILE")]
    pub(super) progress: Option<PathBuf>,
    /// In a Parquet file, a row group is written once it has so many MiB
    #[cfg(feature = "parquet")]
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub(super) row_group: usize,
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) dialect: Dialect,
}

/// Count the rows of a table, reading it in parallel
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CountArgs {
    /// The table, as KEYSPACE.TABLE
    pub(super) table: String,
    /// Only rows like this, as in CQL: "total > 100"
    #[arg(long = "where", value_name = "CONDITION")]
    pub(super) condition: Option<String>,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// How a table is read.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reading {
    /// How many parts of the table are read at once [default: four for each host, 64 at most]
    #[arg(long, value_name = "NUMBER")]
    pub(super) parallel: Option<usize>,
    /// How many rows a page has
    #[arg(long, value_name = "ROWS", default_value_t = 5000)]
    pub(super) page_size: u32,
}

const HELP: &str = "\
Rows come in no order. The file is written as FILE.part.tmp, with --progress as FILE.part, and has
its name once it is whole. In CSV, null is an empty field, so that of one column it is an empty
line, and an empty text is \"\". What is written is what `load` reads, but for Parquet. A Parquet file
is whole or not at all: --progress cannot go on with one.";
