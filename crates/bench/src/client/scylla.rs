//! The `scylla` driver.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ::scylla::client::PoolSize;
use ::scylla::client::session::Session;
use ::scylla::client::session_builder::SessionBuilder;
use ::scylla::response::PagingState;
use ::scylla::statement::Statement;
use ::scylla::statement::batch::{Batch, BatchType};
use ::scylla::statement::prepared::PreparedStatement;
use futures_util::future::ready;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Client;
use crate::Result;
use crate::load::ScanWatch;
use crate::work::{
    BATCH_ROWS, FILL, INSERT, LOAD_CONCURRENCY, LOAD_ROWS, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN,
    Work, check_row, event_row, user_row,
};

/// A session of `scylla`. It cannot be cloned, so that its users share it.
#[derive(Clone)]
pub struct Scylla {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session,
    read: PreparedStatement,
    insert: PreparedStatement,
    scan: PreparedStatement,
    fill: PreparedStatement,
    batch: Batch,
}

impl std::fmt::Debug for Scylla {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scylla").finish_non_exhaustive()
    }
}

impl Client for Scylla {
    async fn connect(server: SocketAddr) -> Result<Self> {
        let builder = SessionBuilder::new().known_node_addr(server);
        let session = builder.pool_size(PoolSize::PerHost(NonZeroUsize::MIN)).build().await?;
        let read = session.prepare(READ).await?;
        let insert = session.prepare(INSERT).await?;
        let scan = Statement::new(SCAN).with_page_size(i32::try_from(PAGE_ROWS)?);
        let scan = session.prepare(scan).await?;
        let fill = session.prepare(FILL).await?;
        let mut batch = Batch::new(BatchType::Unlogged);
        (0..BATCH_ROWS).for_each(|_| batch.append_statement(insert.clone()));
        Ok(Self { inner: Arc::new(Inner { session, read, insert, scan, fill, batch }) })
    }

    async fn read(&self, key: i64) -> Result<()> {
        let inner = &*self.inner;
        let result = inner.session.execute_unpaged(&inner.read, (key,)).await?;
        let rows = result.into_rows_result()?;
        let (id, name, payload) = rows.single_row::<(i64, &str, &[u8])>()?;
        check_row(key, id, name, payload)
    }

    async fn insert(&self, key: i64) -> Result<()> {
        let inner = &*self.inner;
        let values = (key, NAME, PAYLOAD.as_slice());
        inner.session.execute_unpaged(&inner.insert, values).await?;
        Ok(())
    }

    async fn batch(&self, key: i64) -> Result<()> {
        let rows = (key..).take(BATCH_ROWS.into()).map(|key| (key, NAME, PAYLOAD.as_slice()));
        let rows: Vec<_> = rows.collect();
        self.inner.session.batch(&self.inner.batch, rows).await?;
        Ok(())
    }

    /// It has nothing of its own for many rows: its documentation advises to execute so many at once.
    async fn load(&self, work: Work) -> Result<()> {
        let written = stream::iter(0..LOAD_ROWS).map(|number| self.write(work, number));
        let written = written.buffer_unordered(LOAD_CONCURRENCY.into());
        written.try_for_each(|()| ready(Ok(()))).await
    }

    async fn scan(&self, watch: &mut ScanWatch) -> Result<()> {
        let inner = &*self.inner;
        let pager = inner.session.execute_iter(inner.scan.clone(), ()).await?;
        let mut rows = pager.rows_stream::<(i64, String, f64, Vec<u8>)>()?;
        while let Some((id, name, score, photo)) = rows.try_next().await? {
            watch.row(id, &name, score, &photo);
        }
        Ok(())
    }

    async fn scan_borrowed(&self, watch: &mut ScanWatch) -> Result<()> {
        let inner = &*self.inner;
        let mut state = PagingState::start();
        loop {
            let page = inner.session.execute_single_page(&inner.scan, (), state).await?;
            let (result, next) = page;
            let rows = result.into_rows_result()?;
            for row in rows.rows::<(i64, &str, f64, &[u8])>()? {
                let (id, name, score, photo) = row?;
                watch.row(id, name, score, photo);
            }
            match next.into_paging_control_flow() {
                std::ops::ControlFlow::Continue(next) => state = next,
                std::ops::ControlFlow::Break(()) => return Ok(()),
            }
        }
    }
}

impl Scylla {
    /// One row of a load.
    async fn write(&self, work: Work, number: u32) -> Result<()> {
        let inner = &*self.inner;
        match work {
            Work::LoadOrdered => {
                inner.session.execute_unpaged(&inner.fill, event_row(number)).await?
            }
            _ => inner.session.execute_unpaged(&inner.insert, user_row(number)).await?,
        };
        Ok(())
    }
}
