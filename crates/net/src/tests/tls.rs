//! TLS as it is spoken: whom the client believes, whom the server lets in, and what goes wrong in
//! between.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{ColumnType, Compression};
use cqlwire_mux::Usage;
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::{Fault, FaultyStream, Sense, Trickle};
use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::Baseline;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, CertificateError};
use tokio::io::duplex;

use super::certificates::{trusting, trusting_nobody};
use super::dialers::{Dials, by, somewhere};
use super::errors::source_of;
use super::{WAYS, ask, only, seconds, send};
use crate::{
    ConnectCause, ConnectError, ConnectPhase, Connection, ConnectionEnd, RequestFailure, Settings,
    Tls,
};
use cqlwire_testkit::tls::{Authority, Identity, acceptor, serve};

/// A node behind TLS as this server, which asks clients for certificates of that authority, if any.
struct Secured {
    node: Arc<ScriptedNode>,
    dials: Arc<Dials>,
}

impl Secured {
    fn new(identity: &Identity, clients: Option<&Authority>) -> Self {
        let node = Arc::new(ScriptedNode::builder().in_memory());
        let dials = Dials::to_tls(&node, acceptor(identity, clients));
        Self { node, dials }
    }

    async fn open(&self, tls: Tls) -> Result<Connection, ConnectError> {
        let settings = by(&self.dials, Settings { tls: Some(tls), ..Settings::default() });
        Connection::open(&somewhere(), &settings, seconds(5)).await
    }

    /// Why TLS broke off, and in which phase.
    async fn refuses(&self, tls: Tls) -> (rustls::Error, ConnectPhase) {
        let error = self.open(tls).await.unwrap_err();
        assert!(error.is_permanent() && !error.is_timeout());
        assert!(error.to_string().starts_with("cannot connect to db.example:9042: "), "{error}");
        let cause: &rustls::Error = source_of(&error).expect("the TLS error");
        (cause.clone(), error.phase)
    }
}

#[tokio::test(start_paused = true)]
async fn a_trusted_server_is_spoken_to_in_every_version() {
    let authority = Authority::new("authority");
    let baseline = Baseline::of_tasks();
    let server = Secured::new(&authority.sign("db.example"), None);
    for (version, compression) in WAYS {
        let settings = Settings { tls: Some(trusting(&authority)), compression, ..only(version) };
        let settings = by(&server.dials, settings);
        let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
        // Longer than a record of TLS, and than the socket takes at once.
        let long = "x".repeat(100_000);
        let (one, two) = tokio::join!(ask(&connection, &long), ask(&connection, "SELECT now"));
        assert_eq!(one.body, two.body);
        assert_eq!(connection.usage(), Usage::default());
        connection.close(seconds(5)).await;
    }
    drop(server);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_is_believed_by_its_certificate_alone() {
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let server = Secured::new(&authority.sign("db.example"), None);
    for tls in [trusting(&other), Tls::with_config(trusting_nobody())] {
        let (cause, phase) = server.refuses(tls).await;
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert_eq!((cause, phase), (unknown, ConnectPhase::Tls));
    }
    assert_eq!(server.node.accepted().len(), 0, "nothing was said to it");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_for_the_name_that_is_connected_to_or_for_the_one_expected() {
    let authority = Authority::new("authority");
    let server = Secured::new(&authority.sign("other.example"), None);
    let (cause, phase) = server.refuses(trusting(&authority)).await;
    let wrong_name = matches!(
        cause,
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
    );
    assert!(wrong_name && phase == ConnectPhase::Tls, "{cause}");
    let expecting = trusting(&authority).server_name("other.example").unwrap();
    ask(&server.open(expecting).await.unwrap(), "SELECT now").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_certificates_lets_in_whom_it_knows() {
    let (servers, clients) = (Authority::new("one"), Authority::new("two"));
    let server = Secured::new(&servers.sign("db.example"), Some(&clients));
    let known_as = |identity: &Identity| {
        let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
        Tls::with_client_auth(servers.pem().as_bytes(), chain, key).unwrap()
    };
    let connection = server.open(known_as(&clients.sign("ada"))).await.unwrap();
    ask(&connection, "SELECT now").await;

    // TLS 1.3 lets a client finish before the server has looked at it: it is told with what it
    // reads first.
    let (cause, phase) = server.refuses(trusting(&servers)).await;
    let required = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
    assert_eq!((cause, phase), (required, ConnectPhase::Startup));
    let (cause, phase) = server.refuses(known_as(&servers.sign("mallory"))).await;
    assert!(matches!(cause, rustls::Error::AlertReceived(_)), "{cause}");
    assert_eq!(phase, ConnectPhase::Startup);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_certificate_is_said_in_one_line_with_what_to_do() {
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let said = async |identity: &Identity, clients, tls| {
        let server = Secured::new(identity, clients);
        let error = server.open(tls).await.unwrap_err();
        assert!(error.is_permanent());
        let text = error.to_string();
        assert!(!text.contains('\n') && text.contains("db.example:9042"), "{text}");
        text
    };
    let trusted = || trusting(&authority);
    let good = authority.sign("db.example");
    for (text, what, hint) in [
        (
            said(&authority.sign_expired("db.example"), None, trusted()).await,
            "certificate expired",
            "the server needs a new one, unless the clock of this machine is wrong",
        ),
        (
            said(&authority.sign_for_the_future("db.example"), None, trusted()).await,
            "certificate not valid yet",
            "is the clock of this machine right?",
        ),
        (
            said(&authority.sign("other.example"), None, trusted()).await,
            "certificate not valid for name \"db.example\"; certificate is only valid for \
             DnsName(\"other.example\")",
            "it has to name the server as it is connected to, or `Tls::server_name` another name",
        ),
        (
            said(&good, None, trusting(&other)).await,
            "UnknownIssuer",
            "is the authority that signed it among those that `Tls` trusts?",
        ),
        (
            said(&good, Some(&other), trusted()).await,
            "CertificateRequired",
            "the server asks clients for a certificate, and `Tls` has none to show",
        ),
    ] {
        assert!(text.contains(what), "{text}");
        assert!(text.ends_with(hint), "{text}");
    }
    let show = |identity: &Identity| {
        let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
        Tls::with_client_auth(authority.pem().as_bytes(), chain, key).unwrap()
    };
    let text = said(&good, Some(&other), show(&other.sign_expired("ada"))).await;
    let hint = "the server finds the certificate of this client expired";
    assert!(text.ends_with(hint), "{text}");
    let text = said(&good, Some(&other), show(&authority.sign("ada"))).await;
    assert!(text.contains("the server does not t"), "{text}");
}

/// What `openssl x509 -req` makes without extensions, for `db.example`, and its key.
const VERSION_1: [&str; 2] = [
    "-----BEGIN CERTIFICATE-----\n\
     MIIBJTCBzAIUWZSQzJL2zw0J6bXS4ksrjD5ON9owCgYIKoZIzj0EAwIwFDESMBAG\n\
     A1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEzMDExNDIyMVoYDzIxMjYxMTA2MTE0MjIx\n\
     WjAVMRMwEQYDVQQDDApkYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n\
     QgAEt+BiaW5iV8oZv+1Zx/WCQ+MifIVXbeYq8lgTCtYURhpSUQhAC2b1WYzGlfCY\n\
     ePH1YEldnx6tPVewiNQKUULJEjAKBggqhkjOPQQDAgNIADBFAiEA5hq924h5Id9p\n\
     gVxtJkAr4a4cJITmcNMCAtJ+objBnU4CICxqx5UI//SBehuUw5ZvS9xzjWCTCfAi\n\
     /qLs1I8+t35W\n\
     -----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----\n\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTp7Sm1vj+QjoeAkJ\n\
     ygG8BAGb0rBckOoT/5PKfqIdhLGhRANCAAS34GJpbmJXyhm/7VnH9YJD4yJ8hVdt\n\
     5iryWBMK1hRGGlJRCEALZvVZjMaV8Jh48fVgSV2fHq09V7CI1ApRQskS\n\
     -----END PRIVATE KEY-----",
];

/// Both are made by the first command that a search finds.
#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_wrong_form_is_said_with_how_it_is_made() {
    let authority = Authority::new("one");
    let server = Secured::new(&authority.sign_authority("db.example"), None);
    let error = server.open(trusting(&authority)).await.unwrap_err().to_string();
    assert!(error.contains("CaUsedAsEndEntity"), "{error}");
    assert!(error.ends_with("makes authorities unless it is told so)"), "{error}");
    let [chain, key] = VERSION_1;
    let authority = authority.pem();
    let own = Tls::with_client_auth(authority.as_bytes(), chain.as_bytes(), key.as_bytes());
    let error = own.unwrap_err().to_string();
    assert!(!error.contains("peer") && error.contains("UnsupportedCertVersion"), "{error}");
    assert!(error.ends_with("`subjectAltName` in the file)"), "{error}");
}

/// rustls sends whoever reads its error to its documentation.
#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_off_is_said_so() {
    let (end, _) = through(Fault::Cut).await;
    let words = "the server broke the connection off, without the word that ends TLS";
    assert_eq!(end.to_string(), words);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_the_connection_behind_tls_may_miss_a_certificate() {
    let authority = Authority::new("authority");
    let acceptor = acceptor(&authority.sign("db.example"), None);
    let dials = Dials::new(move |_| {
        let (near, far) = duplex(4096);
        let accepting = acceptor.accept(far);
        tokio::spawn(async move { drop(accepting.await.unwrap()) });
        Ok(Box::new(near))
    });
    let tls = Some(trusting(&authority));
    let settings = by(&dials, Settings { tls, ..Settings::default() });
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert!(!error.is_permanent() && !error.seems_to_expect_tls(), "it may be stopping");
    let hint = "over TLS, so ends a server also that does not take the certificate of this client, or \
                misses one";
    assert!(error.to_string().ends_with(hint), "{error}");
    assert!(error.to_string().contains("without the word that ends TLS; "), "{error}");
}

/// What becomes of a connection over TLS, and of its requests, when this happens to the bytes that
/// it reads once the handshake is done.
async fn through(fault: Fault) -> (ConnectionEnd, RequestFailure) {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    node.prime(Prime::statement("silence").silence());
    let acceptor = acceptor(&authority.sign("db.example"), None);
    let dials = Dials::to_tls_by(&node, acceptor, move |near| {
        // The handshake takes some 1,500 bytes.
        FaultyStream::new(near, Sense::Reads, 6_000, fault)
    });
    let tls = Some(trusting(&authority));
    let settings = by(&dials, Settings { tls, ..Settings::default() });
    let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    let pending = send(&connection, "silence", seconds(60));
    eventually(Duration::from_secs(1), "sent", || node.count_statement("silence") == 1).await;
    // More than enough of an answer to get there.
    let rows = vec![vec![cell([7; 20_000])]];
    node.prime(Prime::statement("much").rows(columns([("v", ColumnType::Blob)]), rows));
    let much = send(&connection, "much", seconds(60)).await.unwrap_err();
    let RequestFailure::ConnectionLost(_) = pending.await.unwrap_err().failure else {
        panic!("it was sent")
    };
    (ConnectionEnd::clone(&*connection.ended().await), much.failure)
}

#[tokio::test(start_paused = true)]
async fn g4_3_the_tls_error_is_under_the_end_of_a_connection_and_of_its_requests() {
    let (end, failure) = through(Fault::Flip(1)).await;
    let cause: &rustls::Error = source_of(&end).expect("the TLS error");
    assert_eq!(*cause, rustls::Error::DecryptError);
    let RequestFailure::ConnectionLost(_) = &failure else { panic!("it was sent") };
    assert_eq!(source_of::<rustls::Error>(&failure), Some(cause));
    assert_eq!(end.to_string(), "cannot decrypt peer's message");
}

#[tokio::test(start_paused = true)]
async fn a_cut_inside_of_tls_is_not_taken_for_an_end_in_good_order() {
    let (end, _) = through(Fault::Cut).await;
    let source: &std::io::Error = source_of(&end).expect("the I/O error");
    assert_eq!(source.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn tls_in_pieces_is_the_same() {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let acceptor = acceptor(&authority.sign("db.example"), None);
    let behind = Arc::clone(&node);
    let dials = Dials::new(move |_| {
        let (near, far) = duplex(600);
        serve(&behind, &acceptor, far);
        Ok(Box::new(Trickle::new(near, &[1, 50], &[3, 90])))
    });
    let tls = Some(trusting(&authority));
    let compression = Some(Compression::Lz4);
    let settings = by(&dials, Settings { tls, compression, ..Settings::default() });
    let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    for _ in 0..3 {
        ask(&connection, &"x".repeat(3_000)).await;
    }
    // The server is told that nothing was cut off.
    connection.close(seconds(5)).await;
    eventually(Duration::from_secs(1), "closed", || node.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_certificate_can_have_is_said_before_anything_is_sent() {
    let authority = Authority::new("authority");
    let server = Secured::new(&authority.sign("db.example"), None);
    let tls = Some(trusting(&authority));
    let settings = by(&server.dials, Settings { tls, ..Settings::default() });
    let endpoint = "under_score-.example".parse().unwrap();
    let error = Connection::open(&endpoint, &settings, seconds(5)).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::TlsSettings(_)), "{error}");
    assert_eq!(error.phase, ConnectPhase::Tls);
}

/// A key as it is in memory, in the ways in which bytes are shown.
fn shown(key: &str) -> Vec<String> {
    let pem: Vec<&str> = key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    // In the middle of it, where the number is that nobody may know.
    let secret = &der.secret_der()[40..56];
    let decimal = format!("{secret:?}");
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let each = pem.iter().map(ToString::to_string);
    each.chain([decimal.trim_matches(['[', ']']).to_owned(), hex]).collect()
}

#[test]
fn neither_key_nor_password_is_shown() {
    let authority = Authority::new("one");
    let Identity { chain, key } = authority.sign("ada");
    let pem = authority.pem();
    let tls = Tls::with_client_auth(pem.as_bytes(), chain.as_bytes(), key.as_bytes()).unwrap();
    let credentials = crate::PlainCredentials::new("ada", "geheim").unwrap();
    let settings = Settings {
        tls: Some(tls.clone()),
        authenticator: Some(Arc::new(credentials.clone())),
        ..Settings::default()
    };
    let other_key = authority.sign("eve").key;
    let error = Tls::with_client_auth(pem.as_bytes(), chain.as_bytes(), other_key.as_bytes());
    let not_pem = Tls::with_client_auth(pem.as_bytes(), chain.as_bytes(), b"geheim").unwrap_err();
    for text in [
        format!("{tls:?} {tls:#?}"),
        format!("{settings:?} {settings:#?}"),
        format!("{credentials:?}"),
        format!("{error:?}"),
        format!("{not_pem:?} {not_pem}"),
    ] {
        assert!(!text.contains("geheim"), "{text}");
        for key in [&key, &other_key] {
            assert!(!shown(key).iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}
