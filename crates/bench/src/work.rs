//! The work: statements, rows, and what every client is to find in them.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use crate::{Result, ensure};

/// The keyspace and its tables, for servers that really have them.
pub const SCHEMA: [&str; 3] = [
    "CREATE KEYSPACE IF NOT EXISTS bench WITH replication = \
     {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TABLE IF NOT EXISTS bench.users (id bigint PRIMARY KEY, name text, payload blob)",
    "CREATE TABLE IF NOT EXISTS bench.events (part int, id bigint, name text, score double, \
     photo blob, PRIMARY KEY (part, id))",
];

/// One row by its key.
pub const READ: &str = "SELECT id, name, payload FROM bench.users WHERE id = ?";
/// Three columns.
pub const INSERT: &str = "INSERT INTO bench.users (id, name, payload) VALUES (?, ?, ?)";
/// A table of [`SCAN_ROWS`] rows of four columns.
pub const SCAN: &str = "SELECT id, name, score, photo FROM bench.events";
/// A row of that table, to fill it.
pub const FILL: &str =
    "INSERT INTO bench.events (part, id, name, score, photo) VALUES (?, ?, ?, ?, ?)";

/// How many rows a batch inserts.
pub const BATCH_ROWS: u8 = 64;

/// How many keys are read and written, from 0 on.
pub const KEYS: i64 = 10_000;
/// The name in every row that is read or inserted.
pub const NAME: &str = "Ada Lovelace";
/// The payload in every row that is read or inserted.
pub const PAYLOAD: [u8; 100] = [0x5A; 100];
const PAYLOAD_BYTES: &[u8] = &PAYLOAD;

/// How many rows a load writes, and how many requests of it may be in flight.
pub const LOAD_ROWS: u32 = 100_000;
/// See [`LOAD_ROWS`].
pub const LOAD_CONCURRENCY: u16 = 256;
/// How many rows one after the other are of one partition, where a load is ordered by them.
pub const LOAD_PARTITION_ROWS: u32 = 1_000;

/// The rows of the table that is scanned.
pub const SCAN_ROWS: u32 = 500_000;
/// The rows of one of its pages.
pub const PAGE_ROWS: u32 = 5_000;
/// The bytes of the rows of one of its pages: four lengths and what they are of.
pub const PAGE_BYTES: u64 = 80 * PAGE_ROWS as u64;
/// Its partitions.
pub const SCAN_PARTITIONS: u32 = 100;
/// The name in each of its rows.
pub const SCAN_NAME: &str = "user of the year";
/// The score in each of its rows.
pub const SCAN_SCORE: f64 = 0.5;
/// The photo in each of its rows.
pub const SCAN_PHOTO: [u8; 32] = [0xA5; 32];
const SCAN_PHOTO_BYTES: &[u8] = &SCAN_PHOTO;

/// What is done.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// A prepared read of one row by its key, decoded and checked.
    Read,
    /// A prepared insert of three columns.
    Insert,
    /// The same read as a text with its value, which the driver has prepared once.
    Query,
    /// An unlogged batch of [`BATCH_ROWS`] such inserts.
    Batch,
    /// The same read at a fixed rate, whatever the answers do: its waiting time counts.
    ReadOpenLoop,
    /// A scan of 500,000 rows of four columns, each row owning its text and its bytes.
    Scan,
    /// The same scan with rows that borrow from their page.
    ScanBorrowed,
    /// A load of 100,000 rows of three columns, each a partition of its own.
    Load,
    /// A load of 100,000 rows of five columns, ordered by their partitions of 1,000 rows.
    LoadOrdered,
    /// Many streams of the scan at once, each holding a page while the others are read on.
    Streams,
}

impl Work {
    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Insert => "insert",
            Self::Query => "query",
            Self::Batch => "batch",
            Self::ReadOpenLoop => "read-open-loop",
            Self::Scan => "scan",
            Self::ScanBorrowed => "scan-borrowed",
            Self::Load => "load",
            Self::LoadOrdered => "load-ordered",
            Self::Streams => "streams",
        }
    }

    /// Whether an operation is one request of a closed loop.
    pub const fn is_closed_loop(self) -> bool {
        matches!(self, Self::Read | Self::Insert | Self::Query | Self::Batch)
    }

    /// Whether an operation is a row of a load.
    pub const fn is_load(self) -> bool {
        matches!(self, Self::Load | Self::LoadOrdered)
    }

    /// Whether an operation is a row of a scan.
    pub const fn is_scan(self) -> bool {
        matches!(self, Self::Scan | Self::ScanBorrowed | Self::Streams)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row of a load, its own partition: key, name, payload.
pub fn user_row(number: u32) -> (i64, &'static str, &'static [u8]) {
    (i64::from(number), NAME, PAYLOAD_BYTES)
}

/// A row of a load that is ordered by partitions: partition, id, name, score, photo.
pub fn event_row(number: u32) -> (i32, i64, &'static str, f64, &'static [u8]) {
    let part = (number / LOAD_PARTITION_ROWS).cast_signed();
    (part, i64::from(number), SCAN_NAME, SCAN_SCORE, SCAN_PHOTO_BYTES)
}

/// Checks the row that a read gave.
///
/// # Errors
///
/// It is not the row of this key.
#[inline]
pub fn check_row(asked: i64, id: i64, name: &str, payload: &[u8]) -> Result<()> {
    ensure(id == asked, "the row has the key that was asked for")?;
    ensure(name == NAME, "the row has the name that was inserted")?;
    ensure(payload == PAYLOAD, "the row has the payload that was inserted")
}

/// What a scan has found so far.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many rows.
    pub rows: u32,
    ids: i64,
    bytes: usize,
}

impl Tally {
    /// One more row.
    #[inline]
    pub const fn add(&mut self, id: i64, name: &[u8], score: f64, photo: &[u8]) {
        self.rows += 1;
        self.ids += id;
        // A score that is not the one that is stored makes the sum wrong.
        self.bytes += name.len() + photo.len() + if score == SCAN_SCORE { 1 } else { 0 };
    }

    /// Checks that it was every row, and each once; gives how many.
    ///
    /// # Errors
    ///
    /// It was not.
    pub fn check(&self) -> Result<u64> {
        let rows = i64::from(SCAN_ROWS);
        ensure(self.rows == SCAN_ROWS, "a scan gives every row")?;
        ensure(self.ids == rows * (rows - 1) / 2, "a scan gives each row once")?;
        let a_row = SCAN_NAME.len() + SCAN_PHOTO.len() + 1;
        let all = usize::try_from(SCAN_ROWS)?.saturating_mul(a_row);
        ensure(self.bytes == all, "a scan gives the rows as they were stored")?;
        Ok(u64::from(self.rows))
    }
}
