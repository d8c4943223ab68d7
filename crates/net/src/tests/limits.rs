//! What is over a limit, late or the last word: who bears it, and that nobody else does.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{EnvelopeFlags, FramingError, Opcode, ServerError, StreamId};
use cqlwire_mux::{Backlog, Reached, Usage, Violation, WaitingLimit, WaitsFor};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::time::sleep;

use super::played::{self, Played, VOID};
use super::{WAYS, ask, connected, millis, only, query, seconds, send};
use crate::{
    ConnectCause, Connection, ConnectionEnd, Deadline, MultiplexerSettings, PlainCredentials,
    RefusedBecause, RequestFailure, Settings,
};

const LIMIT: usize = 100_000;
const OVER: usize = 2 * LIMIT;

#[tokio::test(start_paused = true)]
async fn g11_5_a2_a_response_over_the_limit_fails_its_own_request_and_no_other() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let page = |text: &str, length: usize| {
            let body = Bytes::from(vec![7; length]);
            Prime::statement(text).raw(Opcode::Result, EnvelopeFlags::NONE, body)
        };
        node.prime(page("over", OVER));
        node.prime(page("within", LIMIT));
        let settings = Settings { max_envelope_bytes: LIMIT, compression, ..only(version) };
        let connection = connected(&node, &settings).await;
        for _ in 0..3 {
            let before = send(&connection, "within", seconds(5));
            let over = send(&connection, "over", seconds(5));
            let after = send(&connection, "within", seconds(5));
            let error = over.await.unwrap_err();
            let RequestFailure::ResponseTooLarge { declared, limit } = &error.failure else {
                panic!("{error}")
            };
            assert_eq!((*declared, *limit), (OVER as u64, LIMIT));
            assert!(error.failure.would_recur() && error.may_have_been_applied());
            assert!(!error.is_timeout());
            let text = "the response of 200000 bytes is over the limit of 100000 (host node, ";
            assert!(error.to_string().starts_with(text), "{error}");
            assert_eq!(before.await.unwrap().body.len(), LIMIT);
            assert_eq!(after.await.unwrap().body.len(), LIMIT);
        }
        assert_eq!(node.count_statement("over"), 3);
        assert!(connection.is_open());
        assert_eq!((connection.usage(), connection.load()), (Usage::default(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn g11_5_a2_an_event_over_the_limit_is_dropped_and_counted() {
    let settings = Settings { max_envelope_bytes: 100, ..played::settings() };
    let (connection, mut server) = played::connected(&settings, 4096).await;
    server.answer(StreamId::EVENT, Opcode::Event, &[0; 101]).await;
    server.answer(StreamId::EVENT, Opcode::Event, &[1; 100]).await;
    assert_eq!(connection.next_event().await.unwrap().body, vec![1; 100]);
    assert_eq!(connection.dropped_events(), 1);
}

#[tokio::test(start_paused = true)]
async fn g11_5_a2_on_stream_zero_it_ends_the_connection() {
    let settings = Settings { max_envelope_bytes: 100, ..played::settings() };
    let (connection, mut server) = played::connected(&settings, 4096).await;
    server.answer(StreamId::CONNECTION, Opcode::Error, &[0; 101]).await;
    let end = connection.ended().await;
    let ConnectionEnd::Violation(Violation::TooLargeOnStreamZero(over)) = &*end else {
        panic!("{end}")
    };
    assert_eq!((over.declared, over.limit), (101, 100));
    assert!(end.would_recur());
}

#[tokio::test(start_paused = true)]
async fn g11_5_a_challenge_of_32_mib_is_not_taken() {
    for length in [(1_u32 << 20) + 1, 32 << 20] {
        let (near, far) = duplex(4096);
        let mut server = Played { stream: far };
        let credentials = PlainCredentials::new("ada", "hunter2").unwrap();
        let settings =
            Settings { authenticator: Some(Arc::new(credentials)), ..played::settings() };
        let opening = Connection::over(near, "played", &settings, seconds(5));
        let challenging = async {
            let startup = server.asked().await;
            let class = b"\0\x2Forg.apache.cassandra.auth.PasswordAuthenticator";
            server.answer(startup.stream, Opcode::Authenticate, class).await;
            let asked = server.asked().await;
            let mut header = played::envelope(asked.stream, Opcode::AuthChallenge, b"");
            header[5..9].copy_from_slice(&length.to_be_bytes());
            server.stream.write_all(&header).await.unwrap();
        };
        let (opened, ()) = tokio::join!(opening, challenging);
        let ConnectCause::Framing(FramingError::TooLarge { declared, limit }) =
            opened.unwrap_err().cause
        else {
            panic!("it is over the limit of the handshake")
        };
        assert_eq!((declared, limit), (length.into(), 1 << 20));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_handshake_on_another_stream_is_none() {
    for answered in [1, 7, i16::MAX] {
        let (near, far) = duplex(4096);
        let mut server = Played { stream: far };
        let settings = played::settings();
        let opening = Connection::over(near, "played", &settings, seconds(5));
        let answering = async {
            server.asked().await;
            server.answer(StreamId::new(answered), Opcode::Ready, &[]).await;
        };
        let (opened, ()) = tokio::join!(opening, answering);
        let cause = opened.unwrap_err().cause;
        let expected = ConnectCause::Unexpected { asked: Opcode::Startup, got: Opcode::Ready };
        assert_eq!(cause.to_string(), expected.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_over_the_limit_is_refused_and_the_connection_goes_on() {
    let multiplexer =
        MultiplexerSettings { max_request_bytes: 1_000, ..MultiplexerSettings::default() };
    let node = ScriptedNode::builder().in_memory();
    let settings = Settings { multiplexer, ..Settings::default() };
    let connection = connected(&node, &settings).await;
    let long = query(&connection, &"x".repeat(1_000));
    let refused = connection.send(long, seconds(5)).unwrap_err();
    let RefusedBecause::TooLarge { bytes, limit: 1_000 } = refused.because else {
        panic!("{refused}")
    };
    assert_eq!(bytes, refused.envelope.len() - 9);
    let text = format!("not taken in: its body of {bytes} bytes is over the limit of 1000");
    assert_eq!(refused.to_string(), text);
    ask(&connection, "SELECT").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_full_says_by_which_limit() {
    let multiplexer =
        MultiplexerSettings { max_in_flight: 1, max_waiting: 2, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..played::settings() };
    let (connection, _server) = played::connected(&settings, 4096).await;
    let _asked: Vec<_> = (0..3).map(|_| send(&connection, "SELECT", seconds(5))).collect();
    let refused = connection.send(query(&connection, "SELECT"), seconds(5)).unwrap_err();
    let backlog = Backlog::new(WaitsFor::StreamId(1), WaitingLimit::Requests(2));
    assert_eq!(refused.because, RefusedBecause::Full(backlog));
    let text = "not taken in: the connection is busy: 1 request is in flight, as many as may, and 2 \
                requests wait, as many as may";
    assert_eq!(refused.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn g8_2_with_a_deadline_that_has_passed_nothing_is_sent() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let passed = Deadline::after(Duration::from_millis(5));
    sleep(Duration::from_millis(6)).await;
    for deadline in [Deadline::after(Duration::ZERO), passed] {
        let error = send(&connection, "too late", deadline).await.unwrap_err();
        let not_sent = RequestFailure::DeadlinePassed(Reached::Queued);
        assert_eq!(error.failure.to_string(), not_sent.to_string());
        assert!(error.is_timeout() && !error.may_have_been_applied());
    }
    let in_time = send(&connection, "in time", seconds(5));
    let asked = server.asked().await;
    assert!(asked.body.windows(7).any(|text| text == b"in time"), "{asked:?}");
    server.answer(asked.stream, Opcode::Result, VOID).await;
    in_time.await.unwrap();
    assert_eq!((connection.usage(), connection.load()), (Usage::default(), 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_to_nobody_is_load_until_it_comes() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let timed_out = send(&connection, "SELECT", millis(10));
    let dropped = send(&connection, "SELECT", seconds(5));
    assert_eq!(connection.load(), 2);
    timed_out.await.unwrap_err();
    drop(dropped);
    assert_eq!((connection.load(), connection.usage().orphaned), (2, 2));
    for left in [1, 0] {
        let asked = server.asked().await;
        server.answer(asked.stream, Opcode::Result, VOID).await;
        eventually(Duration::from_secs(1), "it came", || connection.load() == left).await;
    }
    // What was never written is owed by nobody; nor is anything at the end.
    drop(send(&connection, "SELECT", seconds(5)));
    assert_eq!(connection.load(), 0);
    send(&connection, "SELECT", millis(10)).await.unwrap_err();
    assert_eq!(connection.load(), 1);
    drop(server);
    connection.ended().await;
    assert_eq!(connection.load(), 0);
}

/// A stream on which writing fails once it is told to, and on which there is something to be read
/// then. Notes whether it is shut down.
struct BreaksOff {
    inner: DuplexStream,
    breaks: Arc<AtomicBool>,
    last_words: Bytes,
    broken: bool,
    shut_down: Arc<AtomicBool>,
}

impl AsyncRead for BreaksOff {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.broken && !self.last_words.is_empty() {
            buffer.put_slice(&std::mem::take(&mut self.last_words));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreaksOff {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.breaks.load(Ordering::Relaxed) {
            self.broken = true;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut_down.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[tokio::test(start_paused = true)]
async fn i4_the_last_words_are_heard_that_come_while_a_write_fails() {
    let (near, far) = duplex(4096);
    let (breaks, shut_down) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
    let words = played::error(0x000A, "no more of this");
    let stream = BreaksOff {
        inner: near,
        breaks: Arc::clone(&breaks),
        last_words: played::envelope(StreamId::CONNECTION, Opcode::Error, &words).freeze(),
        broken: false,
        shut_down: Arc::clone(&shut_down),
    };
    let mut server = Played { stream: far };
    let settings = played::settings();
    let opening = Connection::over(stream, "played", &settings, seconds(5));
    let (connection, ()) = tokio::join!(opening, server.welcome());
    let connection = connection.unwrap();
    breaks.store(true, Ordering::Relaxed);
    let failure = send(&connection, "SELECT", seconds(5)).await.unwrap_err().failure;
    // It was offered to a stream that failed: who knows what of it got there.
    assert!(failure.would_recur());
    let RequestFailure::ConnectionLost(end) = failure else { panic!("{failure}") };
    let ConnectionEnd::ServerSaid(ServerError { message, .. }) = &*end else { panic!("{end}") };
    assert_eq!(message, "no more of this");
    connection.ended().await;
    assert!(shut_down.load(Ordering::Relaxed), "TLS has to say that nothing was cut off");
    let mut received = Vec::new();
    server.stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"");
}
