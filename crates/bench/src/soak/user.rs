//! One user: one call after the other until the phase is over, some of which are let go.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire::{Error, ErrorKind};
use fastrand::Rng;
use tokio::time::timeout;

use super::phase::Progress;

/// How much later than its deadline a call may end, on a machine that has other things to do.
const SLACK: Duration = Duration::from_secs(5);

/// The longest that a user waits who then goes away, in microseconds: about as long as an answer takes.
const LONGEST_WAIT: u64 = 3_000;

/// How many calls one stream makes: a page each.
pub(super) const PAGES_OF_A_STREAM: u32 = 4;

/// What came of a call.
#[derive(Debug)]
pub(super) enum Fault {
    /// It failed, which it may while a server is away.
    Failed(&'static str),
    /// What came is not what was written.
    Wrong(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Failed(match error.kind() {
            ErrorKind::NoHostAvailable { .. } => "no host available",
            ErrorKind::Server { .. } => "error of the server",
            ErrorKind::Timeout { .. } => "timeout",
            ErrorKind::ConnectionLost { .. } => "connection lost",
            ErrorKind::Overloaded { .. } => "overloaded",
            _ => return Self::Wrong(error.to_string()),
        })
    }
}

/// Somebody who asks.
pub(super) trait User: Send + 'static {
    /// One call, of several requests perhaps: which one, the chance says. It may be dropped at any time.
    fn ask(&mut self, rng: &mut Rng) -> impl Future<Output = Result<(), Fault>> + Send;

    /// How long it may take as a whole.
    fn limit(&self) -> Duration;
}

/// Asks until the phase is over.
pub(super) async fn asks(mut user: impl User, progress: Arc<Progress>, number: u16) {
    let mut rng = Rng::with_seed(number.into());
    while !progress.is_over() {
        if rng.u32(..progress.let_go_one_in) == 0 {
            let patience = Duration::from_micros(rng.u64(..LONGEST_WAIT));
            match timeout(patience, user.ask(&mut rng)).await {
                Ok(outcome) => progress.tally.note(outcome),
                Err(_) => progress.tally.let_go(),
            }
            continue;
        }
        let began = Instant::now();
        let outcome = user.ask(&mut rng).await;
        progress.tally.note(outcome);
        if began.elapsed() > user.limit() + SLACK {
            progress.tally.overdue(began.elapsed());
        }
    }
}
