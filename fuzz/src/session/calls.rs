//! What users ask: one statement, rows of a stream, a batch; and whether they go away.

use std::time::Duration;

use cqlwire::codec::ColumnType;
use cqlwire::{Result, Session};
use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
use tokio::time::timeout;

use crate::server::{TIMEOUT, in_time};

const ROWS: &str = "SELECT id, name FROM app.users WHERE city = ?";
const WRITE: &str = "INSERT INTO app.users (id) VALUES (?)";

/// A server that lies may say forever that there is more.
const MOST_ROWS: usize = 200;

/// What is asked, and after how many milliseconds its user goes away.
#[derive(Copy, Clone, Debug)]
pub(super) struct Call {
    what: u8,
    letting_go: Option<u64>,
}

/// What the server says of the statements when it does well.
pub(super) fn prime(node: &ScriptedNode) {
    let shape = columns([("id", ColumnType::BigInt), ("name", ColumnType::Text)]);
    let rows = (0..30_i64).map(|id| vec![cell(id.to_be_bytes()), cell("a name")]);
    let markers = columns([("city", ColumnType::Text)]);
    let prime = Prime::statement(ROWS).rows(shape, rows.collect()).binds(markers, &[0]);
    node.prime(prime);
    let markers = columns([("id", ColumnType::BigInt)]);
    node.prime(Prime::statement(WRITE).void().binds(markers, &[0]));
}

impl Call {
    pub(super) fn new(what: u8, letting_go: u8) -> Self {
        let letting_go = (letting_go >= 128).then(|| u64::from(letting_go - 128) * 8);
        Self { what, letting_go }
    }

    pub(super) async fn make(self, session: &Session) {
        match self.letting_go {
            // Whoever goes away before anything was sent or after it was answered, too.
            Some(after) => drop(timeout(Duration::from_millis(after), self.ask(session)).await),
            None => self.ask(session).await,
        }
    }

    async fn ask(self, session: &Session) {
        let outcome = match self.what % 6 {
            0 => in_time("a query", session.query("SELECT 1", ()).idempotent(true)).await.map(drop),
            1 => in_time("a query", session.query(ROWS, ("Oslo",))).await.map(drop),
            2 => in_time("a prepare", session.prepare(WRITE)).await.map(drop),
            3 => self.write(session).await,
            4 => self.read(session).await,
            _ => self.batch(session).await,
        };
        // Whatever is said of it can be written down.
        if let Err(error) = outcome {
            let _ = (error.to_string(), format!("{error:?}"), error.may_have_been_applied());
        }
    }

    async fn write(self, session: &Session) -> Result<()> {
        let insert = in_time("a prepare", session.prepare(WRITE)).await?;
        in_time("a write", session.execute(&insert, (7_i64,)).idempotent(self.what & 64 != 0))
            .await
            .map(drop)
    }

    async fn read(self, session: &Session) -> Result<()> {
        let by_city = in_time("a prepare", session.prepare(ROWS)).await?;
        let execution = session.execute(&by_city, ("Oslo",)).page_size(4);
        let mut rows = execution.rows::<(i64, String)>();
        for _ in 0..MOST_ROWS {
            if in_time("a row", rows.try_next()).await?.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn batch(self, session: &Session) -> Result<()> {
        let mut batch = session.batch();
        batch.add(WRITE, (1_i64,))?.add("DELETE FROM app.users WHERE id = 2", ())?;
        in_time("a batch", batch.execute().timeout(TIMEOUT)).await.map(drop)
    }
}
