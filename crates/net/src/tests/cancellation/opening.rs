//! Connections that are given up while they are opened.

use std::sync::Arc;

use cqlwire_codec::{FramingError, ProtocolVersion};
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::Trickle;
use cqlwire_testkit::node::{ScriptedNode, ViolationKind};
use cqlwire_testkit::probe::Baseline;
use cqlwire_testkit::tls::{Authority, acceptor};

use super::super::certificates::trusting;
use super::super::dialers::{Dials, by, somewhere};
use super::super::seconds;
use super::{SOON, opening_dropped_at_every_poll};
use crate::{Connection, PlainCredentials, Settings};

/// A node that asks for a password, and settings with which each byte of the way to it is a poll.
fn bit_by_bit() -> (Arc<ScriptedNode>, Settings) {
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let reached = Arc::clone(&node);
    let dials = Dials::new(move |_| Ok(Box::new(Trickle::new(reached.connect(), &[9], &[7]))));
    let settings = Settings {
        authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
        keyspace: Some("ks".to_owned()),
        ..by(&dials, Settings::default())
    };
    (node, settings)
}

/// A client that goes in the middle of its handshake leaves half an envelope, and nothing worse.
fn assert_only_cut_short(node: &ScriptedNode) {
    for violation in node.take_violations() {
        let cut = ViolationKind::Framing(FramingError::CutEnvelope { present: 0 });
        assert_eq!(std::mem::discriminant(&violation.kind), std::mem::discriminant(&cut));
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_opening_is_dropped_at_every_poll() {
    let (node, settings) = bit_by_bit();
    let dropped = opening_dropped_at_every_poll(&node, &settings).await;
    assert!(dropped > 30, "{dropped} points");
    assert_only_cut_short(&node);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_handshake_over_a_given_stream_is_dropped_at_every_poll() {
    let (node, settings) = bit_by_bit();
    let baseline = Baseline::of_tasks();
    let fresh = || async {
        let stream = Trickle::new(node.connect(), &[30], &[11]);
        drop(Connection::over(stream, "node", &settings, seconds(60)).await.unwrap());
    };
    let gone = async |_cut: Cut| {
        eventually(SOON, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    };
    let ((), dropped) = cancel_at_every_poll(fresh, gone).await;
    assert!(dropped > 10, "{dropped} points");
    assert_only_cut_short(&node);
}

#[tokio::test(start_paused = true)]
async fn g8_1_opening_with_tls_is_dropped_at_every_poll() {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let acceptor = acceptor(&authority.sign("db.example"), None);
    let dials = Dials::to_tls_by(&node, acceptor, |near| Trickle::new(near, &[30], &[20]));
    let tls = Some(trusting(&authority));
    let settings = by(&dials, Settings { tls, ..Settings::default() });
    let dropped = opening_dropped_at_every_poll(&node, &settings).await;
    assert!(dropped > 30, "{dropped} points");
    assert_only_cut_short(&node);
}

#[tokio::test(start_paused = true)]
async fn g8_1_falling_back_to_an_older_version_is_dropped_at_every_poll() {
    let versions = [ProtocolVersion::V3];
    let node = Arc::new(ScriptedNode::builder().versions(versions).in_memory());
    let settings = by(&Dials::to(&node), Settings::default());
    let (endpoint, baseline) = (somewhere(), Baseline::of_tasks());
    let fresh = || async {
        let connection = Connection::open(&endpoint, &settings, seconds(60)).await.unwrap();
        assert_eq!(connection.version(), ProtocolVersion::V3);
    };
    let ((), dropped) = cancel_at_every_poll(fresh, async |_cut: Cut| {
        eventually(SOON, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    })
    .await;
    assert!(dropped >= 4, "{dropped} points");
    node.assert_clean();
}
