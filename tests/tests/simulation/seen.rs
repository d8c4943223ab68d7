//! What became of requests, as callers have seen it: the session has to have counted the same.

use cqlwire::{Error, ErrorKind, RequestTotals};

/// How often callers have seen each outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) counts: [u64; OUTCOMES],
    /// There were requests that no caller sees one by one: those of a load, pages asked for ahead.
    pub(crate) not_all: bool,
}

const OUTCOMES: usize = 10;

impl Seen {
    /// One more; `None`: it was let go of.
    pub(crate) fn note(&mut self, outcome: Option<Result<(), &Error>>) {
        let which = match outcome {
            Some(Ok(())) => 0,
            None => 9,
            Some(Err(error)) => match error.kind() {
                ErrorKind::Server { .. } => 1,
                ErrorKind::Timeout { .. } => 2,
                ErrorKind::ConnectionLost { .. } => 3,
                ErrorKind::NoHostAvailable { .. } => 4,
                ErrorKind::Overloaded { .. } => 5,
                ErrorKind::Encode(_) => 6,
                ErrorKind::SessionClosed => 8,
                _ => 7,
            },
        };
        self.counts[which] += 1;
    }

    /// What is different in what the session has counted.
    pub(crate) fn differs(&self, totals: &RequestTotals) -> Option<String> {
        let counted = [
            totals.ok,
            totals.server_errors,
            totals.timed_out(),
            totals.lost,
            totals.no_host_available,
            totals.rejected,
            totals.invalid,
            totals.unreadable,
            totals.closed,
            totals.cancelled,
        ];
        let seen = self.counts;
        let is_same = if self.not_all {
            counted.iter().zip(&seen).all(|(counted, seen)| counted >= seen)
        } else {
            counted == seen
        };
        (!is_same).then(|| format!("counted {counted:?}, seen {seen:?}: {totals}"))
    }
}
