//! Three nodes: all of them are found from one, and the loss of one is survived.

use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, Position, PreparedStatement, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;

use crate::{PATIENCE, builder, close};

const ROWS: i32 = 300;

fn endpoints(session: &Session) -> Vec<String> {
    let topology = session.topology();
    let mut endpoints: Vec<String> =
        topology.hosts().iter().map(|host| host.address().to_string()).collect();
    endpoints.sort();
    endpoints
}

/// Reads the table to its end, and calls `between` with the number of rows so far before each.
/// What fails in the middle goes on from where the error says; no row may be lost, none come twice.
async fn scan(session: &Session, select: &PreparedStatement, mut between: impl AsyncFnMut(i32)) {
    let mut seen = vec![false; usize::try_from(ROWS).unwrap()];
    let (mut position, mut read) = (Position::START, 0);
    for attempt in 0.. {
        let execution = session.execute(select, ()).page_size(10).stream().from_position(position);
        let mut rows = execution.rows::<(i32, String)>();
        let error = loop {
            between(read).await;
            match rows.try_next().await {
                Ok(Some((k, _))) => {
                    let seen = &mut seen[usize::try_from(k).unwrap()];
                    assert!(!std::mem::replace(seen, true), "{k} came twice");
                    read += 1;
                }
                Ok(None) => {
                    assert_eq!(read, ROWS, "rows were lost");
                    return;
                }
                Err(error) => break error,
            }
        };
        assert!(error.is_retryable() && attempt < 20, "{error}");
        position = error.resume_position().unwrap().clone();
    }
}

#[tokio::test]
async fn g1_6_all_are_found_from_one_and_one_may_be_lost_or_restarted() {
    let cluster =
        Cluster::builder().nodes(3).setting("range_request_timeout", "1000ms").start().await;
    let first = cluster.contact_points()[0].to_string();
    // Two of three: what was written is read, whichever node is lost.
    let profile = ExecutionProfile::default().consistency(Consistency::Quorum);
    let profile = profile.idempotent(true).timeout(PATIENCE);
    let builder = builder(&cluster).contact_points([first]).profile(profile);
    let session =
        builder.topology_refresh_interval(Duration::from_secs(1)).connect().await.unwrap();
    // A server that has just started may not know all the others yet.
    eventually(PATIENCE, "all are found", || endpoints(&session).len() == 3).await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    assert_eq!(endpoints(&session), points);
    eventually(PATIENCE, "all are connected", || session.resources().connections == 6).await;

    let create = "CREATE KEYSPACE three WITH replication = \
        {'class': 'SimpleStrategy', 'replication_factor': 3}";
    let agreed = session.query(create, ()).await.unwrap().schema_agreed();
    assert_eq!(agreed, Some(true));
    session.query("CREATE TABLE three.t (k int PRIMARY KEY, v text)", ()).await.unwrap();
    let insert = session.prepare("INSERT INTO three.t (k, v) VALUES (?, ?)").await.unwrap();
    for k in 0..ROWS {
        session.execute(&insert, (k, "v")).await.unwrap();
    }

    // A node dies in the middle of a scan. Until the others have noticed, they may wait for it in
    // vain; what they then report says where to go on.
    let select = session.prepare("SELECT k, v FROM three.t").await.unwrap();
    scan(&session, &select, async |read| {
        if read == 100 {
            cluster.node(3).kill();
        }
    })
    .await;
    cluster.node(3).start().await;
    eventually(PATIENCE, "it is connected again", || session.resources().connections == 6).await;

    // A node is restarted in the middle of a scan: shut down in order, and up again later on.
    scan(&session, &select, async |read| match read {
        75 => cluster.node(2).stop().await,
        205 => {
            cluster.node(2).start().await;
            let all = || session.resources().connections == 6;
            eventually(PATIENCE, "it is connected again", all).await;
        }
        _ => {}
    })
    .await;
    close(session).await;
}
