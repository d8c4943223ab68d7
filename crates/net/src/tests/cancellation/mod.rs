//! Futures that are dropped, at each poll and in each state of their bytes: what was not written
//! never is, the wire stays whole, and everything comes back.

mod opening;
mod requests;
mod waiting;

use std::time::Duration;

use cqlwire_mux::Usage;
use cqlwire_testkit::eventually;

use crate::Connection;

const SOON: Duration = Duration::from_secs(5);

async fn at_rest(connection: &Connection) {
    eventually(SOON, "at rest", || connection.usage() == Usage::default()).await;
}
