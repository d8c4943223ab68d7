//! The way to a server: panics on it, names with several addresses, TLS on one side only, and one
//! question at its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{ColumnType, Opcode};
use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::{Baseline, alone};
use secrecy::SecretSlice;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tracing::Level;

use super::dialers::{Dials, by, somewhere};
use super::{ask, connected, millis, seconds};
use crate::{
    AskError, Authenticating, AuthenticationRequest, Authenticator, ByteStream, ConnectCause,
    ConnectError, ConnectPhase, Connection, Exchange, PlainCredentials, Race, ServerAddress,
    Settings, UserCode,
};

/// Panics where it is told to.
#[derive(Debug)]
enum Bomb {
    Call,
    Begin,
    Respond,
    Drop,
}

impl Authenticator for Bomb {
    fn begin<'a>(
        &'a self,
        _request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        if matches!(self, Self::Call) {
            panic!("call");
        }
        Box::pin(async move {
            let exchange: Box<dyn Exchange> = match self {
                Self::Call | Self::Begin => panic!("begin"),
                Self::Respond => Box::new(Self::Respond),
                Self::Drop => Box::new(Falling),
            };
            Ok((Vec::new().into(), exchange))
        })
    }
}

impl Exchange for Bomb {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        panic!("respond")
    }
}

struct Falling;

impl Exchange for Falling {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async { Ok(Vec::new().into()) })
    }
}

impl Drop for Falling {
    fn drop(&mut self) {
        panic!("drop");
    }
}

fn panicked(error: &ConnectError, by: UserCode, with: &str) {
    let ConnectCause::Panicked { whose, message } = &error.cause else { panic!("{error}") };
    assert_eq!((*whose, message.as_str()), (by, with));
    assert!(!error.is_permanent() && !error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn g7_3_an_authenticator_that_panics_fails_its_attempt() {
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let challenge = &[0, 0, 0, 0][..];
    let prime = Prime::opcode(Opcode::AuthResponse);
    node.prime(prime.raw(Opcode::AuthChallenge, Default::default(), challenge));
    for (bomb, text, phase) in [
        (Bomb::Call, "call", ConnectPhase::Authentication),
        (Bomb::Begin, "begin", ConnectPhase::Authentication),
        (Bomb::Respond, "respond", ConnectPhase::Authentication),
    ] {
        let authenticator: Option<Arc<dyn Authenticator>> = Some(Arc::new(bomb));
        let settings = by(&Dials::to(&node), Settings { authenticator, ..Settings::default() });
        let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
        panicked(&error, UserCode::Authenticator, text);
        assert_eq!(error.phase, phase);
    }
    // A destructor runs when it may: when the challenges have an end, which is then the cause all the
    // same, and when nobody waits.
    let authenticator: Option<Arc<dyn Authenticator>> = Some(Arc::new(Bomb::Drop));
    let settings = by(&Dials::to(&node), Settings { authenticator, ..Settings::default() });
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::TooManyChallenges { .. }), "{error}");
    let endpoint = somewhere();
    let mut opening = Box::pin(Connection::open(&endpoint, &settings, seconds(5)));
    for _ in 0..3 {
        assert!(poll_once(&mut opening).await.is_pending());
        tokio::task::yield_now().await;
    }
    drop(opening);
}

/// What a proxy says that goes away is not taken for TLS, where there is none.
#[tokio::test(start_paused = true)]
async fn a_dialer_that_is_broken_off_says_so_itself() {
    let eof = io::ErrorKind::UnexpectedEof;
    let dials = Dials::new(move |_| Err(io::Error::new(eof, "the proxy hung up")));
    let settings = by(&dials, Settings::default());
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert!(error.to_string().ends_with(": the proxy hung up"), "{error}");
}

/// Each attempt is one line for whoever searches, with what came of it and nothing secret.
#[tokio::test(start_paused = true)]
async fn each_attempt_is_in_the_log_at_debug() {
    let log = LogLines::collect(Level::DEBUG);
    let node = Arc::new(ScriptedNode::builder().password("ada", "geheim").in_memory());
    let with = |password: &str| {
        let credentials = PlainCredentials::new("ada", password).unwrap();
        let authenticator: Option<Arc<dyn Authenticator>> = Some(Arc::new(credentials));
        by(&Dials::to(&node), Settings { authenticator, ..Settings::default() })
    };
    Connection::open(&somewhere(), &with("geheim"), seconds(5)).await.unwrap();
    let refused = Connection::open(&somewhere(), &with("geheim?"), seconds(5)).await.unwrap_err();
    assert_eq!(log.beginning("connection open").len(), 1);
    let lines = log.beginning("not connected");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(format!("{line:?}").contains(&refused.reason().to_string()), "{line:?}");
    let all = format!("{:?}", log.all());
    assert!(!all.contains("geheim"), "{all}");
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_dialer_that_panics_fails_its_attempt() {
    let dials = Dials::new(|_| panic!("no way"));
    let settings = by(&dials, Settings::default());
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    panicked(&error, UserCode::Dialer, "no way");
    let text = "cannot connect to db.example:9042: TCP failed after 0.0ns: \
                the dialer panicked: no way";
    assert_eq!(error.to_string(), text);
}

/// A server that does this with the first bytes that it gets.
async fn plain_to(
    play: impl Fn() -> io::Result<Vec<u8>> + Send + Sync + Copy + 'static,
) -> ConnectError {
    let dials = Dials::new(move |_| {
        let (near, mut far) = duplex(4096);
        tokio::spawn(async move {
            far.read_u8().await.unwrap();
            far.write_all(&play().unwrap()).await.unwrap();
        });
        Ok(Box::new(near) as Box<dyn ByteStream>)
    });
    let settings = by(&dials, Settings::default());
    Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn plaintext_to_a_port_of_tls_is_recognised() {
    let hint = "the server seems to speak TLS on this port, and the settings do not: set `tls`";
    let closed = plain_to(|| Ok(Vec::new())).await;
    let alert = plain_to(|| Ok([&[0x15, 3, 3, 0, 2, 2, 80][..], &[0; 9]].concat())).await;
    for error in [&closed, &alert] {
        assert!(error.seems_to_expect_tls() && error.to_string().ends_with(hint), "{error}");
    }
    assert!(!closed.is_permanent(), "it may be stopping");
    assert!(alert.is_permanent());
    let http = plain_to(|| Ok(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())).await;
    assert!(!http.seems_to_expect_tls(), "{http}");
}

#[tokio::test]
async fn g12_8_a_silent_address_of_a_name_does_not_hide_the_next() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let good = ScriptedNode::builder().start_tcp().await.unwrap();
    let settings = Settings { attempt_delay: Duration::from_millis(20), ..Settings::default() };
    let addresses = [&silent, &good].map(|node| ServerAddress::from(node.address()));
    let connection = Connection::open_any("db", &addresses, &settings, seconds(60)).await.unwrap();
    assert_eq!(connection.name(), good.address().to_string());
    eventually(Duration::from_secs(1), "the other is given up", || silent.connections() == 0).await;
    connection.close(seconds(1)).await;
    drop((connection, silent, good));
    baseline.regained().await;
}

#[tokio::test]
async fn g3_1_every_address_of_a_name_is_listed_with_its_reason() {
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let gone = ScriptedNode::builder().start_tcp().await.unwrap().address();
    let settings = Settings { attempt_delay: Duration::from_millis(20), ..Settings::default() };
    let addresses = [silent.address(), gone].map(ServerAddress::from);
    let error = Connection::open_any("db", &addresses, &settings, millis(200)).await.unwrap_err();
    let ConnectCause::EveryAddress(errors) = &error.cause else { panic!("{error}") };
    let tried: Vec<Option<SocketAddr>> = errors.iter().map(|error| error.address).collect();
    assert_eq!(tried, [Some(silent.address()), Some(gone)], "in the resolver's order");
    assert!(errors[0].is_timeout() && !errors[1].is_timeout() && !error.is_timeout());
    let text = error.to_string();
    assert!(text.contains(&format!("{}: STARTUP failed", silent.address())), "{text}");
    assert!(text.contains(&format!("{gone}: TCP failed")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_question_gives_rows_or_says_why_not() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let rows = vec![vec![cell([7; 4])], vec![cell([8; 4])]];
    node.prime(Prime::statement("SELECT v").rows(columns([("v", ColumnType::Int)]), rows));
    assert_eq!(connection.ask("SELECT v", seconds(1)).await.unwrap().row_count, 2);
    let void = connection.ask("INSERT", seconds(1)).await.unwrap_err();
    assert!(matches!(void, AskError::Unexpected(Opcode::Result)), "{void}");
    node.prime(Prime::statement("wrong").error(0x2200, "no such table"));
    let refused = connection.ask("wrong", seconds(1)).await.unwrap_err();
    assert!(matches!(&refused, AskError::Server(error) if error.message == "no such table"));
    node.prime(Prime::statement("silence").silence());
    let late = connection.ask("silence", millis(10)).await.unwrap_err();
    assert!(late.is_timeout() && !refused.is_timeout(), "{late}");
    connection.stop();
    assert!(matches!(connection.ask("SELECT v", seconds(1)).await, Err(AskError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn a_race_without_anybody_is_over() {
    assert_eq!(Race::<()>::new(Duration::ZERO, seconds(1)).next().await, None);
}

/// An address of this machine that means something on one link only, with the number and the name
/// of its interface, if there is one.
fn link_local() -> Option<(std::net::Ipv6Addr, u32, String)> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    let line = table.lines().find(|line| line.starts_with("fe80"))?;
    let mut words = line.split_whitespace();
    let ip = u128::from_str_radix(words.next()?, 16).ok()?.into();
    let scope = u32::from_str_radix(words.next()?, 16).ok()?;
    Some((ip, scope, words.next_back()?.to_owned()))
}

#[tokio::test]
async fn a_server_on_the_link_is_connected_to_by_the_name_of_the_interface() {
    // A machine without a network has no such address.
    let Some((ip, scope, interface)) = link_local() else { return };
    let listen = std::net::SocketAddrV6::new(ip, 0, 0, scope).into();
    let node = ScriptedNode::builder().start_tcp_at(listen).await.unwrap();
    let port = node.address().port();
    for zone in [interface, scope.to_string()] {
        let endpoint = format!("[{ip}%{zone}]:{port}").parse().unwrap();
        let settings = Settings::default();
        let connection = Connection::open(&endpoint, &settings, seconds(5)).await.unwrap();
        ask(&connection, "SELECT now").await;
    }
}
