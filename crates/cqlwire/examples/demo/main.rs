//! The whole road: connect, create a table, write 100,000 rows concurrently, stream them all back,
//! check every one, close, and show that nothing is left.
//!
//! `make demo` starts a Cassandra for it if none answers. By hand:
//!
//! ```sh
//! CQLWIRE_CONTACT_POINTS=10.0.0.1,10.0.0.2 cargo run --release -p cqlwire --example demo
//! ```
//!
//! `CQLWIRE_USER` and `CQLWIRE_PASSWORD` log in.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever runs it")]

mod readings;
mod report;

use std::process::ExitCode;
use std::time::Duration;

use cqlwire::Session;

use crate::report::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("demo: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let session = connect().await?;
    report::connected(&session)?;
    readings::create_table(&session).await?;
    let written = readings::write_all(&session).await?;
    report::wrote(&written);
    let read = readings::read_all(&session).await?;
    report::read(&read);
    session.close(Duration::from_secs(10)).await;
    report::closed(&session)
}

async fn connect() -> Result<Session, Failure> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let servers = set("CQLWIRE_CONTACT_POINTS").unwrap_or_else(|| "127.0.0.1:9042".to_owned());
    let mut builder = Session::builder().contact_points(servers).application_name("cqlwire demo");
    if let Some(user) = set("CQLWIRE_USER") {
        builder = builder.credentials(user, set("CQLWIRE_PASSWORD").unwrap_or_default());
    }
    Ok(builder.connect().await?)
}
