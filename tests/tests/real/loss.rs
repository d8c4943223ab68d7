//! A server that is paused, killed, and comes back.

use std::time::Duration;

use cqlwire::ErrorKind;
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::time::Instant;

use crate::{PATIENCE, builder, close, create};

#[tokio::test]
async fn g3_4_a_server_that_comes_back_is_used_again() {
    let cluster = Cluster::builder().start().await;
    let session = builder(&cluster).connect().await.unwrap();
    create(&session, "loss", "t (k int PRIMARY KEY)").await;
    let insert = session.prepare("INSERT INTO loss.t (k) VALUES (?)").await.unwrap();

    // Paused, it keeps the connection and answers nothing.
    cluster.node(1).pause();
    let started = Instant::now();
    let soon = Duration::from_millis(500);
    let error = session.execute(&insert, (1_i32,)).timeout(soon).await.unwrap_err();
    assert!(error.is_timeout() && error.may_have_been_applied(), "{error}");
    assert!(started.elapsed() < soon * 4, "{:?}", started.elapsed());
    cluster.node(1).resume();
    session.execute(&insert, (2_i32,)).await.unwrap();
    eventually(PATIENCE, "the late answer came", || session.resources().is_idle()).await;

    cluster.node(1).kill();
    eventually(PATIENCE, "the loss is noticed", || session.resources().connections == 0).await;
    let error = session.execute(&insert, (3_i32,)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
    assert_eq!(error.attempts().len(), 1);

    // It has forgotten the statement by then, or not: either way the same session works again.
    cluster.node(1).start().await;
    eventually(PATIENCE, "it is connected again", || session.resources().connections > 0).await;
    session.execute(&insert, (4_i32,)).await.unwrap();
    close(session).await;
}
