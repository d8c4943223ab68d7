//! cqlwire, as its users hold it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ::cqlwire::{Batch, Page, Pages, PreparedStatement, Session};

use super::Client;
use crate::load::{ScanWatch, StreamsWatch};
use crate::work::{
    BATCH_ROWS, FILL, INSERT, LOAD_CONCURRENCY, LOAD_ROWS, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN,
    Work, check_row, event_row, user_row,
};
use crate::{Result, ensure};

/// How many pages each of many streams reads.
const TURNS: usize = 2;

/// A session of cqlwire.
#[derive(Clone, Debug)]
pub struct Cqlwire {
    session: Session,
    read: PreparedStatement,
    insert: PreparedStatement,
    scan: PreparedStatement,
    fill: PreparedStatement,
    /// Batches that are not filled just now.
    batches: Arc<Mutex<Vec<Batch>>>,
}

impl Client for Cqlwire {
    async fn connect(server: SocketAddr) -> Result<Self> {
        let builder = Session::builder().contact_points([server.to_string()]);
        let session = builder.connections_per_host(1).ready_when(3).connect().await?;
        let read = session.prepare(READ).await?;
        let insert = session.prepare(INSERT).await?;
        let scan = session.prepare(SCAN).await?;
        let fill = session.prepare(FILL).await?;
        Ok(Self { session, read, insert, scan, fill, batches: Arc::default() })
    }

    async fn read(&self, key: i64) -> Result<()> {
        let result = self.session.execute(&self.read, (key,)).await?;
        let (id, name, payload) = result.one_row::<(i64, &str, &[u8])>()?;
        check_row(key, id, name, payload)
    }

    async fn insert(&self, key: i64) -> Result<()> {
        self.session.execute(&self.insert, (key, NAME, PAYLOAD.as_slice())).await?;
        Ok(())
    }

    async fn query(&self, key: i64) -> Result<()> {
        let result = self.session.query(READ, (key,)).await?;
        let (id, name, payload) = result.one_row::<(i64, &str, &[u8])>()?;
        check_row(key, id, name, payload)
    }

    async fn batch(&self, key: i64) -> Result<()> {
        let batches = || self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = batches().pop();
        let mut batch = spare.unwrap_or_else(|| self.session.batch().unlogged());
        batch.clear();
        let rows = (key..).take(BATCH_ROWS.into());
        batch.add_all(&self.insert, rows.map(|key| (key, NAME, PAYLOAD.as_slice())))?;
        batch.execute().await?;
        batches().push(batch);
        Ok(())
    }

    async fn load(&self, work: Work) -> Result<()> {
        let (session, concurrency) = (&self.session, LOAD_CONCURRENCY.into());
        let written = match work {
            Work::LoadOrdered => {
                let load = session.insert_all(&self.fill, (0..LOAD_ROWS).map(event_row));
                load.concurrency(concurrency).idempotent(true).await?
            }
            _ => {
                let load = session.insert_all(&self.insert, (0..LOAD_ROWS).map(user_row));
                load.concurrency(concurrency).idempotent(true).await?
            }
        };
        ensure(written.written == u64::from(LOAD_ROWS), "a load writes all rows")
    }

    async fn scan(&self, watch: &mut ScanWatch) -> Result<()> {
        let execution = self.session.execute(&self.scan, ()).page_size(PAGE_ROWS);
        let mut rows = execution.rows::<(i64, String, f64, Vec<u8>)>();
        while let Some((id, name, score, photo)) = rows.try_next().await? {
            watch.row(id, &name, score, &photo);
        }
        Ok(())
    }

    async fn scan_borrowed(&self, watch: &mut ScanWatch) -> Result<()> {
        let mut pages = self.session.execute(&self.scan, ()).page_size(PAGE_ROWS).pages();
        while let Some(page) = pages.try_next().await? {
            for row in page.rows::<(i64, &str, f64, &[u8])>()? {
                let (id, name, score, photo) = row?;
                watch.row(id, name, score, photo);
            }
        }
        Ok(())
    }

    async fn hold_streams(&self, streams: u32, watch: &mut StreamsWatch) -> Result<u64> {
        let open = || self.session.execute(&self.scan, ()).page_size(PAGE_ROWS).pages();
        let mut streams: Vec<(Pages, Option<Page>)> =
            (0..streams).map(|_| (open(), None)).collect();
        let mut rows = 0;
        for _ in 0..TURNS {
            for (pages, held) in &mut streams {
                // The page before it is read, and freed.
                *held = None;
                *held = pages.try_next().await?;
                rows += u64::try_from(held.as_ref().map_or(0, Page::len))?;
                watch.page();
            }
        }
        Ok(rows)
    }
}
