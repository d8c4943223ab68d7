//! A whole conversation, broken at each of its bytes, in each direction and in each way: every
//! request is told what became of it, truly and in time, and nothing is left.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{Compression, EnvelopeFlags, FramingError, Opcode, ProtocolVersion};
use cqlwire_mux::Usage;
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::{Counted, Fault, FaultyStream, Sense};
use cqlwire_testkit::node::{Prime, ScriptedNode, Violation, ViolationKind};
use cqlwire_testkit::probe::Baseline;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::played::VOID;
use super::{WAYS, millis, only, rounds};
use crate::{Connection, PlainCredentials, Settings};

/// How long each request, and the way to the first one, may take; and closing in the end.
const LIMIT_MS: u64 = 1_000;
const CLOSE_MS: u64 = 500;

/// More than fits into a segment: 131,071 bytes are the most.
const PAGE: usize = 140_000;

/// A page that is no longer than the rest.
const SHORT_PAGE: usize = 60;

/// One way of speaking, and what is said.
struct Conversation {
    version: ProtocolVersion,
    settings: Settings,
    page: Bytes,
}

/// What became of one that was not perturbed, in bytes.
struct Length {
    reads: u64,
    writes: u64,
}

impl Conversation {
    fn new(version: ProtocolVersion, compression: Option<Compression>, page: usize) -> Self {
        let settings = Settings {
            compression,
            authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
            keyspace: Some("ks".to_owned()),
            ..only(version)
        };
        Self { version, settings, page: Bytes::from(vec![7; page]) }
    }

    fn node(&self) -> ScriptedNode {
        let node = ScriptedNode::builder().password("ada", "hunter2").buffer(PAGE * 2).in_memory();
        let page = Prime::statement("a page");
        node.prime(page.raw(Opcode::Result, EnvelopeFlags::NONE, self.page.clone()));
        node
    }

    /// Connects, asks for this and that, and closes. Gives how many requests were answered.
    async fn over<S>(&self, node: &ScriptedNode, stream: S, whole: bool) -> usize
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let opening = Connection::over(stream, "node", &self.settings, millis(LIMIT_MS));
        let connection = match opening.await {
            Ok(connection) => connection,
            Err(error) => {
                assert!(!whole, "{error}");
                return 0;
            }
        };
        let mut answered = 0;
        for statements in [&["one", "a page", "two"][..], &["three"]] {
            let asked = statements.iter().filter_map(|statement| {
                let envelope = super::query(&connection, statement);
                let sent = connection.send(envelope, millis(LIMIT_MS));
                sent.ok().map(|sent| (*statement, sent.request))
            });
            for (statement, request) in asked.collect::<Vec<_>>() {
                match request.await {
                    Ok(answer) => self.check(statement, &answer.body),
                    Err(error) => {
                        assert!(!whole, "{error}");
                        let ran = node.count_statement(statement) > 0;
                        assert!(!ran || error.may_have_been_applied(), "{error}");
                        continue;
                    }
                }
                answered += 1;
            }
        }
        connection.close(millis(CLOSE_MS)).await;
        assert!(connection.is_ended());
        assert_eq!((connection.usage(), connection.load()), (Usage::default(), 0));
        answered
    }

    /// An answer is the right one, or none: so it is where there are checksums.
    fn check(&self, statement: &str, body: &Bytes) {
        if self.version.uses_segments() {
            let expected = if statement == "a page" { &self.page[..] } else { VOID };
            assert!(*body == expected, "the answer to {statement} is not its own");
        }
    }

    async fn undisturbed(&self) -> Length {
        let node = self.node();
        let (stream, count) = Counted::new(node.connect());
        assert_eq!(self.over(&node, stream, true).await, 4);
        Length { reads: count.of(Sense::Reads), writes: count.of(Sense::Writes) }
    }

    async fn disturbed(&self, sense: Sense, at: u64, fault: Fault) {
        let baseline = Baseline::of_tasks();
        let begun = Instant::now();
        let node = self.node();
        let stream = FaultyStream::new(node.connect(), sense, at, fault);
        let told = tokio::time::timeout(Duration::from_secs(60), self.over(&node, stream, false));
        let answered = told.await.expect("a request is never told what became of it");
        let took = begun.elapsed();
        match fault {
            // Whoever is told that it is over waits no longer.
            Fault::Cut | Fault::Reset => assert!(took < Duration::from_millis(50), "{took:?}"),
            // To connect, or for two requests in turn; and to close.
            _ => assert!(took <= Duration::from_millis(2 * LIMIT_MS + CLOSE_MS + 150), "{took:?}"),
        }
        assert!(answered <= 4);
        eventually(Duration::from_secs(5), "closed", || node.connections() == 0).await;
        check_violations(&node.take_violations(), sense, fault);
        drop(node);
        baseline.regained().await;
    }

    /// Breaks it at these bytes, in each direction and in each way. One bit of each byte is flipped,
    /// another one in each byte; in the long run all of them.
    async fn sweep(&self, bytes: impl Fn(u64) -> Vec<u64>) -> usize {
        let length = self.undisturbed().await;
        let mut cases = 0;
        for (sense, length) in [(Sense::Reads, length.reads), (Sense::Writes, length.writes)] {
            for at in bytes(length) {
                let flips = (at..).take(rounds(1, 8)).map(|bit| Fault::Flip(1 << (bit % 8)));
                for fault in [Fault::Cut, Fault::Stall, Fault::Reset].into_iter().chain(flips) {
                    self.disturbed(sense, at, fault).await;
                    cases += 1;
                }
            }
        }
        cases
    }
}

/// Whatever it reads, the client keeps to the protocol; but where there are no checksums, one bit
/// makes a READY of an AUTHENTICATE. What it writes may end in the middle of something when the
/// stream does, and what was flipped on its way is not its own doing.
fn check_violations(violations: &[Violation], sense: Sense, fault: Fault) {
    for violation in violations {
        let by_fault = match (sense, fault, &violation.kind) {
            (Sense::Writes, Fault::Flip(_), _) => true,
            (Sense::Reads, Fault::Flip(_), kind) => {
                matches!(kind, ViolationKind::OutOfTurn { opcode: Opcode::Query, .. })
            }
            (Sense::Writes, Fault::Cut | Fault::Reset | Fault::Stall, kind) => {
                matches!(kind, ViolationKind::Framing(FramingError::CutEnvelope { .. }))
            }
            (Sense::Reads, ..) => false,
        };
        assert!(by_fault, "{fault:?} in what it {sense:?}: {violation}");
    }
}

fn every(length: u64) -> Vec<u64> {
    (0..length).collect()
}

fn every_few(length: u64) -> Vec<u64> {
    (0..length).step_by(rounds(13, 1)).collect()
}

/// Those bytes of a long conversation where segments and envelopes meet, and some in between.
fn telling(length: u64) -> Vec<u64> {
    let near = |at: u64| at.saturating_sub(20)..at + 20;
    let boundaries = near(131_071).chain(near(131_600)).chain(near(length));
    let between = (0..length).step_by(rounds(9_973, 97));
    boundaries.chain(between).filter(|at| *at < length).collect()
}

#[tokio::test(start_paused = true)]
async fn g11_4_a_conversation_broken_at_every_byte() {
    for (version, compression) in WAYS {
        let conversation = Conversation::new(version, compression, SHORT_PAGE);
        let cases = conversation.sweep(every).await;
        assert!(cases > 1_600, "{cases} cases");
    }
}

#[tokio::test(start_paused = true)]
async fn g11_4_a_page_over_several_segments_broken_in_its_midst() {
    for (version, compression) in WAYS {
        let conversation = Conversation::new(version, compression, PAGE);
        // Compressed it has some hundreds of bytes.
        let bytes = if compression.is_some() { every_few } else { telling };
        let cases = conversation.sweep(bytes).await;
        assert!(cases > 100, "{cases} cases");
    }
}
