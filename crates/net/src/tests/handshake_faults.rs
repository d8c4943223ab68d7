//! The way to a connection over TLS, broken at its bytes in each direction: the attempt ends with
//! what went wrong, by its deadline, and nothing is left of it.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::{Counted, Fault, FaultyStream, Sense};
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::certificates::trusting;
use super::dialers::{Dials, by, somewhere};
use super::{ask, millis, rounds, send};
use crate::{
    ByteStream, ConnectError, ConnectPhase, Connection, PlainCredentials, Reached, RequestFailure,
    Settings,
};
use cqlwire_testkit::tls::{Authority, acceptor, serve};

const LIMIT_MS: u64 = 200;
const LIMIT: Duration = Duration::from_millis(LIMIT_MS);
const SOON: Duration = Duration::from_secs(5);

/// A node behind TLS that asks for a password, and who can get in.
struct Behind {
    node: Arc<ScriptedNode>,
    authority: Authority,
    acceptor: TlsAcceptor,
    settings: Settings,
}

impl Behind {
    fn new() -> Self {
        let authority = Authority::new("authority");
        let node = ScriptedNode::builder().password("ada", "hunter2").buffer(64).in_memory();
        let settings = Settings {
            authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
            keyspace: Some("ks".to_owned()),
            ..Settings::default()
        };
        let acceptor = acceptor(&authority.sign("db.example"), None);
        Self { node: Arc::new(node), authority, acceptor, settings }
    }

    /// Connects by way of what `wrap` makes of each stream.
    async fn open<S: ByteStream + 'static>(
        &self,
        wrap: impl Fn(DuplexStream) -> S + Send + Sync + 'static,
    ) -> Result<Connection, ConnectError> {
        let (node, acceptor) = (Arc::clone(&self.node), self.acceptor.clone());
        let dials = Dials::new(move |_| {
            let (near, far) = duplex(64 << 10);
            serve(&node, &acceptor, far);
            Ok(Box::new(wrap(near)))
        });
        // New each time: nothing of an attempt before is taken up again, and all are alike.
        let tls = Some(trusting(&self.authority));
        let settings = by(&dials, Settings { tls, ..self.settings.clone() });
        Connection::open(&somewhere(), &settings, millis(LIMIT_MS)).await
    }

    /// How many bytes there are on the way to a connection, read and written.
    async fn length(&self) -> [(Sense, u64); 2] {
        let (sender, counts) = std::sync::mpsc::channel();
        let counted = self.open(move |near| {
            let (stream, count) = Counted::new(near);
            sender.send(count).unwrap();
            stream
        });
        let connection = counted.await.unwrap();
        let count = counts.recv().unwrap();
        let length = [Sense::Reads, Sense::Writes].map(|sense| (sense, count.of(sense)));
        connection.close(millis(LIMIT_MS)).await;
        length
    }

    async fn broken(&self, sense: Sense, at: u64, fault: Fault) {
        let (baseline, begun) = (Baseline::of_tasks(), Instant::now());
        let opened = self.open(move |near| FaultyStream::new(near, sense, at, fault)).await;
        let took = begun.elapsed();
        match (opened, fault) {
            // TLS takes no notice of the version in the head of its records: all is well then.
            (Ok(connection), Fault::Flip(_)) => drop(ask(&connection, "SELECT now").await),
            (Ok(_), _) => panic!("{fault:?} at {at} of what it {sense:?}"),
            (Err(error), _) => check(&error, took, fault),
        }
        eventually(SOON, "closed", || self.node.connections() == 0).await;
        baseline.regained().await;
        self.node.take_violations();
    }
}

fn check(error: &ConnectError, took: Duration, fault: Fault) {
    match fault {
        Fault::Cut | Fault::Reset => assert!(took.is_zero(), "{took:?}: {error}"),
        Fault::Stall => assert!(error.is_timeout(), "{error}"),
        // A length that was flipped is waited for, in vain.
        Fault::Flip(_) => {}
    }
    assert_eq!(error.is_timeout(), !took.is_zero(), "{took:?}: {error}");
    assert!(took <= LIMIT + Duration::from_millis(1), "{took:?}: {error}");
    assert!(!matches!(error.phase, ConnectPhase::Resolve | ConnectPhase::Tcp), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g11_4_the_way_to_a_connection_over_tls_broken_at_its_bytes() {
    let behind = Behind::new();
    for (sense, length) in behind.length().await {
        assert!(length > 500, "{length} bytes");
        // Signatures differ in length by a few bytes, and so do the ways to a connection.
        for at in (0..length - 8).step_by(rounds(7, 1)) {
            let faults = [Fault::Cut, Fault::Stall, Fault::Reset, Fault::Flip(1 << (at % 8))];
            for fault in faults {
                behind.broken(sense, at, fault).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_connecting_over_tls_ends_in_each_phase() {
    let behind = Behind::new();
    for (opcode, phase) in [
        (Opcode::Startup, ConnectPhase::Startup),
        (Opcode::AuthResponse, ConnectPhase::Authentication),
        (Opcode::Query, ConnectPhase::UseKeyspace),
    ] {
        behind.node.clear_primes();
        behind.node.prime(Prime::opcode(opcode).silence());
        let (baseline, begun) = (Baseline::of_tasks(), Instant::now());
        let error = behind.open(|near| near).await.unwrap_err();
        assert_eq!((error.is_timeout(), error.phase), (true, phase));
        assert!(begun.elapsed() <= LIMIT + Duration::from_millis(50), "{error}");
        eventually(SOON, "closed", || behind.node.connections() == 0).await;
        baseline.regained().await;
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_stuck_write_over_tls_delays_no_deadline_and_no_close() {
    let behind = Behind::new();
    let connection = behind.open(|near| near).await.unwrap();
    behind.node.pause_reading();
    // More than the stream holds, and TLS before it.
    let stuck = send(&connection, &"x".repeat(1 << 20), millis(600_000));
    tokio::time::sleep(Duration::from_millis(8)).await;
    let queued = send(&connection, "queued", millis(LIMIT_MS)).await.unwrap_err();
    let passed = RequestFailure::DeadlinePassed(Reached::Queued);
    assert_eq!(queued.failure.to_string(), passed.to_string());
    let begun = Instant::now();
    connection.close(millis(LIMIT_MS)).await;
    assert!(begun.elapsed() <= LIMIT + Duration::from_millis(50), "{:?}", begun.elapsed());
    assert!(matches!(stuck.await.unwrap_err().failure, RequestFailure::Unsent(_)));
    behind.node.resume_reading();
    eventually(SOON, "closed", || behind.node.connections() == 0).await;
    behind.node.take_violations();
}

#[tokio::test(start_paused = true)]
async fn i5_a_server_that_ends_its_half_during_the_handshake_is_waited_for_no_longer() {
    let dials = Dials::played(|_, mut server| async move {
        server.asked().await;
        server.stream.shutdown().await.unwrap();
        // It would read on for ever.
        std::future::pending::<()>().await;
    });
    let begun = Instant::now();
    let settings = by(&dials, super::played::settings());
    let error = Connection::open(&somewhere(), &settings, millis(LIMIT_MS)).await.unwrap_err();
    assert!(begun.elapsed().is_zero() && !error.is_timeout(), "{error}");
    assert_eq!(error.phase, ConnectPhase::Startup);
}
