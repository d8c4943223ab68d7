//! cqlwire without async: each of its users has a thread, and its connections another one.

use std::net::SocketAddr;

use ::cqlwire::PreparedStatement;
use ::cqlwire::blocking::{Session, Wait};

use super::Client;
use crate::load::ScanWatch;
use crate::work::{INSERT, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN, Work, check_row};
use crate::{Result, ensure};

/// A blocking session of cqlwire.
#[derive(Clone, Debug)]
pub struct Blocking {
    session: Session,
    read: PreparedStatement,
    insert: PreparedStatement,
    scan: PreparedStatement,
}

/// Nothing in it is ever awaited.
impl Client for Blocking {
    const BLOCKS: bool = true;

    async fn connect(server: SocketAddr) -> Result<Self> {
        let builder = Session::builder().contact_points([server.to_string()]);
        let session = Session::connect(builder.connections_per_host(1).ready_when(3))?;
        let (read, insert) = (session.prepare(READ)?, session.prepare(INSERT)?);
        let scan = session.prepare(SCAN)?;
        Ok(Self { session, read, insert, scan })
    }

    async fn read(&self, key: i64) -> Result<()> {
        let result = self.session.execute(&self.read, (key,)).wait()?;
        let (id, name, payload) = result.one_row::<(i64, &str, &[u8])>()?;
        check_row(key, id, name, payload)
    }

    async fn insert(&self, key: i64) -> Result<()> {
        self.session.execute(&self.insert, (key, NAME, PAYLOAD.as_slice())).wait()?;
        Ok(())
    }

    async fn batch(&self, key: i64) -> Result<()> {
        let _ = key;
        ensure(false, "nothing of it blocks, but for the wait: see cqlwire")
    }

    async fn load(&self, work: Work) -> Result<()> {
        let _ = work;
        ensure(false, "a load is that of cqlwire, waited for")
    }

    async fn scan(&self, watch: &mut ScanWatch) -> Result<()> {
        let described = self.session.execute(&self.scan, ()).page_size(PAGE_ROWS);
        for row in described.rows::<(i64, String, f64, Vec<u8>)>().wait() {
            let (id, name, score, photo) = row?;
            watch.row(id, &name, score, &photo);
        }
        Ok(())
    }

    async fn scan_borrowed(&self, watch: &mut ScanWatch) -> Result<()> {
        for page in self.session.execute(&self.scan, ()).page_size(PAGE_ROWS).pages().wait() {
            for row in page?.rows::<(i64, &str, f64, &[u8])>()? {
                let (id, name, score, photo) = row?;
                watch.row(id, name, score, photo);
            }
        }
        Ok(())
    }
}
