//! Without async: tables are made, rows written by several threads, and read one by one and page by page.
//!
//! It expects a server on 127.0.0.1 (`make cassandra-up`), or at `CQLWIRE_CONTACT_POINTS`.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

use std::thread;
use std::time::Duration;

use cqlwire::Result;
use cqlwire::blocking::{Session, Wait};

const SCHEMA: [&str; 2] = [
    "CREATE KEYSPACE IF NOT EXISTS cqlwire_blocking
     WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "CREATE TABLE IF NOT EXISTS cqlwire_blocking.readings (
         station int, number int, celsius double, PRIMARY KEY (station, number))",
];

fn main() -> Result<()> {
    let servers = std::env::var("CQLWIRE_CONTACT_POINTS");
    let servers = servers.unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    let session = Session::connect(Session::builder().contact_points(servers))?;
    for statement in SCHEMA {
        session.query(statement, ()).wait()?;
    }

    // One session for all threads.
    let writing = [0, 1, 2, 3].map(|station| {
        let session = session.clone();
        thread::spawn(move || write(&session, station))
    });
    for thread in writing {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }

    let of_station = "SELECT number, celsius FROM cqlwire_blocking.readings WHERE station = ?";
    let of_station = session.prepare(of_station)?;
    for reading in session.execute(&of_station, (2,)).rows::<(i32, f64)>().wait().take(3) {
        let (number, celsius) = reading?;
        println!("reading {number}: {celsius} degrees");
    }

    // Rows that borrow from their page.
    for page in session.execute(&of_station, (3,)).page_size(100).pages().wait() {
        let page = page?;
        let celsius = page.rows::<(i32, f64)>()?.map(|row| row.map(|(_, celsius)| celsius));
        let sum: f64 = celsius.sum::<std::result::Result<_, _>>()?;
        println!("page {}: {} readings, {sum} degrees in all", page.number(), page.len());
    }
    session.close(Duration::from_secs(5));
    println!("left: {}", session.resources());
    Ok(())
}

fn write(session: &Session, station: i32) -> Result<()> {
    let text = "INSERT INTO cqlwire_blocking.readings (station, number, celsius) VALUES (?, ?, ?)";
    let insert = session.prepare(text)?;
    for number in 0..250 {
        let celsius = f64::from(number % 40) / 2.0;
        session.execute(&insert, (station, number, celsius)).idempotent(true).wait()?;
    }
    Ok(())
}
