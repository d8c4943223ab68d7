//! Certificates that are replaced while connections come and go.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, Identity, TlsNode, acceptor};
use rustls::CertificateError;
use tempfile::TempDir;
use tokio::time::sleep;
use tracing::Level;

use super::cancellation::opening_dropped_at_every_poll;
use super::dialers::{Dials, by, somewhere};
use super::errors::source_of;
use super::{ask, millis, seconds};
use crate::{
    ConnectCause, ConnectError, ConnectPhase, Connection, LoadingTls, ServerAddress, SessionLog,
    Settings, Tls, TlsFiles, TlsSource, UserCode, tls_config,
};

/// The files of a client, to be replaced.
struct Files(TempDir);

impl Files {
    fn new(authority: &Authority, identity: &Identity) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(authority, identity);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, authority: &Authority, identity: &Identity) {
        fs::write(self.path("ca.pem"), authority.pem()).unwrap();
        fs::write(self.path("client.pem"), &identity.chain).unwrap();
        fs::write(self.path("client.key"), &identity.key).unwrap();
    }

    fn named(&self) -> TlsFiles {
        TlsFiles::trusting(self.path("ca.pem"))
            .client_auth(self.path("client.pem"), self.path("client.key"))
    }
}

async fn open(node: &TlsNode, settings: &Settings) -> Result<Connection, ConnectError> {
    Connection::open_at(&node.address().into(), settings, seconds(10)).await
}

#[tokio::test]
async fn certificates_of_both_sides_are_replaced_while_requests_go_on() {
    let log = LogLines::collect(Level::WARN);
    let old = (Authority::new("servers"), Authority::new("clients"));
    let new = (Authority::new("new servers"), Authority::new("new clients"));
    let files = Files::new(&old.0, &old.1.sign("ada"));
    let tls = Tls::from_files(files.named()).unwrap();
    let settings = Settings { tls: Some(tls), ..Settings::default() };
    let node = ScriptedNode::builder().in_memory();
    let accepts = |(servers, clients): &(Authority, Authority)| {
        acceptor(&servers.sign("127.0.0.1"), Some(clients))
    };
    let node = TlsNode::listen(node, accepts(&old)).await.unwrap();
    let first = open(&node, &settings).await.unwrap();
    ask(&first, "SELECT now").await;

    node.replace(accepts(&new));
    let error = open(&node, &settings).await.unwrap_err();
    let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    assert_eq!(source_of(&error), Some(&unknown), "the client has the old ones");
    files.write(&new.0, &new.1.sign("ada"));
    let second = open(&node, &settings).await.unwrap();
    for _ in 0..3 {
        ask(&first, "SELECT now").await;
        ask(&second, "SELECT now").await;
    }
    assert_eq!(log.all(), []);
    node.node().assert_clean();
}

#[tokio::test]
async fn the_last_good_certificates_are_used_while_the_files_are_of_no_use() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let identity = clients.sign("ada");
    let files = Files::new(&servers, &identity);
    let tls = Tls::from_files(files.named()).unwrap();
    let node = ScriptedNode::builder().in_memory();
    let acceptor = acceptor(&servers.sign("127.0.0.1"), Some(&clients));
    let node = TlsNode::listen(node, acceptor).await.unwrap();
    let half = |text: &str| text[..text.len() / 2].to_owned();
    for (file, contents, says) in [
        ("ca.pem", Some(half(&servers.pem())), "cannot read the authorities in"),
        ("ca.pem", Some(String::new()), "there is no certificate in the authorities in"),
        ("ca.pem", None, "cannot read the authorities from"),
        ("client.pem", Some(half(&identity.chain)), "cannot read the chain of the client in"),
        ("client.key", Some(half(&identity.key)), "cannot read the key of the client in"),
        ("client.key", Some(clients.sign("eve").key), "the key is that of another certificate"),
        ("client.key", None, "cannot read the key of the client from"),
    ] {
        let log = LogLines::collect(Level::WARN);
        let path = files.path(file);
        match contents {
            Some(contents) => fs::write(&path, contents).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let (tls, log_) = (Some(tls.clone()), SessionLog::default());
        let settings = Settings { tls, log: log_, ..Settings::default() };
        for _ in 0..3 {
            ask(&open(&node, &settings).await.unwrap(), "SELECT now").await;
        }
        let [line] = &log.all()[..] else { panic!("{file}: {:?}", log.all()) };
        let words = "the certificates for TLS cannot be loaded: the last good ones are used";
        assert_eq!(line.message, words);
        let error = &line.fields["error"];
        assert!(error.contains(says) && error.contains(path.to_str().unwrap()), "{error}");
        assert!(!error.contains('\n') && !error.contains("BEGIN"), "{error}");

        let first = Tls::from_files(files.named()).unwrap_err().to_string();
        assert_eq!(&first, error, "at first it is an error");
        files.write(&servers, &identity);
        let good = LogLines::collect(Level::WARN);
        open(&node, &settings).await.unwrap();
        assert_eq!(good.all(), []);
    }
}

/// Gives what a test puts in, after a while.
#[derive(Clone, Debug, Default)]
struct Source {
    asked: Arc<AtomicUsize>,
    gives: Arc<Mutex<Gives>>,
}

#[derive(Clone, Debug, Default)]
enum Gives {
    Config(Arc<rustls::ClientConfig>),
    #[default]
    Nothing,
    Panics,
}

impl TlsSource for Source {
    fn load(&self) -> LoadingTls<'_> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            sleep(Duration::from_millis(100)).await;
            let gives = self.gives.lock().unwrap().clone();
            match gives {
                Gives::Config(config) => Ok(config),
                Gives::Nothing => Err("the vault is sealed".into()),
                Gives::Panics => panic!("what vault?"),
            }
        })
    }
}

/// A source, a node in memory that it is good for, and settings with both.
fn scene() -> (Source, Gives, Arc<ScriptedNode>, Settings) {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let dials = Dials::to_tls(&node, acceptor(&authority.sign("db.example"), None));
    let source = Source::default();
    let settings = Settings { tls: Some(Tls::from_source(source.clone())), ..Settings::default() };
    let good = Gives::Config(tls_config(authority.pem().as_bytes(), None).unwrap());
    (source, good, node, by(&dials, settings))
}

#[tokio::test(start_paused = true)]
async fn a_source_is_asked_at_each_connection_and_what_it_gave_last_is_used_when_it_fails() {
    let log = LogLines::collect(Level::WARN);
    let (source, good, _node, settings) = scene();
    let open = async || Connection::open(&somewhere(), &settings, seconds(5)).await;
    let error = open().await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::TlsSource(_)) && !error.is_permanent());
    let text = "cannot connect to db.example:9042: the TLS handshake failed after 100.0ms: the \
                source of certificates fails: the vault is sealed";
    assert_eq!(error.to_string(), text);
    *source.gives.lock().unwrap() = Gives::Panics;
    let error = open().await.unwrap_err();
    let panicked =
        ConnectCause::Panicked { whose: UserCode::TlsSource, message: "what vault?".to_owned() };
    assert_eq!(error.cause.to_string(), panicked.to_string());
    assert_eq!(log.all(), []);

    for gives in [good, Gives::Nothing, Gives::Panics] {
        *source.gives.lock().unwrap() = gives;
        ask(&open().await.unwrap(), "SELECT now").await;
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 5);
    let [line] = &log.all()[..] else { panic!("once a minute: {:?}", log.all()) };
    assert!(line.fields["error"].ends_with("the vault is sealed"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_source_that_takes_too_long_is_dropped_at_the_deadline() {
    let (source, good, _node, settings) = scene();
    *source.gives.lock().unwrap() = good;
    let error = Connection::open(&somewhere(), &settings, millis(50)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.phase, ConnectPhase::Tls);
}

#[tokio::test(start_paused = true)]
async fn g8_1_opening_with_a_source_is_dropped_at_every_poll() {
    let (source, good, node, settings) = scene();
    *source.gives.lock().unwrap() = good;
    let dropped = opening_dropped_at_every_poll(&node, &settings).await;
    assert!(dropped >= 4, "{dropped} points");
    node.take_violations();
}

#[tokio::test]
async fn g8_1_opening_with_files_is_dropped_at_every_poll() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let files = Files::new(&servers, &clients.sign("ada"));
    let settings =
        Settings { tls: Some(Tls::from_files(files.named()).unwrap()), ..Settings::default() };
    let acceptor = acceptor(&servers.sign("127.0.0.1"), Some(&clients));
    let node = TlsNode::listen(ScriptedNode::builder().in_memory(), acceptor).await.unwrap();
    let address = ServerAddress::from(node.address());
    let fresh = || async {
        drop(Connection::open_at(&address, &settings, seconds(60)).await.unwrap());
    };
    let ((), dropped) = cancel_at_every_poll(fresh, async |_cut: Cut| {
        eventually(Duration::from_secs(5), "closed", || node.node().connections() == 0).await;
    })
    .await;
    assert!(dropped >= 4, "{dropped} points");
    node.node().take_violations();
}

#[tokio::test(start_paused = true)]
async fn certificates_that_cannot_be_loaded_are_said_once_a_minute() {
    let (source, good, _node, settings) = scene();
    let open = async || Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    *source.gives.lock().unwrap() = good;
    open().await;
    *source.gives.lock().unwrap() = Gives::Nothing;
    let log = LogLines::collect(Level::WARN);
    for _second in 0..150 {
        open().await;
        sleep(Duration::from_millis(900)).await;
    }
    let passed_over: Vec<_> =
        log.all().iter().map(|line| line.fields["passed_over"].clone()).collect();
    assert_eq!(passed_over, ["0", "59", "59"]);
}
