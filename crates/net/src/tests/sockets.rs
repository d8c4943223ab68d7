//! What only sockets do: refuse, swallow, reset; and other protocols on the port.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire_codec::{ColumnType, FramingError};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::certificates::trusting;
use super::errors::source_of;
use super::{ask, millis, seconds, send};
use crate::{
    ConnectCause, ConnectError, ConnectPhase, Connection, ConnectionEnd, Deadline, Endpoint,
    RequestFailure, Settings, dial_tcp,
};
use cqlwire_testkit::tls::{Authority, acceptor, serve};

const LOCALHOST: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn open(address: SocketAddr, settings: &Settings) -> Result<Connection, ConnectError> {
    Connection::open(&address.into(), settings, seconds(5)).await
}

/// A port whose queue of connections is full: whoever connects gets no answer at all.
struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(LOCALHOST).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        loop {
            let connecting = TcpStream::connect(address);
            match tokio::time::timeout(Duration::from_millis(100), connecting).await {
                Ok(stream) => queued.push(stream.unwrap()),
                Err(_) => return Self { address, _listener: listener, _queued: queued },
            }
        }
    }
}

#[tokio::test]
async fn g6_1_tcp_that_is_never_answered_ends_at_the_deadline() {
    let hole = BlackHole::new().await;
    let begun = Instant::now();
    let (endpoint, settings) = (hole.address.into(), Settings::default());
    let error = Connection::open(&endpoint, &settings, millis(200)).await.unwrap_err();
    let took = begun.elapsed();
    // How soon after it, tests under paused time tell: here, a busy machine has its say.
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(10), "{took:?}");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!((error.phase, error.address), (ConnectPhase::Tcp, Some(hole.address)));
    let text = format!("cannot connect to {}: TCP failed after 2", hole.address);
    assert!(error.to_string().starts_with(&text), "{error}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses_at_once() {
    let address = TcpListener::bind(LOCALHOST).await.unwrap().local_addr().unwrap();
    let error = open(address, &Settings::default()).await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_permanent());
    let source: &std::io::Error = source_of(&error).unwrap();
    assert_eq!(source.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_name_is_looked_up_and_named_in_the_error() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let port = node.address().port();
    let endpoint = format!("localhost:{port}").parse().unwrap();
    let settings = Settings::default();
    let connection = Connection::open(&endpoint, &settings, seconds(5)).await.unwrap();
    assert_eq!(connection.name(), format!("localhost:{port} (127.0.0.1:{port})"));
    ask(&connection, "SELECT now").await;
    drop((connection, node));
    let error = Connection::open(&endpoint, &settings, seconds(5)).await.unwrap_err();
    let start = format!("cannot connect to localhost:{port} (127.0.0.1:{port}): TCP failed");
    assert!(error.to_string().starts_with(&start), "{error}");
}

/// A listener that does `serve` with whoever connects.
async fn listener<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(LOCALHOST).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

#[tokio::test]
async fn a16_http_on_the_port_is_recognised() {
    let address = listener(|mut stream| async move {
        stream.read_exact(&mut [0; 9]).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await.unwrap();
    })
    .await;
    let error = open(address, &Settings::default()).await.unwrap_err();
    let expected = FramingError::NotCql { looks_like: "HTTP" };
    assert!(matches!(&error.cause, ConnectCause::Framing(error) if *error == expected));
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot connect to {address}: STARTUP failed after")));
    assert!(text.ends_with("not the CQL protocol: this looks like HTTP"), "{text}");
}

#[tokio::test]
async fn a16_a_server_that_speaks_first_is_recognised() {
    let address = listener(|mut stream| async move {
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await.unwrap();
        stream.read_exact(&mut [0; 9]).await.unwrap();
    })
    .await;
    let error = open(address, &Settings::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("this looks like SSH"), "{error}");
}

#[tokio::test]
async fn a16_tls_on_the_port_is_recognised_by_a_client_without() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let acceptor = acceptor(&Authority::new("authority").sign("127.0.0.1"), None);
    let address = listener(move |stream| {
        serve(&node, &acceptor, stream);
        std::future::ready(())
    })
    .await;
    let error = open(address, &Settings::default()).await.unwrap_err();
    assert_eq!(error.phase, ConnectPhase::Startup);
    let text = error.to_string();
    let end = "not the CQL protocol: this looks like a TLS alert; the server seems to speak TLS on \
               this port, and the settings do not: set `tls`";
    assert!(text.ends_with(end), "{text}");
    assert!(error.seems_to_expect_tls() && error.is_permanent());
}

#[tokio::test]
async fn a16_a_port_without_tls_is_recognised_by_a_client_with() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let settings =
        Settings { tls: Some(trusting(&Authority::new("authority"))), ..Settings::default() };
    let error = open(node.address(), &settings).await.unwrap_err();
    assert_eq!(error.phase, ConnectPhase::Tls);
    assert!(error.is_permanent());
    let text = error.to_string();
    let start = format!("cannot connect to {}: the TLS handshake failed after", node.address());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("does the server speak TLS on this port?"), "{text}");
    node.take_violations();
}

#[tokio::test]
async fn tls_over_a_socket_to_an_address() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let authority = Authority::new("authority");
    let acceptor = acceptor(&authority.sign("127.0.0.1"), None);
    let behind = Arc::clone(&node);
    let address = listener(move |stream| {
        serve(&behind, &acceptor, stream);
        std::future::ready(())
    })
    .await;
    let settings = Settings { tls: Some(trusting(&authority)), ..Settings::default() };
    let connection = open(address, &settings).await.unwrap();
    ask(&connection, "SELECT now").await;
    connection.close(seconds(5)).await;
    eventually(Duration::from_secs(5), "closed", || node.connections() == 0).await;
}

#[tokio::test]
async fn i5_a_reset_in_the_middle_of_a_large_answer_ends_the_connection() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let rows = vec![vec![cell(vec![7; 8 << 20])]];
    node.prime(Prime::statement("much").rows(columns([("v", ColumnType::Blob)]), rows));
    let connection = open(node.address(), &Settings::default()).await.unwrap();
    let much = send(&connection, "much", Deadline::after(Duration::from_secs(30)));
    eventually(Duration::from_secs(5), "asked", || node.count_statement("much") == 1).await;
    node.reset_connections();
    match much.await {
        // The last byte was faster.
        Ok(_) => {}
        Err(error) => {
            assert!(matches!(error.failure, RequestFailure::ConnectionLost(_)), "{error}");
        }
    }
    let end = connection.ended().await;
    let reset = matches!(&*end, ConnectionEnd::Io(error)
        if error.kind() == std::io::ErrorKind::ConnectionReset);
    assert!(reset, "{end}");
}

#[tokio::test]
async fn a_dialer_reaches_its_proxy_as_settings_and_addresses_have_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy: Endpoint = format!("localhost:{port}").parse().unwrap();
    let mut settings = Settings::default();
    settings.socket.local_address = Some([127, 0, 0, 7].into());
    let stream = dial_tcp(&proxy, &settings, seconds(5)).await.unwrap();
    assert_eq!(stream.local_addr().unwrap().ip(), settings.socket.local_address.unwrap());
    drop((listener, stream));
    let refused = dial_tcp(&proxy, &Settings::default(), seconds(5)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(refused.to_string().contains(&format!("127.0.0.1:{port}: ")), "{refused}");
    let hole = BlackHole::new().await;
    let silent = dial_tcp(&hole.address.into(), &Settings::default(), millis(50)).await;
    assert_eq!(silent.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}
