//! A service that shows its figures to Prometheus, and has some load to show:
//! `cargo run --release -p cqlwire --example metrics_page --features prometheus -- 300`
//!
//! It reads and writes so many times a second, for as long as it runs, and serves the page on
//! 127.0.0.1:9464, for a Prometheus that scrapes it; `docs/monitoring` has a dashboard and alerts for it.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::export::SessionCollector;
use cqlwire::{PreparedStatement, Session};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

const KEYS: i32 = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rate: u32 = std::env::args().nth(1).map_or(Ok(100), |rate| rate.parse())?;
    let session = common::connect().await?;
    let mut registry = Registry::default();
    registry.register_collector(Box::new(SessionCollector::new(&session)));
    tokio::spawn(load(session, rate.max(1)));

    let registry = Arc::new(registry);
    let listener = TcpListener::bind("127.0.0.1:9464").await?;
    println!("http://127.0.0.1:9464/metrics");
    loop {
        let (mut stream, _) = listener.accept().await?;
        let registry = Arc::clone(&registry);
        tokio::spawn(async move {
            // Whoever asks is Prometheus: what it asks for is not looked at.
            let mut asked = [0; 4_096];
            let _length = stream.read(&mut asked).await?;
            let mut page = String::new();
            encode(&mut page, &registry).map_err(std::io::Error::other)?;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/openmetrics-text; version=1.0.0\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(page.as_bytes()).await
        });
    }
}

/// So many requests a second, half of them writes, whether or not those before have ended.
async fn load(session: Session, rate: u32) -> cqlwire::Result<()> {
    for statement in [
        "CREATE KEYSPACE IF NOT EXISTS cqlwire_shown WITH replication = \
         {'class': 'NetworkTopologyStrategy', 'replication_factor': 3}",
        "CREATE TABLE IF NOT EXISTS cqlwire_shown.t (k int PRIMARY KEY, v text)",
    ] {
        session.query(statement, ()).await?;
    }
    let insert = session.prepare("INSERT INTO cqlwire_shown.t (k, v) VALUES (?, ?)").await?;
    let select = session.prepare("SELECT v FROM cqlwire_shown.t WHERE k = ?").await?;
    let (insert, select) = (insert.name("t.insert"), select.name("t.by_k"));
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in (0..KEYS).cycle() {
        ticks.tick().await;
        tokio::spawn(once(session.clone(), insert.clone(), select.clone(), number));
    }
    Ok(())
}

async fn once(
    session: Session,
    insert: PreparedStatement,
    select: PreparedStatement,
    number: i32,
) -> cqlwire::Result<()> {
    if number % 2 == 0 {
        session.execute(&insert, (number, "shown")).idempotent(true).await?;
    } else {
        session.execute(&select, (number - 1,)).await?;
    }
    Ok(())
}
