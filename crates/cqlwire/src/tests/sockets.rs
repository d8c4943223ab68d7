//! Sockets that are not TCP's, and those of TCP that are set otherwise.

use std::sync::Arc;

use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::probe::{Baseline, alone};
use tokio::net::UnixListener;

use super::*;
use crate::ErrorKind;

#[tokio::test]
async fn a_session_by_a_unix_socket_is_as_any_other() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cassandra.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let node = Arc::new(ScriptedNode::builder().in_memory());
    prime_users(&node, 3);
    let serving = tokio::spawn({
        let node = node.clone();
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                node.serve(stream);
            }
        }
    });
    let contact_point = format!("unix:{}", path.display());
    let session = Session::builder()
        .contact_points(&contact_point)
        .socket(|socket| socket.send_buffer_bytes = Some(64 << 10))
        .connect()
        .await
        .unwrap();
    let users = session.query(SELECT, ("Oslo",)).await.unwrap();
    assert_eq!(users.row_count(), 3);
    let topology = session.topology();
    let host = &topology.hosts()[0];
    assert_eq!(host.address().to_string(), contact_point);
    assert_eq!(host.address().path().map(|path| &**path), Some(&*path));
    assert_eq!(host.address().socket(), None);
    session.close(PATIENCE).await;
    serving.abort();
    serving.await.unwrap_err();
    drop((node, session));
    baseline.regained().await;
}

#[tokio::test]
async fn a_path_where_nobody_listens_is_an_error_that_names_it() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let contact_point = format!("unix:{}/nobody.sock", folder.path().display());
    let error = Session::builder().contact_points(&contact_point).connect().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&contact_point) && text.contains("the Unix socket failed"), "{text}");
}

#[tokio::test]
async fn connections_begin_at_the_local_address() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let from = |text: &str| {
        let local = text.parse().unwrap();
        builder(&node).socket(move |socket| socket.local_address = Some(local)).connect()
    };
    let session = from("127.0.0.2").await.unwrap();
    session.close(PATIENCE).await;
    let error = from("::1").await.unwrap_err().to_string();
    assert!(error.starts_with("socket.local_address: ::1 was given; allowed: "), "{error}");
}
