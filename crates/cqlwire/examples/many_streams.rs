//! A thousand streams at once under one budget of bytes: a page each, and ahead of that only what
//! fits. In the middle of their first page they all wait for each other.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use cqlwire::{Page, PreparedStatement, Result, Session};
use futures_util::future::try_join_all;
use tokio::sync::Barrier;

const STREAMS: usize = 1_000;
const BUDGET: usize = 1 << 20;
const SELECT: &str = "SELECT number, note FROM cqlwire_examples.measurements WHERE station = ?";

/// The most bytes that there were: of all pages together, and of the largest one.
#[derive(Default)]
struct Most {
    together: AtomicUsize,
    page: AtomicUsize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let session = common::builder().page_budget_bytes(BUDGET).connect().await?;
    common::fill(&session).await?;

    let select = session.prepare(SELECT).await?;
    let (most, all) = (Most::default(), Barrier::new(STREAMS));
    let streams = (0..20).cycle().take(STREAMS);
    try_join_all(streams.map(|station| read(&session, &select, station, &most, &all))).await?;

    let (together, page) = (most.together.into_inner(), most.page.into_inner());
    println!("pages at their most: {together} bytes, of {BUDGET} and {page} for each stream");
    println!("streams: {}", session.metrics().streams);
    println!("now: {}", session.resources());
    assert!(together <= BUDGET + STREAMS * page, "the budget does not hold");
    Ok(())
}

async fn read(
    session: &Session,
    select: &PreparedStatement,
    station: i32,
    most: &Most,
    all: &Barrier,
) -> Result<()> {
    let mut rows = session.execute(select, (station,)).page_size(100).rows::<(i32, String)>();
    while rows.try_next().await?.is_some() {
        most.together.fetch_max(session.resources().page_bytes, Relaxed);
        most.page.fetch_max(rows.page().map_or(0, Page::bytes), Relaxed);
        if rows.progress().rows == 50 {
            all.wait().await;
        }
    }
    Ok(())
}
