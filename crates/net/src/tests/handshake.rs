//! Handshakes with servers that do not play by the book: each attempt ends with its reason, and
//! nothing is given to whom it was not meant for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    Direction, EnvelopeFlags, EnvelopeHeader, FramingError, Opcode, ProtocolVersion,
    SegmentEncoder, StreamId,
};
use cqlwire_testkit::node::ScriptedNode;
use secrecy::SecretSlice;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::dialers::{Dials, by, somewhere};
use super::played::{self, Played};
use super::{ask, only, seconds};
use crate::{
    Authenticating, AuthenticationRequest, Authenticator, ConnectCause, ConnectError, ConnectPhase,
    Connection, Exchange, PlainCredentials, Settings,
};

pub(super) const PASSWORD: &[u8] = b"\x00\x2Forg.apache.cassandra.auth.PasswordAuthenticator";

/// Answers STARTUP, and whatever comes after, with these envelopes, one for each request.
async fn answers(mut server: Played, answers: Vec<(Opcode, Vec<u8>)>) {
    for (opcode, body) in answers {
        server.asked().await;
        server.answer(StreamId::CONNECTION, opcode, &body).await;
    }
    // The client goes away next.
    assert_eq!(server.stream.read(&mut [0]).await.unwrap_or(0), 0, "more is asked");
}

/// Connects to a server that answers so.
pub(super) async fn refused_by(script: &[(Opcode, &[u8])], settings: Settings) -> ConnectError {
    let script: Vec<_> = script.iter().map(|(opcode, body)| (*opcode, body.to_vec())).collect();
    let dials = Dials::played(move |_, server| answers(server, script.clone()));
    let settings = by(&dials, settings);
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert_eq!(dials.count(), 1);
    error
}

/// Answers everything, for ever.
#[derive(Debug)]
struct Patient;

impl Authenticator for Patient {
    fn begin<'a>(
        &'a self,
        _request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async { Ok((b"hello".to_vec().into(), Box::new(Self) as Box<dyn Exchange>)) })
    }
}

impl Exchange for Patient {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async { Ok(b"of course".to_vec().into()) })
    }
}

pub(super) fn patient() -> Settings {
    Settings { authenticator: Some(Arc::new(Patient)), ..played::settings() }
}

pub(super) fn with_password() -> Settings {
    let credentials = PlainCredentials::new("ada", "hunter2").unwrap();
    Settings { authenticator: Some(Arc::new(credentials)), ..played::settings() }
}

#[tokio::test(start_paused = true)]
async fn a8_an_answer_that_goes_with_nothing_asked_ends_the_attempt() {
    for (script, settings, phase) in [
        (&[(Opcode::Supported, &b"\0\0"[..])][..], patient(), ConnectPhase::Startup),
        (&[(Opcode::AuthSuccess, b"\xFF\xFF\xFF\xFF")], patient(), ConnectPhase::Startup),
        (&[(Opcode::AuthChallenge, b"\xFF\xFF\xFF\xFF")], patient(), ConnectPhase::Startup),
        (
            &[(Opcode::Authenticate, PASSWORD), (Opcode::Authenticate, PASSWORD)],
            patient(),
            ConnectPhase::Authentication,
        ),
        (
            &[(Opcode::Authenticate, PASSWORD), (Opcode::Ready, b"")],
            patient(),
            ConnectPhase::Authentication,
        ),
        (
            &[(Opcode::Ready, b""), (Opcode::Ready, b"")],
            Settings { keyspace: Some("ks".to_owned()), ..patient() },
            ConnectPhase::UseKeyspace,
        ),
    ] {
        let error = refused_by(script, settings).await;
        assert!(matches!(error.cause, ConnectCause::Unexpected { .. }), "{error}");
        assert_eq!(error.phase, phase);
    }
}

#[tokio::test(start_paused = true)]
async fn e15_challenges_without_end_have_one() {
    let mut script = vec![(Opcode::Authenticate, PASSWORD)];
    script.resize(17, (Opcode::AuthChallenge, b"\xFF\xFF\xFF\xFF"));
    let error = refused_by(&script, patient()).await;
    assert!(matches!(error.cause, ConnectCause::TooManyChallenges { rounds: 16 }), "{error}");

    let error = refused_by(&script[..2], with_password()).await;
    assert!(matches!(error.cause, ConnectCause::Authenticator(_)), "a null challenge: {error}");
}

#[tokio::test(start_paused = true)]
async fn e16_no_password_goes_to_a_class_that_is_not_known() {
    // The server asserts that nothing follows STARTUP.
    let error = refused_by(&[(Opcode::Authenticate, b"\0\x0Bcom.example")], with_password()).await;
    assert_eq!(error.phase, ConnectPhase::Authentication);
    let text = "cannot connect to db.example:9042: authentication failed after 0.0ns: the \
                authenticator refuses to answer: com.example is not known to ask for a password; if \
                it is to get this one, name it in `authenticator_classes`";
    assert_eq!(error.to_string(), text);
    assert!(error.is_permanent());
    let nobody = refused_by(&[(Opcode::Authenticate, PASSWORD)], played::settings()).await;
    assert!(matches!(nobody.cause, ConnectCause::NoAuthenticator { .. }), "{nobody}");
}

#[tokio::test(start_paused = true)]
async fn i4_an_error_is_read_though_the_connection_closes_right_after_it() {
    let refusal = played::error(0x0100, "not you");
    let script = [(Opcode::Authenticate, PASSWORD), (Opcode::Error, &refusal)];
    let error = refused_by(&script, with_password()).await;
    assert!(matches!(&error.cause, ConnectCause::Server(said) if said.message == "not you"));
    assert!(error.is_permanent());
}

#[tokio::test(start_paused = true)]
async fn b6_events_during_the_handshake_are_passed_over() {
    let dials = Dials::played(|_, mut server| async move {
        for opcode in [Opcode::Authenticate, Opcode::AuthSuccess] {
            let asked = server.asked().await;
            server.answer(StreamId::EVENT, Opcode::Event, b"early").await;
            let body = if opcode == Opcode::Authenticate { PASSWORD } else { b"\xFF\xFF\xFF\xFF" };
            server.answer(asked.stream, opcode, body).await;
        }
        let asked = server.asked().await;
        server.answer(asked.stream, Opcode::Result, played::VOID).await;
    });
    let settings = by(&dials, with_password());
    let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    ask(&connection, "SELECT now").await;
    assert_eq!(connection.usage().events, 0);
}

/// An answer as a server of this version gives it.
fn in_version(version: ProtocolVersion, opcode: Opcode, body: &[u8]) -> BytesMut {
    let mut bytes = played::envelope(StreamId::CONNECTION, opcode, body);
    bytes[0] = version.number() | 0x80;
    bytes
}

#[tokio::test(start_paused = true)]
async fn a6_only_an_error_may_come_in_another_version() {
    for (asked, answered) in [
        (ProtocolVersion::V5, ProtocolVersion::V4),
        (ProtocolVersion::V4, ProtocolVersion::V5),
        (ProtocolVersion::V4, ProtocolVersion::V3),
    ] {
        let dials = Dials::played(move |_, mut server| async move {
            server.asked().await;
            let ready = in_version(answered, Opcode::Ready, b"");
            server.stream.write_all(&ready).await.unwrap();
            assert_eq!(server.stream.read(&mut [0]).await.unwrap_or(0), 0, "it goes on");
        });
        let settings = by(&dials, only(asked));
        let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
        let changed = FramingError::VersionChanged { expected: asked, found: answered };
        assert!(matches!(&error.cause, ConnectCause::Framing(found) if *found == changed));
    }
}

/// Refuses whatever it is asked in, naming the other of v4 and v5, three times over.
pub(super) async fn names_the_other(_: usize, mut server: Played) {
    let asked = server.stream.read_u8().await.unwrap();
    let other = if asked == 5 { ProtocolVersion::V4 } else { ProtocolVersion::V5 };
    let text = format!("Invalid or unsupported protocol version ({asked})");
    let refusal = in_version(other, Opcode::Error, &played::error(0x000A, &text));
    for _ in 0..3 {
        server.stream.write_all(&refusal).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn i9_b9_versions_that_refuse_in_turn_are_each_tried_once() {
    let dials = Dials::played(names_the_other);
    let settings = by(&dials, Settings::default());
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::NoCommonVersion { .. }), "{error}");
    assert_eq!(dials.count(), 2, "v5, then v4");
    let text = "the server speaks none of the protocol versions v3 to v5: \
                Invalid or unsupported protocol version (4)";
    assert!(error.to_string().ends_with(text), "{error}");
}

#[tokio::test(start_paused = true)]
async fn every_release_is_met_in_its_newest_version() {
    use ProtocolVersion::{V3, V4, V5};
    for (versions, beta, met, dialed) in [
        (&[V3][..], false, V3, 2),
        (&[V3, V4], false, V4, 2),
        (&[V3, V4], true, V4, 2),
        (&[V3, V4, V5], false, V5, 1),
    ] {
        let node = ScriptedNode::builder().versions(versions.iter().copied());
        let node = Arc::new(if beta { node.refuses_as_beta() } else { node }.in_memory());
        let dials = Dials::to(&node);
        let settings = by(&dials, Settings::default());
        let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
        assert_eq!((connection.version(), dials.count()), (met, dialed));
        let newer = Settings { oldest_version: V5, ..settings };
        if met < V5 {
            let error = Connection::open(&somewhere(), &newer, seconds(5)).await.unwrap_err();
            assert!(matches!(error.cause, ConnectCause::NoCommonVersion { .. }), "{error}");
        }
    }
}

/// The answer to STARTUP in v5, and right after it a segment with an event.
fn ready_and_an_event() -> Vec<u8> {
    let header = EnvelopeHeader {
        version: ProtocolVersion::V5,
        direction: Direction::Response,
        flags: EnvelopeFlags::NONE,
        stream: StreamId::EVENT,
        opcode: Opcode::Event,
        length: 5,
    };
    let event = [&header.encode()[..], b"early"].concat();
    let mut bytes = in_version(ProtocolVersion::V5, Opcode::Ready, b"");
    SegmentEncoder::new(None).encode(&event, &mut bytes, &mut Vec::new());
    bytes.to_vec()
}

#[tokio::test(start_paused = true)]
async fn c15_the_first_segment_may_come_with_the_end_of_the_handshake() {
    let bytes = ready_and_an_event();
    let tried = Arc::new(AtomicUsize::new(0));
    for split in 0..=bytes.len() {
        let (near, far) = duplex(4096);
        let (mut server, tried, bytes) = (Played { stream: far }, tried.clone(), bytes.clone());
        let playing = tokio::spawn(async move {
            server.asked().await;
            for part in [&bytes[..split], &bytes[split..]] {
                server.stream.write_all(part).await.unwrap();
                // Long enough for the client to take what is there.
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            tried.fetch_add(1, Ordering::Relaxed);
            server
        });
        let settings = only(ProtocolVersion::V5);
        let connection = Connection::over(near, "played", &settings, seconds(5)).await.unwrap();
        let event = connection.next_event().await.expect("the event");
        assert_eq!(event.body, b"early"[..], "split at {split}");
        drop(playing.await.unwrap());
    }
    assert_eq!(tried.load(Ordering::Relaxed), bytes.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn c14_a_segment_before_the_switch_is_no_envelope() {
    let dials = Dials::played(|_, mut server| async move {
        server.asked().await;
        let ready = in_version(ProtocolVersion::V5, Opcode::Ready, b"");
        let mut segment = BytesMut::new();
        SegmentEncoder::new(None).encode(&ready, &mut segment, &mut Vec::new());
        segment.put_slice(&ready);
        server.stream.write_all(&segment).await.unwrap();
    });
    let settings = by(&dials, only(ProtocolVersion::V5));
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::Framing(_)), "{error}");
    assert_eq!(error.phase, ConnectPhase::Startup);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_every_version_is_shown_in_one_line() {
    let refusal = played::error(0x000A, "Invalid or unsupported protocol version\n\x1b[31mroot:");
    let settings = played::settings();
    let error = refused_by(&[(Opcode::Error, &refusal)], settings).await;
    assert!(!error.to_string().contains(char::is_control), "{error}");
}
