//! Handles in keyspaces of their own, and one that is switched, under load and across a restart of
//! the server: each row is written where its writer was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use std::time::Duration;

use cqlwire::{ErrorKind, ProtocolVersion, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::task::JoinSet;

use crate::{PATIENCE, builder, close, create};

/// As in the schema: the second is one only in quotes.
const NAMES: [&str; 2] = ["keyspaces_a", "Keyspaces_B"];
const WRITE: &str = "INSERT INTO t (k, v) VALUES (?, ?)";

/// What all writers of a session share.
struct Load {
    is_over: AtomicBool,
    /// The number of the next row.
    next: AtomicI32,
    /// How many were written.
    written: AtomicI32,
}

impl Load {
    /// Writes rows that say in which keyspace the handle was when they were made; what a restart
    /// does to them is no matter here.
    async fn write(&self, session: &Session) {
        while !self.is_over.load(Relaxed) {
            let number = self.next.fetch_add(1, Relaxed);
            let keyspace = session.keyspace().unwrap();
            let values = (number, &*keyspace);
            let write = session.query(WRITE, values).idempotent(true);
            match write.timeout(Duration::from_secs(5)).await {
                Ok(_) => _ = self.written.fetch_add(1, Relaxed),
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
    }

    /// Moves the handle to and fro.
    async fn switch(&self, session: &Session) {
        for name in NAMES.iter().cycle() {
            if self.is_over.load(Relaxed) {
                break;
            }
            if let Err(error) = session.use_keyspace(name).await {
                assert!(error.is_retryable(), "{error}");
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn in_version(cluster: &Cluster, version: ProtocolVersion) -> Session {
    let builder = builder(cluster).keyspace(NAMES[0]).protocol_versions(version, version);
    builder.connect().await.unwrap()
}

fn begin(session: &Session, tasks: &mut JoinSet<()>, other: Session, moved: Session) -> Arc<Load> {
    let load = Arc::new(Load {
        is_over: AtomicBool::new(false),
        next: AtomicI32::new(0),
        written: AtomicI32::new(0),
    });
    for handle in [session.clone(), other, moved.clone(), moved.clone()] {
        let load = Arc::clone(&load);
        tasks.spawn(async move { load.write(&handle).await });
    }
    let (switching, moved) = (Arc::clone(&load), moved);
    tasks.spawn(async move { switching.switch(&moved).await });
    load
}

#[tokio::test]
async fn g15_6_rows_are_written_where_their_writer_is_under_load_and_across_a_restart() {
    let cluster = Cluster::builder().start().await;
    let session = builder(&cluster).connect().await.unwrap();
    for name in NAMES {
        create(&session, &format!("\"{name}\""), "t (k int PRIMARY KEY, v text)").await;
    }
    let (mut tasks, mut sessions) = (JoinSet::new(), Vec::new());
    for version in [ProtocolVersion::V4, ProtocolVersion::V5] {
        let session = in_version(&cluster, version).await;
        let other = session.with_keyspace(NAMES[1]).await.unwrap();
        let moved = session.with_keyspace(NAMES[1]).await.unwrap();
        let unknown = session.with_keyspace("keyspaces_b").await.map(drop).unwrap_err();
        assert!(matches!(unknown.kind(), ErrorKind::UnknownKeyspace { .. }), "{unknown}");
        let named = session.query("SELECT v FROM t", ()).keyspace(NAMES[1]).await;
        assert_eq!(named.is_ok(), version == ProtocolVersion::V5, "{version}");
        let load = begin(&session, &mut tasks, other, moved);
        sessions.push((session, load));
    }
    let all_write = |more: i32, before: &[i32]| {
        sessions.iter().zip(before).all(|((_, load), b)| load.written.load(Relaxed) > b + more)
    };
    eventually(PATIENCE, "they write", || all_write(500, &[0, 0])).await;
    cluster.node(1).restart().await;
    let before: Vec<_> = sessions.iter().map(|(_, load)| load.written.load(Relaxed)).collect();
    eventually(PATIENCE, "they write again", || all_write(500, &before)).await;
    sessions.iter().for_each(|(_, load)| load.is_over.store(true, Relaxed));
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for (version, _) in &sessions {
        eventually(PATIENCE, "nothing is under way", || version.resources().is_idle()).await;
    }
    let mut found = 0;
    for name in NAMES {
        let all = format!("SELECT v FROM \"{name}\".t");
        let mut rows = session.query(&all, ()).rows::<(String,)>();
        while let Some((v,)) = rows.try_next().await.unwrap() {
            assert_eq!(v, name);
            found += 1;
        }
    }
    assert!(found > 1_000, "{found}");
    for (session, _) in sessions {
        close(session).await;
    }
    close(session).await;
}
