//! What people get wrong: each gives an error that says where and why, and leaves nothing behind.

use std::time::Duration;

use cqlwire::{Error, ErrorCode, ErrorKind, Session};
use cqlwire_testkit::cassandra;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{builder, close, shared};

fn code(error: &Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::Server { error, .. } => error.code,
        _ => panic!("no error of the server: {error}"),
    }
}

#[tokio::test]
async fn nobody_answers_there() {
    let error = Session::builder().contact_points(["127.0.0.1:1"]).connect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("127.0.0.1:1") && text.contains("TCP failed"), "{text}");
    assert!(text.contains("refused"), "{text}");
}

#[tokio::test]
async fn the_port_is_that_of_a_web_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 64];
        let got = stream.read(&mut request).await.unwrap();
        assert!(got > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let points = [address.to_string()];
    let error = Session::builder().contact_points(points).connect().await.unwrap_err();
    assert!(error.to_string().contains("this looks like HTTP"), "{error}");
    server.await.unwrap();
}

#[tokio::test]
async fn the_keyspace_does_not_exist() {
    let cluster = cassandra::shared().await;
    let error = builder(cluster).keyspace("nowhere").connect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("there is no keyspace"), "{text}");
    assert!(text.contains("nowhere"), "{text}");
}

#[tokio::test]
async fn statements_and_values_that_do_not_do() {
    let session = shared().await;
    crate::create(&session, "bad_input", "t (k int PRIMARY KEY, v text)").await;
    let error = session.query("SELEKT * FROM t", ()).await.unwrap_err();
    assert_eq!(code(&error), ErrorCode::SyntaxError);
    let error = session.prepare("SELECT * FROM bad_input.nothing").await.unwrap_err();
    assert_eq!(code(&error), ErrorCode::Invalid);
    let error = session
        .query(
            "CREATE KEYSPACE bad_input WITH replication = \
        {'class': 'SimpleStrategy', 'replication_factor': 1}",
            (),
        )
        .await
        .unwrap_err();
    assert_eq!(code(&error), ErrorCode::AlreadyExists);

    let insert = session.prepare("INSERT INTO bad_input.t (k, v) VALUES (?, ?)").await.unwrap();
    let error = session.execute(&insert, ("one", "two")).await.unwrap_err();
    assert_eq!(error.to_string(), "column `k`: int does not go with &str; use i32");
    let error = session.execute(&insert, (1_i32,)).await.unwrap_err();
    assert_eq!(error.to_string(), "1 values for 2 bind markers");
    session.execute(&insert, (1_i32, "two")).await.unwrap();

    let found = session.query("SELECT k, v FROM bad_input.t", ()).await.unwrap();
    let error = found.one_row::<(i32, i64)>().unwrap_err();
    assert_eq!(error.to_string(), "column `v`: text does not go with i64; use String");
    drop(found);
    close(session).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let points = [listener.local_addr().unwrap().to_string()];
    let limit = Duration::from_millis(300);
    let builder = Session::builder().contact_points(points).connect_timeout(limit);
    let error = builder.connect().await.unwrap_err();
    assert!(error.to_string().contains("STARTUP failed"), "{error}");
    assert!(error.to_string().contains("the deadline passed"), "{error}");
}
