//! What the streaming examples have in common: a session, and a table with something in it.
//!
//! They expect a server on 127.0.0.1 (`make cassandra-up`), or at `CQLWIRE_CONTACT_POINTS`.
#![allow(dead_code, reason = "each example uses its own part of it")]

use cqlwire::{Result, Session, SessionBuilder};

pub(crate) const ROWS: i32 = 20_000;

pub(crate) async fn connect() -> Result<Session> {
    builder().connect().await
}

pub(crate) fn builder() -> SessionBuilder {
    let servers = std::env::var("CQLWIRE_CONTACT_POINTS");
    let servers = servers.unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    Session::builder().contact_points(servers)
}

/// Makes sure that `cqlwire_examples.measurements` has its rows: 20 stations, 1,000 rows each.
pub(crate) async fn fill(session: &Session) -> Result<()> {
    const SCHEMA: [&str; 2] = [
        "CREATE KEYSPACE IF NOT EXISTS cqlwire_examples \
         WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE IF NOT EXISTS cqlwire_examples.measurements \
         (station int, number int, celsius double, note text, PRIMARY KEY (station, number))",
    ];
    for statement in SCHEMA {
        session.query(statement, ()).await?;
    }
    let insert = "INSERT INTO cqlwire_examples.measurements \
         (station, number, celsius, note) VALUES (?, ?, ?, ?)";
    let insert = session.prepare(insert).await?;
    let rows = (0..ROWS).map(|row| {
        let celsius = f64::from(row % 400) / 10.0;
        (row / 1_000, row % 1_000, celsius, format!("measurement {row}"))
    });
    session.insert_all(&insert, rows).idempotent(true).await?;
    Ok(())
}
