//! Users of a real server: each has a partition of its own, knows what it wrote there, and what it cannot
//! know since a write failed or was let go.

use std::time::Duration;

use cqlwire::{PreparedStatement, Result, Session};
use fastrand::Rng;

use super::user::{Fault, PAGES_OF_A_STREAM, User};

/// How many rows a partition has.
const ROWS: usize = 40;

/// How many rows a page has.
const PAGE_ROWS: u32 = 7;

/// How many statements a batch has.
const BATCH_ROWS: usize = 4;

/// In how many texts the same is prepared: more than a session keeps.
const TEXTS: u32 = 200;

/// How many writes of a row may be unknown: one more of them writes what the last of these did.
const MOST_UNKNOWN: usize = 8;

/// The keyspace and its table.
pub(super) const TABLE: [&str; 2] = [
    "DROP TABLE IF EXISTS soak.rows",
    "CREATE TABLE soak.rows (part int, id int, value bigint, payload blob, PRIMARY KEY (part, id))",
];
pub(super) const WRITE: &str =
    "INSERT INTO soak.rows (part, id, value, payload) VALUES (?, ?, ?, ?)";
pub(super) const READ: &str = "SELECT id, value, payload FROM soak.rows WHERE part = ? AND id = ?";
pub(super) const READ_ALL: &str = "SELECT id, value, payload FROM soak.rows WHERE part = ?";

/// A row as it is read.
type Read<'a> = (i32, i64, &'a [u8]);

/// The statements that everybody has.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    write: PreparedStatement,
    read: PreparedStatement,
    read_all: PreparedStatement,
}

impl Statements {
    pub(super) async fn prepare(session: &Session) -> Result<Self> {
        Ok(Self {
            write: session.prepare(WRITE).await?,
            read: session.prepare(READ).await?,
            read_all: session.prepare(READ_ALL).await?,
        })
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct KeysUser {
    session: Session,
    statements: Statements,
    part: i32,
    /// What each row may have; `None` is that it is not there.
    rows: Vec<Vec<Option<i64>>>,
    next: i64,
    timeout: Duration,
}

impl KeysUser {
    pub(super) fn new(
        session: &Session,
        statements: &Statements,
        part: i32,
        timeout: Duration,
    ) -> Self {
        let unwritten = || {
            let mut possible = Vec::with_capacity(MOST_UNKNOWN + 1);
            possible.push(None);
            possible
        };
        Self {
            session: session.clone(),
            statements: statements.clone(),
            part,
            rows: std::iter::repeat_with(unwritten).take(ROWS).collect(),
            next: 0,
            timeout,
        }
    }

    /// What is written to this row now: from here on, it may be there.
    fn begin(&mut self, row: usize) -> i64 {
        let possible = &mut self.rows[row];
        if possible.len() > MOST_UNKNOWN
            && let Some(Some(last)) = possible.last()
        {
            return *last;
        }
        self.next += 1;
        possible.push(Some(self.next));
        self.next
    }

    /// It was written. What came before is overwritten, whenever it arrives: it is older.
    fn wrote(&mut self, row: usize, value: i64) {
        let possible = &mut self.rows[row];
        possible.clear();
        possible.push(Some(value));
    }

    async fn write(&mut self, row: usize) -> Result<(), Fault> {
        let value = self.begin(row);
        let values = (self.part, number(row), value, payload(value));
        self.session.execute(&self.statements.write, values).idempotent(true).await?;
        self.wrote(row, value);
        Ok(())
    }

    async fn batch(&mut self, first: usize) -> Result<(), Fault> {
        let rows: Vec<usize> = (first..first + BATCH_ROWS).map(|row| row % ROWS).collect();
        let mut batch = self.session.batch().unlogged();
        let mut values = Vec::new();
        for row in &rows {
            let value = self.begin(*row);
            values.push(value);
            let bound = (self.part, number(*row), value, payload(value));
            batch.add(&self.statements.write, bound)?;
        }
        batch.execute().idempotent(true).await?;
        for (row, value) in rows.into_iter().zip(values) {
            self.wrote(row, value);
        }
        Ok(())
    }

    async fn read(&self, row: usize, by: &PreparedStatement) -> Result<(), Fault> {
        let result = self.session.execute(by, (self.part, number(row))).await?;
        let found = result.first_row::<Read<'_>>()?;
        self.check(row, found)
    }

    /// By a text that the session has forgotten since, or nearly.
    async fn read_anew(&self, row: usize, text: u32) -> Result<(), Fault> {
        let by = self.session.prepare(&format!("{READ} /* {text} */")).await?;
        self.read(row, &by).await
    }

    /// A stream that is dropped behind some page, mostly in the middle of it.
    async fn stream(&self, rows: u32) -> Result<(), Fault> {
        let execution = self.session.execute(&self.statements.read_all, (self.part,));
        let mut stream = execution.page_size(PAGE_ROWS).rows::<(i32, i64, Vec<u8>)>();
        let mut before = -1;
        for _ in 0..rows {
            let Some((id, value, payload)) = stream.try_next().await? else { return Ok(()) };
            let row = usize::try_from(id).map_err(|_| Fault::Wrong(format!("a row {id}")))?;
            if id <= before {
                return Err(Fault::Wrong(format!("row {id} came behind {before}")));
            }
            before = id;
            self.check(row, Some((id, value, &payload)))?;
        }
        Ok(())
    }

    fn check(&self, row: usize, found: Option<Read<'_>>) -> Result<(), Fault> {
        let value = found.map(|(_, value, _)| value);
        let possible = self.rows.get(row);
        let is_known = possible.is_some_and(|possible| possible.contains(&value));
        let is_whole =
            found.is_none_or(|(id, value, bytes)| id == number(row) && bytes == payload(value));
        if is_known && is_whole {
            return Ok(());
        }
        Err(Fault::Wrong(format!("row {row} of {}: {found:?} is none of {possible:?}", self.part)))
    }
}

impl User for KeysUser {
    async fn ask(&mut self, rng: &mut Rng) -> Result<(), Fault> {
        let row = rng.usize(..ROWS);
        match rng.u8(..20) {
            0 => self.batch(row).await,
            1 => self.stream(rng.u32(1..=PAGES_OF_A_STREAM * PAGE_ROWS)).await,
            2 | 3 => self.read_anew(row, rng.u32(..TEXTS)).await,
            4..=11 => self.write(row).await,
            _ => self.read(row, &self.statements.read).await,
        }
    }

    fn limit(&self) -> Duration {
        self.timeout * PAGES_OF_A_STREAM
    }
}

fn number(row: usize) -> i32 {
    i32::try_from(row).unwrap_or(i32::MAX)
}

/// What is written beside this value: of a length and of bytes that follow from it.
fn payload(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let length = usize::from(bytes[7]) + 16;
    bytes.into_iter().cycle().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_one_value_from_another() {
        assert_eq!(payload(3).len(), 19);
        assert!((0..1_000).all(|value| payload(value) != payload(value + 1)));
    }
}
