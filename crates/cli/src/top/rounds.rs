//! Asking all hosts, each interval anew: every host by itself, so that one that is silent holds up no
//! other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire::{Host, Session};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Interval, MissedTickBehavior};
use uuid::Uuid;

use super::ask::ask;
use super::board::{Board, Who};
use super::sample::Sample;

/// What came of asking one host.
type Answer = (Uuid, Instant, Result<Sample, String>);

/// See the [module](self).
pub(super) struct Rounds<'a> {
    session: &'a Session,
    /// How long a host may take: less than until the next round, so that none is asked twice at a time.
    patience: Duration,
    ticks: Interval,
    asked: FuturesUnordered<BoxFuture<'a, Answer>>,
    board: Board,
}

/// What has happened.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All hosts are asked.
    Began,
    /// One has answered, or not in time, and others have not yet.
    Answered,
    /// The last one has.
    Ended,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(session: &'a Session, interval: Duration, patience: Duration) -> Self {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (asked, board) = (FuturesUnordered::new(), Board::default());
        Self { session, patience, ticks, asked, board }
    }

    pub(super) const fn board(&self) -> &Board {
        &self.board
    }

    /// The name of the cluster.
    pub(super) fn cluster(&self) -> String {
        self.session.topology().cluster_name().to_owned()
    }

    /// Waits for the next thing. Dropped, it loses nothing.
    pub(super) async fn next(&mut self) -> Step {
        tokio::select! {
            biased;
            Some((id, at, outcome)) = self.asked.next() => {
                self.board.take(id, at, outcome);
                if self.asked.is_empty() { Step::Ended } else { Step::Answered }
            }
            _ = self.ticks.tick() => {
                self.begin();
                Step::Began
            }
        }
    }

    fn begin(&mut self) {
        let topology = self.session.topology();
        self.board.update(topology.hosts().iter().map(|host| Who::of(host)));
        let (session, patience) = (self.session, self.patience);
        for host in topology.hosts() {
            self.asked.push(Box::pin(asking(session, Arc::clone(host), patience)));
        }
    }
}

async fn asking(session: &Session, host: Arc<Host>, patience: Duration) -> Answer {
    let at = Instant::now();
    let outcome = ask(session, &host, patience).await;
    (host.id(), at, outcome)
}
