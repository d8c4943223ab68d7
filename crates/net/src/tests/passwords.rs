//! To whom a password goes: to classes that are allowed, and over what the settings allow.

use std::sync::Arc;

use cqlwire_codec::Opcode;
use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::{ScriptedNode, Verdict};
use cqlwire_testkit::tls::{Authority, acceptor};
use tracing::Level;

use super::certificates::trusting;
use super::dialers::{Dials, by, somewhere};
use super::handshake::{PASSWORD, refused_by, with_password};
use super::{played, seconds};
use crate::{
    Authenticating, AuthenticationRequest, Authenticator, CertificateOnly, ConnectCause,
    ConnectPhase, Connection, Exchange, PlainCredentials, Settings, WithoutTls,
};

#[tokio::test(start_paused = true)]
async fn e16_no_password_goes_to_a_class_that_is_not_allowed() {
    let allowed = |classes: &[&str]| Settings {
        authenticator_classes: classes.iter().map(ToString::to_string).collect(),
        ..with_password()
    };
    // The server asserts that nothing follows STARTUP.
    let settings = allowed(&["com.example.One", "Two"]);
    let error = refused_by(&[(Opcode::Authenticate, PASSWORD)], settings).await;
    assert!(error.is_permanent());
    assert_eq!(error.phase, ConnectPhase::Authentication);
    let text = "cannot connect to db.example:9042: authentication failed after 0.0ns: the server \
                authenticates with org.apache.cassandra.auth.PasswordAuthenticator, and \
                `authenticator_classes` allows only com.example.One, Two: nothing was sent to it";
    assert_eq!(error.to_string(), text);

    // One that is listed gets it, known or not.
    for (class, listed) in [
        ("org.apache.cassandra.auth.PasswordAuthenticator", "PasswordAuthenticator"),
        ("com.example.Ours", "com.example.Ours"),
    ] {
        let expected = PlainCredentials::new("ada", "hunter2").unwrap();
        let node = ScriptedNode::builder().authenticator(class, |token| {
            if token == b"\0ada\0hunter2" {
                Verdict::Welcome
            } else {
                Verdict::Refuse("who?".to_owned())
            }
        });
        let settings = by(&Dials::to(&Arc::new(node.in_memory())), allowed(&[listed]));
        let settings = Settings { authenticator: Some(Arc::new(expected)), ..settings };
        Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn e16_a_password_stays_here_without_tls_where_the_settings_refuse_it() {
    let settings = Settings { plain_password_without_tls: WithoutTls::Refuse, ..with_password() };
    let error = refused_by(&[(Opcode::Authenticate, PASSWORD)], settings).await;
    assert!(matches!(error.cause, ConnectCause::PasswordWithoutTls { .. }) && error.is_permanent());
    let text = "cannot connect to db.example:9042: authentication failed after 0.0ns: the server \
                asks for a password (org.apache.cassandra.auth.PasswordAuthenticator), the \
                connection is without TLS, and `plain_password_without_tls` is Refuse: it was not \
                sent; set `tls`, or the former to Warn or Allow";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn over_tls_a_password_goes_without_a_word() {
    let log = LogLines::collect(Level::WARN);
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let dials = Dials::to_tls(&node, acceptor(&authority.sign("db.example"), None));
    for without in [WithoutTls::Refuse, WithoutTls::Warn] {
        let settings = Settings {
            tls: Some(trusting(&authority)),
            plain_password_without_tls: without,
            authenticator: with_password().authenticator,
            ..by(&dials, Settings::default())
        };
        Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    }
    assert_eq!(log.all().len(), 0);
}

/// Signs what it is asked, so to speak.
#[derive(Debug)]
struct Signs(PlainCredentials);

impl Authenticator for Signs {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (secrecy::SecretSlice<u8>, Box<dyn Exchange>)> {
        self.0.begin(request)
    }

    fn needs_encryption(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_without_tls_is_warned_of_once_a_session() {
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let ada = || PlainCredentials::new("ada", "hunter2").unwrap();
    let lines = async |without, authenticator: Arc<dyn Authenticator>| {
        let log = LogLines::collect(Level::WARN);
        let settings = Settings {
            authenticator: Some(authenticator),
            plain_password_without_tls: without,
            ..by(&Dials::to(&node), Settings::default())
        };
        for _ in 0..3 {
            Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
        }
        log.all()
    };
    assert_eq!(WithoutTls::default(), WithoutTls::Warn);
    let warned = lines(WithoutTls::Warn, Arc::new(ada())).await;
    let [line] = &warned[..] else { panic!("{warned:?}") };
    assert!(line.message.starts_with("a password is sent without TLS"), "{line}");
    assert!(line.fields["host"].contains("db.example:9042"), "{line}");
    assert!(line.fields["class"].contains("PasswordAuthenticator"), "{line}");
    assert_eq!(lines(WithoutTls::Allow, Arc::new(ada())).await.len(), 0);
    // What tells no secret needs no TLS.
    assert_eq!(lines(WithoutTls::Refuse, Arc::new(Signs(ada()))).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_knows_clients_by_their_certificates_is_told_nothing_more() {
    let fallback = "org.apache.cassandra.auth.MutualTlsWithPasswordFallbackAuthenticator";
    let mutual = "org.apache.cassandra.auth.MutualTlsAuthenticator";
    let only = || Some(Arc::new(CertificateOnly) as Arc<dyn Authenticator>);
    let authority = Authority::new("authority");
    for (class, authenticator, is_let_in) in [
        (mutual, None, true),
        (mutual, with_password().authenticator, true),
        (mutual, only(), true),
        (fallback, only(), true),
        (fallback, None, false),
        ("com.example.Other", only(), false),
    ] {
        let node = ScriptedNode::builder().authenticator(class, |token| match token {
            [] => Verdict::Welcome,
            _ => Verdict::Refuse("it was not asked for".to_owned()),
        });
        let node = Arc::new(node.in_memory());
        let dials = Dials::to_tls(&node, acceptor(&authority.sign("db.example"), None));
        let settings = Settings { authenticator, ..by(&dials, Settings::default()) };
        let tls = Settings { tls: Some(trusting(&authority)), ..settings.clone() };
        let opened = Connection::open(&somewhere(), &tls, seconds(5)).await;
        assert_eq!(opened.is_ok(), is_let_in, "{class}: {opened:?}");
        // Nobody has shown a certificate there.
        let plain = by(&Dials::to(&node), settings);
        let error = Connection::open(&somewhere(), &plain, seconds(5)).await.unwrap_err();
        assert_eq!(error.phase, ConnectPhase::Authentication, "{error}");
        node.assert_clean();
    }
}

/// The body of an AUTHENTICATE that names this class.
fn authenticate(class: &str) -> Vec<u8> {
    let length = u16::try_from(class.len()).unwrap();
    [&length.to_be_bytes()[..], class.as_bytes()].concat()
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_not_sent_is_not_said_to_be_sent() {
    let settings = with_password();
    for class in [
        "com.example.Phishing",
        "",
        "\0",
        "org.apache.cassandra.auth.PasswordAuthenticator\0",
        "org.apache.cassandra.auth.P\u{430}sswordAuthenticator",
        "org.apache.cassandra.auth.PasswordAuthenticator ",
        "org.apache.cassandra.auth.passwordauthenticator",
        "evilPasswordAuthenticator",
        "PasswordAuthenticator.evil",
        // Told nothing but by TLS.
        "org.apache.cassandra.auth.MutualTlsAuthenticator",
    ] {
        let log = LogLines::collect(Level::WARN);
        // The server asserts that nothing follows STARTUP.
        refused_by(&[(Opcode::Authenticate, &authenticate(class))], settings.clone()).await;
        assert_eq!(log.all(), [], "{class:?}");
    }
    // So that the one who is sent it is named.
    let log = LogLines::collect(Level::WARN);
    let refusal = played::error(0x0100, "not you");
    let script = [(Opcode::Authenticate, PASSWORD), (Opcode::Error, &refusal)];
    refused_by(&script, settings).await;
    assert_eq!(log.beginning("a password is sent without TLS").len(), 1);
}

/// Whether it is encrypted is not known of it.
#[tokio::test(start_paused = true)]
async fn a_password_stays_here_over_a_given_stream_where_the_settings_refuse_it() {
    let node = ScriptedNode::builder().password("ada", "hunter2").in_memory();
    let refusing = Settings { plain_password_without_tls: WithoutTls::Refuse, ..with_password() };
    let error = Connection::over(node.connect(), "node", &refusing, seconds(5)).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::PasswordWithoutTls { .. }), "{error}");
    Connection::over(node.connect(), "node", &with_password(), seconds(5)).await.unwrap();
}
