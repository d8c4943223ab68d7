//! Three nodes: all of them are found from one, and the loss of one is survived.

use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, Position, RowStream, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;

use crate::{PATIENCE, builder, close};

fn endpoints(session: &Session) -> Vec<String> {
    let topology = session.topology();
    let mut endpoints: Vec<String> =
        topology.hosts().iter().map(|host| host.endpoint().to_string()).collect();
    endpoints.sort();
    endpoints
}

/// Reads to the end, and marks each row, which must come only once.
async fn mark(
    rows: &mut RowStream<(i32, String)>,
    seen: &mut [bool],
    before_row: impl Fn(u32),
) -> cqlwire::Result<()> {
    for number in 0.. {
        before_row(number);
        let Some((k, _)) = rows.try_next().await? else { break };
        let seen = &mut seen[usize::try_from(k).unwrap()];
        assert!(!std::mem::replace(seen, true), "{k} came twice");
    }
    Ok(())
}

#[tokio::test]
async fn all_are_found_from_one_and_one_may_be_lost() {
    let cluster =
        Cluster::builder().nodes(3).setting("range_request_timeout", "1000ms").start().await;
    let first = cluster.contact_points()[0].to_string();
    // Two of three: what was written is read, whichever node is lost.
    let profile = ExecutionProfile {
        consistency: Consistency::Quorum,
        idempotent: true,
        timeout: PATIENCE,
        ..ExecutionProfile::default()
    };
    let builder = builder(&cluster).contact_points([first]).profile(profile);
    let session = builder.topology_refresh_every(Duration::from_secs(1)).connect().await.unwrap();
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
    for k in 0..300 {
        session.execute(&insert, (k, "v")).await.unwrap();
    }

    // A node dies in the middle of a scan. Until the others have noticed, they may wait for it in
    // vain; what they then report says where to go on.
    let select = session.prepare("SELECT k, v FROM three.t").await.unwrap();
    let mut seen = vec![false; 300];
    let mut position = Position::START;
    for attempt in 0.. {
        let execution = session.execute(&select, ()).page_size(10).from_position(position);
        let mut rows = execution.rows::<(i32, String)>();
        match mark(&mut rows, &mut seen, |number| {
            if attempt == 0 && number == 100 {
                cluster.node(3).kill();
            }
        })
        .await
        {
            Ok(()) => break,
            Err(error) => {
                assert!(error.is_retryable() && attempt < 20, "{error}");
                position = error.resume_position().unwrap().clone();
            }
        }
    }
    assert!(seen.iter().all(|seen| *seen), "rows were lost");

    cluster.node(3).start().await;
    eventually(PATIENCE, "it is connected again", || session.resources().connections == 6).await;
    close(session).await;
}
