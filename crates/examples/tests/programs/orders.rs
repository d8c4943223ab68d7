//! `orders`: over HTTP, as its clients have it.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;
use uuid::Uuid;

use crate::keyspace;
use crate::program::Program;

/// A client, with one connection.
struct Client(SendRequest<Full<Bytes>>);

impl Client {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn ask(&mut self, method: &str, path: &str, body: Value) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(HOST, "orders").header(CONTENT_TYPE, "application/json");
        let request = request.body(Full::from(body.to_string())).unwrap();
        let response = self.0.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn put(&mut self, path: &str, body: Value) -> StatusCode {
        self.ask("PUT", path, body).await.0
    }

    async fn get(&mut self, path: &str) -> String {
        let (status, body) = self.ask("GET", path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}

async fn start(url: &str) -> (Program, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.env("CQLWIRE_URL", url).env("ORDERS_LISTEN", "127.0.0.1:0");
    command.env("RUST_LOG", "info,cqlwire::request=debug").env("NO_COLOR", "1");
    let mut program = Program::start(command);
    let address = program.says("listening address=").await;
    (program, address)
}

#[tokio::test]
async fn orders_are_placed_and_listed_by_pages() {
    let (session, url) = keyspace("example_orders").await;
    let (mut program, address) = start(&url).await;
    let mut client = Client::connect(&address).await;
    assert_eq!(client.get("/ready").await, "1 of 1 hosts\n");

    let ids: Vec<Uuid> = (0..45).map(|_| Uuid::now_v7()).collect();
    for id in &ids {
        let order = json!({"lines": {"lamp": 1, "bulb": 3}});
        // Twice is once.
        for _ in 0..2 {
            let placed = client.put(&format!("/customers/ada/orders/{id}"), order.clone()).await;
            assert_eq!(placed, StatusCode::CREATED);
        }
    }
    // The newest first, page by page, by what each answer says of the next one.
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    let mut path = "/customers/ada/orders".to_owned();
    loop {
        let page: Value = serde_json::from_str(&client.get(&path).await).unwrap();
        let orders = page["orders"].as_array().unwrap();
        sizes.push(orders.len());
        let ids = orders.iter().map(|order| order["id"].as_str().unwrap());
        seen.extend(ids.map(|id| id.parse::<Uuid>().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/customers/ada/orders?after={next}");
    }
    let newest_first: Vec<Uuid> = ids.iter().rev().copied().collect();
    assert_eq!((seen, sizes), (newest_first, vec![20, 20, 5]));
    let one = session.query("SELECT customer FROM orders WHERE id = ?", (ids[0],)).await.unwrap();
    assert_eq!(one.one_row::<(String,)>().unwrap().0, "ada");

    // A page of somebody else, something that is none, an order of nothing.
    let of_ada = path.split_once('?').unwrap().1;
    for wrong in [format!("/customers/bo/orders?{of_ada}"), "/customers/ada/orders?after=x".into()]
    {
        assert_eq!(client.ask("GET", &wrong, Value::Null).await.0, StatusCode::BAD_REQUEST);
    }
    let nothing = format!("/customers/ada/orders/{}", ids[0]);
    assert_eq!(client.put(&nothing, json!({"lines": {}})).await, StatusCode::BAD_REQUEST);

    // What it has done can be seen: figures by the names of statements, and requests within requests.
    let metrics = client.get("/metrics").await;
    assert!(
        metrics.contains("cqlwire_statement_duration_seconds_count{statement=\"by_customer\"}")
    );
    program.says("request{method=GET route=\"/customers/{customer}/orders\"}:request{").await;
    program.signal(Signal::SIGTERM);
    assert!(program.ended().await.success());
}

#[tokio::test]
async fn no_more_is_reserved_than_there_is() {
    let (session, url) = keyspace("example_stock").await;
    let (mut program, address) = start(&url).await;
    let mut client = Client::connect(&address).await;
    for (quantity, expected) in [(7, 201), (7, 201), (8, 409)] {
        let taken_in = client.put("/stock/lamp", json!({"quantity": quantity})).await;
        assert_eq!(taken_in.as_u16(), expected);
    }
    let unknown = format!("/stock/x/reservations/{}", Uuid::nil());
    assert_eq!(client.put(&unknown, json!({"quantity": 1})).await, StatusCode::NOT_FOUND);

    // Ten at once want one each, and ask again while they are told to.
    let wishes = (1..=10).map(|number| {
        let address = address.clone();
        tokio::spawn(async move {
            let mut client = Client::connect(&address).await;
            let path = format!("/stock/lamp/reservations/{}", Uuid::from_u128(number));
            loop {
                let status = client.put(&path, json!({"quantity": 1})).await;
                if status != StatusCode::SERVICE_UNAVAILABLE {
                    // Who has one has one when asking again.
                    assert_eq!(client.put(&path, json!({"quantity": 1})).await, status);
                    return status;
                }
            }
        })
    });
    let mut got = 0;
    for wish in wishes.collect::<Vec<_>>() {
        match wish.await.unwrap() {
            StatusCode::CREATED => got += 1,
            status => assert_eq!(status, StatusCode::CONFLICT),
        }
    }
    assert_eq!(got, 7);
    let left = "SELECT free, order_id FROM stock WHERE sku = 'lamp'";
    let left = session.query(left, ()).await.unwrap();
    let left: Vec<(i32, Uuid)> = left.rows().unwrap().map(Result::unwrap).collect();
    assert!(left.len() == 7 && left.iter().all(|(free, _)| *free == 0), "{left:?}");

    for _ in 0..3 {
        let viewed = client.ask("POST", "/stock/lamp/views", Value::Null).await.0;
        assert_eq!(viewed, StatusCode::NO_CONTENT);
    }
    assert_eq!(client.get("/stock/lamp/views").await, "3");
    program.signal(Signal::SIGTERM);
    assert!(program.ended().await.success());
}
