//! Many streams at once under one budget of bytes: a page each, and ahead of that only what fits.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqlwire::{Result, Session};
use futures_util::future::try_join_all;

const STREAMS: i32 = 200;
const SELECT: &str = "SELECT number, note FROM cqlwire_examples.measurements WHERE station = ?";

#[tokio::main]
async fn main() -> Result<()> {
    let session = common::connect().await?;
    common::fill(&session).await?;

    let most = Arc::new(AtomicUsize::new(0));
    let streams = (0..STREAMS).map(|number| read(session.clone(), number % 20, Arc::clone(&most)));
    let rows: u64 = try_join_all(streams).await?.into_iter().sum();
    println!("{rows} rows through {STREAMS} streams");
    println!("page bytes at their most: {}", most.load(Ordering::Relaxed));
    println!("now: {}", session.resources());
    Ok(())
}

async fn read(session: Session, station: i32, most: Arc<AtomicUsize>) -> Result<u64> {
    let select = session.prepare(SELECT).await?;
    let mut rows = session.execute(&select, (station,)).page_size(100).rows::<(i32, String)>();
    while rows.try_next().await?.is_some() {
        most.fetch_max(session.resources().page_bytes, Ordering::Relaxed);
    }
    Ok(rows.progress().rows)
}
