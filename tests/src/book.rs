//! The snippets of the book, `docs/book`: each is a doctest. One that asks a server is given a session
//! with the node that tests share, and the tables of the book in it.
//!
//! Each doctest is a process, which must not start a server of its own. So where none is up, such
//! snippets are compiled and not run; `make test` starts one, and runs them all.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "here a panic is a failed test, and its message is the report"
)]

use std::error::Error;
use std::time::Duration;

use cqlwire::blocking::Wait;
use cqlwire::{Result, Session, SessionBuilder, blocking};
use cqlwire_testkit::cassandra;
use tokio::runtime;

/// What a snippet comes to.
pub type Outcome = std::result::Result<(), Box<dyn Error>>;

const CLOSE: Duration = Duration::from_secs(10);

/// The chapter that lists the tables.
const TABLES: &str = include_str!("../../docs/book/first-program.md");

/// Runs a snippet with a session, and asserts that nothing is left of it.
///
/// # Panics
///
/// If it fails.
pub fn run(snippet: impl AsyncFnOnce(&Session) -> Outcome) {
    let Some(builder) = builder() else { return };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let session = builder.connect().await.expect("a session");
        for table in tables() {
            session.query(table, ()).await.expect("a table");
        }
        let outcome = snippet(&session).await;
        session.close(CLOSE).await;
        assert_done(outcome, &session);
    });
}

/// The same without async.
///
/// # Panics
///
/// If it fails.
pub fn run_blocking(snippet: impl FnOnce(&blocking::Session) -> Result<()>) {
    let Some(builder) = builder() else { return };
    let session = blocking::Session::connect(builder).expect("a session");
    for table in tables() {
        session.query(table, ()).wait().expect("a table");
    }
    let outcome = snippet(&session).map_err(Into::into);
    session.close(CLOSE);
    assert_done(outcome, &session);
}

/// `None` if no server is up.
fn builder() -> Option<SessionBuilder> {
    let found = cassandra::found().unwrap_or_else(|why| panic!("{why}"));
    let Some(cluster) = found else {
        // Whoever was to be found there.
        let handed_over = std::env::var_os("CQLWIRE_CASSANDRA_SHARED");
        assert!(handed_over.is_none(), "the shared node does not answer");
        eprintln!("not run: no Cassandra is up (`make test`, or `make cassandra-up` before)");
        return None;
    };
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    Some(Session::builder().contact_points(points))
}

/// The statements that make the tables, as the reader is told them.
fn tables() -> impl Iterator<Item = &'static str> {
    let (_, listing) = TABLES.split_once("```sql\n").expect("a listing");
    let (listing, _) = listing.split_once("```").expect("the end of the listing");
    listing.split(';').map(str::trim).filter(|statement| !statement.is_empty())
}

fn assert_done(outcome: Outcome, session: &Session) {
    if let Err(error) = outcome {
        panic!("{error:?}");
    }
    let left = session.resources();
    assert!(left.is_zero(), "left: {left}");
}

/// The chapters. `tests/tests/book.rs` checks that each one with a snippet is here.
#[cfg(doctest)]
mod chapters {
    #[doc = include_str!("../../docs/book/conditions.md")]
    struct Conditions;

    #[doc = include_str!("../../docs/book/connecting.md")]
    struct Connecting;

    #[doc = include_str!("../../docs/book/first-program.md")]
    struct FirstProgram;

    #[doc = include_str!("../../docs/book/reading.md")]
    struct Reading;

    #[doc = include_str!("../../docs/book/retries.md")]
    struct Retries;

    #[doc = include_str!("../../docs/book/routing.md")]
    struct Routing;

    #[doc = include_str!("../../docs/book/statements.md")]
    struct Statements;

    #[doc = include_str!("../../docs/book/testing.md")]
    struct Testing;

    #[doc = include_str!("../../docs/book/timeouts.md")]
    struct Timeouts;

    #[doc = include_str!("../../docs/book/troubleshooting.md")]
    struct Troubleshooting;

    #[doc = include_str!("../../docs/book/types.md")]
    struct Types;

    #[doc = include_str!("../../docs/book/writing.md")]
    struct Writing;
}
