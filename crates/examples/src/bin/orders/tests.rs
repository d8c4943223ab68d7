//! The service against a scripted node: what clients are told when the database refuses, is overloaded
//! or does not answer, which no real one does when asked to.
#![allow(clippy::unwrap_used, reason = "here a panic is a failed test")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use cqlwire::codec::{ColumnType, Opcode};
use cqlwire::{ExecutionProfile, Session};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::http::router;
use crate::store::Store;

const PATIENCE: Duration = Duration::from_secs(10);
const VIEW: &str = "UPDATE views SET views = views + 1 WHERE sku = ?";
const VIEWS: &str = "SELECT views FROM views WHERE sku = ?";
const PLACE: [&str; 2] = [
    "INSERT INTO orders (id, customer, lines) VALUES (?, ?, ?)",
    "INSERT INTO orders_by_customer (customer, id, lines) VALUES (?, ?, ?)",
];

/// A node knows no tables, so of statements that have values it is told which.
async fn scene(timeout: Duration) -> (ScriptedNode, Session, Store) {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    node.prime(view().void());
    node.prime(Prime::statement(VIEWS).void().binds(columns([("sku", ColumnType::Text)]), &[0]));
    let lines = ColumnType::Map(Box::new(ColumnType::Text), Box::new(ColumnType::Int));
    let [id, customer, lines] =
        [("id", ColumnType::Uuid), ("customer", ColumnType::Text), ("lines", lines)];
    let markers = [[id.clone(), customer.clone(), lines.clone()], [customer, id, lines]];
    for (text, markers) in PLACE.into_iter().zip(markers) {
        node.prime(Prime::statement(text).void().binds(columns(markers), &[0]));
    }
    let session = Session::builder()
        .contact_points([node.address().to_string()])
        .profile(ExecutionProfile::default().timeout(timeout))
        .connect()
        .await
        .unwrap();
    let store = Store::prepare(session.clone()).await.unwrap();
    (node, session, store)
}

fn view() -> Prime {
    Prime::statement(VIEW).binds(columns([("sku", ColumnType::Text)]), &[0])
}

async fn ask(router: &Router, method: &str, path: &str) -> (StatusCode, Option<String>, String) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let again =
        response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, again, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_client_is_told_what_became_of_its_request() {
    let (node, _session, store) = scene(Duration::from_secs(5)).await;
    let router = router(store);
    let view = async |prime| {
        node.prime(prime);
        ask(&router, "POST", "/stock/lamp/views").await
    };
    assert_eq!(view(self::view().void()).await.0, StatusCode::NO_CONTENT);
    // A counter that may have been counted is good enough.
    assert_eq!(view(self::view().close()).await.0, StatusCode::ACCEPTED);
    assert_eq!(node.count_statement(VIEW), 2, "and it is never sent twice");

    // 0x2200, INVALID: the value is at fault.
    let (status, again, body) = view(self::view().error(0x2200, "the key is too long")).await;
    assert_eq!((status, again), (StatusCode::BAD_REQUEST, None));
    assert!(body.contains("the key is too long"), "{body}");

    // 0x2100, UNAUTHORIZED: nobody who asks again will have an answer, and hosts are not shown.
    let (status, again, body) = view(self::view().error(0x2100, "no permission")).await;
    assert_eq!((status, again), (StatusCode::INTERNAL_SERVER_ERROR, None));
    assert!(!body.contains("127.0.0.1"), "{body}");
}

#[tokio::test]
async fn a_client_is_told_to_ask_again() {
    let (node, session, store) = scene(Duration::from_millis(300)).await;
    let router = router(store);
    // No answer comes. Of a read that is safe.
    node.prime(Prime::statement(VIEWS).silence().binds(columns([("sku", ColumnType::Text)]), &[0]));
    let (status, again, body) = ask(&router, "GET", "/stock/lamp/views").await;
    assert_eq!((status, again.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("2")));
    assert!(body.contains("\"may_have_been_applied\":false"), "{body}");
    assert_eq!(ask(&router, "GET", "/ready").await.0, StatusCode::OK);

    session.close(PATIENCE).await;
    let closed = ask(&router, "GET", "/stock/lamp/views").await;
    assert_eq!(closed.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&router, "GET", "/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

/// An order whose answer is lost may be there.
#[tokio::test]
async fn a_client_is_told_when_nobody_knows() {
    let (node, _session, store) = scene(Duration::from_millis(300)).await;
    node.prime(Prime::opcode(Opcode::Batch).silence());
    let router = router(store);
    let path = "/customers/ada/orders/0199c0de-0000-7000-8000-000000000000";
    let request =
        Request::builder().method("PUT").uri(path).header("content-type", "application/json");
    let request = request.body(Body::from("{\"lines\": {\"lamp\": 1}}")).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("it may be done, or be done later"), "{body}");
}

/// A client that hangs up takes its request with it, and leaves nothing behind.
#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing() {
    let (node, session, store) = scene(PATIENCE).await;
    let held = node.hold(view().void());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, router(store)).into_future());

    let mut client = TcpStream::connect(address).await.unwrap();
    let asked = b"POST /stock/lamp/views HTTP/1.1\r\nhost: orders\r\ncontent-length: 0\r\n\r\n";
    client.write_all(asked).await.unwrap();
    eventually(PATIENCE, "it is on its way", || held.len() == 1).await;
    assert_eq!(session.resources().calls, 1);
    drop(client);
    // Nobody waits any more; the id goes with the answer, which is still to come.
    eventually(PATIENCE, "it is dropped", || session.resources().calls == 0).await;
    held.release();
    eventually(PATIENCE, "the answer came", || session.resources().orphaned == 0).await;

    // Whoever is still there has an answer, also when the service is to stop.
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /ready HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    server.abort();
}
