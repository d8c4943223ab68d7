//! The `cdrs-tokio` driver.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use cdrs_tokio::cluster::session::{Session, SessionBuilder, TcpSessionBuilder};
use cdrs_tokio::cluster::{NodeTcpConfigBuilder, TcpConnectionManager};
use cdrs_tokio::frame::message_batch::BatchType;
use cdrs_tokio::load_balancing::RoundRobinLoadBalancingStrategy;
use cdrs_tokio::query::{BatchQueryBuilder, PreparedQuery};
use cdrs_tokio::query_values;
use cdrs_tokio::transport::TransportTcp;
use cdrs_tokio::types::IntoRustByIndex;
use cdrs_tokio::types::blob::Blob;
use cdrs_tokio::types::rows::Row;

use futures_util::future::ready;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::Client;
use crate::load::ScanWatch;
use crate::work::{
    BATCH_ROWS, FILL, INSERT, LOAD_CONCURRENCY, LOAD_ROWS, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN,
    Work, check_row, event_row, user_row,
};
use crate::{Result, ensure};

type Balancing = RoundRobinLoadBalancingStrategy<TransportTcp, TcpConnectionManager>;

/// A session of `cdrs-tokio`.
#[derive(Clone)]
pub struct Cdrs {
    inner: Arc<Inner>,
}

struct Inner {
    session: Session<TransportTcp, TcpConnectionManager, Balancing>,
    read: PreparedQuery,
    insert: PreparedQuery,
    scan: PreparedQuery,
    fill: PreparedQuery,
}

impl fmt::Debug for Cdrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cdrs").finish_non_exhaustive()
    }
}

impl Client for Cdrs {
    async fn connect(server: SocketAddr) -> Result<Self> {
        let config = NodeTcpConfigBuilder::new().with_contact_point(server.into()).build().await?;
        let balancing = RoundRobinLoadBalancingStrategy::new();
        let session = TcpSessionBuilder::new(balancing, config).build().await?;
        let read = session.prepare(READ).await?;
        let insert = session.prepare(INSERT).await?;
        let scan = session.prepare(SCAN).await?;
        let fill = session.prepare(FILL).await?;
        Ok(Self { inner: Arc::new(Inner { session, read, insert, scan, fill }) })
    }

    async fn read(&self, key: i64) -> Result<()> {
        let inner = &*self.inner;
        let answer = inner.session.exec_with_values(&inner.read, query_values!(key)).await?;
        let mut rows = answer.response_body()?.into_rows().ok_or("a read gives rows")?;
        ensure(rows.len() == 1, "a read gives one row")?;
        let row = rows.pop().ok_or("a read gives one row")?;
        let id: i64 = row.get_r_by_index(0)?;
        let name: String = row.get_r_by_index(1)?;
        let payload: Blob = row.get_r_by_index(2)?;
        check_row(key, id, &name, &payload.into_vec())
    }

    async fn insert(&self, key: i64) -> Result<()> {
        let inner = &*self.inner;
        let values = query_values!(key, NAME, PAYLOAD.to_vec());
        inner.session.exec_with_values(&inner.insert, values).await?.response_body()?;
        Ok(())
    }

    async fn batch(&self, key: i64) -> Result<()> {
        let inner = &*self.inner;
        let mut batch = BatchQueryBuilder::new().with_batch_type(BatchType::Unlogged);
        for key in (key..).take(BATCH_ROWS.into()) {
            let values = query_values!(key, NAME, PAYLOAD.to_vec());
            batch = batch.add_query_prepared(&inner.insert, values);
        }
        inner.session.batch(batch.build()?).await?.response_body()?;
        Ok(())
    }

    async fn load(&self, work: Work) -> Result<()> {
        let written = stream::iter(0..LOAD_ROWS).map(|number| self.write(work, number));
        let written = written.buffer_unordered(LOAD_CONCURRENCY.into());
        written.try_for_each(|()| ready(Ok(()))).await
    }

    async fn scan(&self, watch: &mut ScanWatch) -> Result<()> {
        let inner = &*self.inner;
        let mut pager = inner.session.paged(i32::try_from(PAGE_ROWS)?);
        let mut pages = pager.exec(&inner.scan);
        loop {
            for row in pages.next().await? {
                add(watch, &row)?;
            }
            if !pages.has_more() {
                return Ok(());
            }
        }
    }

    async fn scan_borrowed(&self, _watch: &mut ScanWatch) -> Result<()> {
        Err("cdrs-tokio has no rows that borrow".into())
    }
}

impl Cdrs {
    /// One row of a load.
    async fn write(&self, work: Work, number: u32) -> Result<()> {
        let inner = &*self.inner;
        let (statement, values) = match work {
            Work::LoadOrdered => {
                let (part, id, name, score, photo) = event_row(number);
                (&inner.fill, query_values!(part, id, name, score, photo.to_vec()))
            }
            _ => {
                let (id, name, payload) = user_row(number);
                (&inner.insert, query_values!(id, name, payload.to_vec()))
            }
        };
        inner.session.exec_with_values(statement, values).await?.response_body()?;
        Ok(())
    }
}

fn add(watch: &mut ScanWatch, row: &Row) -> Result<()> {
    let id: i64 = row.get_r_by_index(0)?;
    let name: String = row.get_r_by_index(1)?;
    let score: f64 = row.get_r_by_index(2)?;
    let photo: Blob = row.get_r_by_index(3)?;
    watch.row(id, &name, score, &photo.into_vec());
    Ok(())
}
