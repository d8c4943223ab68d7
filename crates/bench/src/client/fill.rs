//! Filling the tables of a server that really has them, with cqlwire.

use std::net::SocketAddr;

use ::cqlwire::{PreparedStatement, Session};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Result;
use crate::work::{
    FILL, INSERT, KEYS, NAME, PAYLOAD, SCAN_NAME, SCAN_PARTITIONS, SCAN_PHOTO, SCAN_ROWS,
    SCAN_SCORE, SCHEMA,
};

/// How many inserts at once.
const AT_ONCE: usize = 256;

/// Makes the tables of the benchmark, and inserts every row that is read.
///
/// # Errors
///
/// Whatever fails.
pub fn fill(server: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fill_all(server))
}

async fn fill_all(server: SocketAddr) -> Result<()> {
    let session = Session::builder().contact_points([server.to_string()]).connect().await?;
    for statement in SCHEMA {
        session.query(statement, ()).await?;
    }
    let insert = session.prepare(INSERT).await?;
    let users = stream::iter(0..KEYS).map(|key| insert_user(&session, &insert, key));
    users.buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
    let fill = session.prepare(FILL).await?;
    let events = stream::iter(0..SCAN_ROWS).map(|id| insert_event(&session, &fill, id));
    events.buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await
}

async fn insert_user(session: &Session, insert: &PreparedStatement, key: i64) -> Result<()> {
    session.execute(insert, (key, NAME, PAYLOAD.as_slice())).idempotent(true).await?;
    Ok(())
}

async fn insert_event(session: &Session, insert: &PreparedStatement, id: u32) -> Result<()> {
    let part = i32::try_from(id % SCAN_PARTITIONS)?;
    let values = (part, i64::from(id), SCAN_NAME, SCAN_SCORE, SCAN_PHOTO.as_slice());
    session.execute(insert, values).idempotent(true).await?;
    Ok(())
}
