//! When what happened to a request whose times somebody asked for.

use std::sync::Arc;

use cqlwire_codec::Opcode;
use cqlwire_mux::{Measure, RequestKind};
use cqlwire_testkit::node::Prime;
use cqlwire_testkit::tls::{Authority, acceptor};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use super::certificates::trusting;
use super::dialers::{Dials, by, somewhere};
use super::played::{self, Played, VOID};
use super::*;
use crate::{RequestFailure, Timeline};

const MS: Duration = Duration::from_millis(1);
const MEASURE: Measure =
    Measure { kind: RequestKind::Other, allowed_micros: 5_000_000, is_whole: true };

fn timed(connection: &Connection, statement: &str, deadline: Deadline) -> (Request, Arc<Timeline>) {
    let (statement, timeline) = (query(connection, statement), Arc::<Timeline>::default());
    let sent = connection.send_timed(&statement, deadline, &MEASURE, None, Arc::clone(&timeline));
    (sent.unwrap(), timeline)
}

/// What is known, in milliseconds since then: queued, written, first byte.
fn known(since: Instant, timeline: &Timeline) -> [Option<u128>; 3] {
    let each = [timeline.queued(), timeline.written(), timeline.first_byte()];
    each.map(|at| at.map(|at| (at - since.into_std()).as_millis()))
}

/// A played server over a pipe in which hardly anything has room.
async fn narrow() -> (Connection, Played) {
    played::connected(&played::settings(), 64).await
}

#[tokio::test(start_paused = true)]
async fn a_response_begins_with_its_header_and_not_with_the_rest_of_it() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let start = Instant::now();
    let (request, timeline) = timed(&connection, "SELECT", seconds(5));
    let asked = server.asked().await;
    let response = played::envelope(asked.stream, Opcode::Result, &[VOID, &[0; 1_000]].concat());
    for piece in [&response[..5], &response[5..12], &response[12..500], &response[500..]] {
        sleep(10 * MS).await;
        server.stream.write_all(piece).await.unwrap();
    }
    request.await.unwrap();
    assert_eq!(start.elapsed(), 40 * MS);
    assert_eq!(known(start, &timeline), [Some(0), Some(0), Some(20)]);
}

#[tokio::test(start_paused = true)]
async fn what_the_scripted_node_says_is_timed_in_every_version() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let dials = Dials::to(&Arc::new(node));
        let settings = by(&dials, Settings { compression, ..only(version) });
        let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
        let start = Instant::now();
        let (request, timeline) = timed(&connection, "SELECT", seconds(5));
        request.await.unwrap();
        assert_eq!(known(start, &timeline), [Some(0); 3], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_written_once_the_socket_has_all_of_it() {
    let (connection, mut server) = narrow().await;
    let start = Instant::now();
    let (_request, timeline) = timed(&connection, &"x".repeat(500), seconds(5));
    sleep(10 * MS).await;
    assert_eq!(known(start, &timeline), [Some(0), None, None]);
    drop(server.asked().await);
    sleep(MS).await;
    assert_eq!(known(start, &timeline), [Some(0), Some(10), None]);
}

#[tokio::test(start_paused = true)]
async fn what_is_withdrawn_was_never_written_and_what_is_lost_has_no_first_byte() {
    let (connection, mut server) = narrow().await;
    let start = Instant::now();
    let _long = send(&connection, &"x".repeat(500), seconds(5));
    sleep(MS).await;
    let (withdrawn, of_withdrawn) = timed(&connection, "SELECT", seconds(5));
    let (overdue, of_overdue) = timed(&connection, "SELECT", millis(10));
    sleep(MS).await;
    drop(withdrawn);
    let failure = overdue.await.unwrap_err().failure;
    assert!(matches!(failure, RequestFailure::DeadlinePassed(_)), "{failure}");
    drop(server.asked().await);
    for timeline in [of_withdrawn, of_overdue] {
        assert_eq!(known(start, &timeline), [Some(1), None, None]);
    }
    let start = Instant::now();
    let (lost, of_lost) = timed(&connection, "SELECT", seconds(5));
    drop(server.asked().await);
    sleep(MS).await;
    drop(server);
    let failure = lost.await.unwrap_err().failure;
    assert!(matches!(failure, RequestFailure::ConnectionLost(_)), "{failure}");
    assert_eq!(known(start, &of_lost), [Some(0), Some(0), None]);
}

/// A driver that has something to tell to nobody any more does not turn for ever.
#[tokio::test(start_paused = true)]
async fn one_that_goes_while_it_is_written_leaves_the_driver_asleep() {
    let (connection, mut server) = narrow().await;
    let (request, timeline) = timed(&connection, &"x".repeat(500), seconds(5));
    sleep(MS).await;
    drop(request);
    drop(server.asked().await);
    sleep(MS).await;
    assert_eq!(timeline.written(), None, "it is over");
    let next = send(&connection, "SELECT", seconds(5));
    let asked = server.asked().await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    next.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn over_tls_a_request_is_written_once_it_is_flushed() {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let held = node.hold(Prime::statement("SELECT"));
    let dials = Dials::to_tls(&node, acceptor(&authority.sign("db.example"), None));
    let tls = Some(trusting(&authority));
    let settings = by(&dials, Settings { tls, ..Settings::default() });
    let connection = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap();
    let start = Instant::now();
    let (request, timeline) = timed(&connection, "SELECT", seconds(5));
    sleep(30 * MS).await;
    assert_eq!(known(start, &timeline), [Some(0), Some(0), None]);
    held.release();
    request.await.unwrap();
    assert_eq!(known(start, &timeline), [Some(0), Some(0), Some(30)]);
}
