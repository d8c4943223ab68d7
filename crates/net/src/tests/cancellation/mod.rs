//! Futures that are dropped, at each poll and in each state of their bytes: what was not written
//! never is, the wire stays whole, and everything comes back.

mod opening;
mod requests;
mod waiting;

use std::time::Duration;

use cqlwire_mux::Usage;
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::probe::Baseline;

use super::dialers::somewhere;
use super::seconds;
use crate::{Connection, Settings};

const SOON: Duration = Duration::from_secs(5);

async fn at_rest(connection: &Connection) {
    eventually(SOON, "at rest", || connection.usage() == Usage::default()).await;
}

/// Opens connections to this node by these settings, and drops each at another poll, until one is
/// open; after each of them nothing is left. Gives how many were dropped.
pub(super) async fn opening_dropped_at_every_poll(
    node: &ScriptedNode,
    settings: &Settings,
) -> usize {
    let (endpoint, baseline) = (somewhere(), Baseline::of_tasks());
    let fresh = || async {
        drop(Connection::open(&endpoint, settings, seconds(60)).await.unwrap());
    };
    let gone = async |_cut: Cut| {
        eventually(SOON, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    };
    cancel_at_every_poll(fresh, gone).await.1
}
