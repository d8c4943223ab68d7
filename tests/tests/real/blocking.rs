//! A session without async: tables, writes, rows, pages, traces, keyspaces, close.

use std::thread;

use cqlwire::blocking::{Session, Wait};
use cqlwire::{Consistency, ErrorKind};
use cqlwire_testkit::cassandra;

use crate::{PATIENCE, builder};

const ROWS: i32 = 5_000;

#[tokio::test]
async fn a_blocking_session_does_what_an_async_one_does() {
    let builder = builder(cassandra::shared().await);
    // On a thread of its own; what is inside of a runtime is tried below.
    tokio::task::spawn_blocking(move || from_beginning_to_end(Session::connect(builder).unwrap()))
        .await
        .unwrap();
}

fn from_beginning_to_end(session: Session) {
    for statement in [
        "DROP KEYSPACE IF EXISTS blocking",
        "CREATE KEYSPACE blocking WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE blocking.t (k int, n int, note text, PRIMARY KEY (k, n))",
    ] {
        session.query(statement, ()).wait().unwrap();
    }
    assert!(session.schema().table("blocking", "t").is_some(), "its own changes are known");
    let insert = session.prepare("INSERT INTO blocking.t (k, n, note) VALUES (0, ?, ?)").unwrap();
    thread::scope(|threads| {
        for first in (0..ROWS).step_by(1_250) {
            let (session, insert) = (&session, &insert);
            threads.spawn(move || {
                for n in first..first + 1_250 {
                    session.execute(insert, (n, format!("n{n}"))).wait().unwrap();
                }
            });
        }
    });

    let select = session.prepare("SELECT n, note FROM blocking.t WHERE k = ?").unwrap();
    let described = session.execute(&select, (0,)).consistency(Consistency::One).page_size(777);
    for (expected, row) in (0..).zip(described.rows::<(i32, String)>().wait()) {
        assert_eq!(row.unwrap(), (expected, format!("n{expected}")));
    }
    let mut pages = session.execute(&select, (0,)).page_size(1_000).pages().wait();
    assert_eq!(pages.by_ref().map(|page| page.unwrap().len()).sum::<usize>(), 5_000);
    drop(pages);

    let shop = session.with_keyspace("blocking").unwrap();
    let count = shop.query("SELECT count(*) FROM t WHERE k = 0", ()).tracing(true).wait().unwrap();
    assert_eq!(count.one_row::<(i64,)>().unwrap(), (i64::from(ROWS),));
    let trace = session.trace(count.page().tracing_id().unwrap()).unwrap();
    assert!(!trace.events.is_empty());
    drop((trace, count));
    let error = session.with_keyspace("nowhere").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownKeyspace { .. }), "{error}");

    session.query("DROP KEYSPACE blocking", ()).wait().unwrap();
    session.close(PATIENCE);
    assert!(session.resources().is_zero(), "{}", session.resources());
}

/// The task that it is used in, and its whole runtime, wait meanwhile.
#[tokio::test]
async fn a_blocking_session_works_inside_of_a_runtime() {
    let session = Session::connect(builder(cassandra::shared().await)).unwrap();
    let keys = session.query("SELECT key, cluster_name FROM system.local", ());
    let rows: Vec<_> = keys.rows::<(String, String)>().wait().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    session.close(PATIENCE);
    assert!(session.resources().is_zero(), "{}", session.resources());
}
