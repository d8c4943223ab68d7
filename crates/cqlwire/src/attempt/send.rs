//! One request to one host.

use std::sync::Arc;

use cqlwire_cluster::Host;
use cqlwire_net::{Deadline, RefusedBecause, Request};

use crate::error::AttemptFailure;
use crate::operation::{Encoded, Failure, NotEncoded, Operation};
use crate::prepared::StatementMetadata;
use crate::scratch;

/// How often a connection of one host is picked before another host has its turn: those that were
/// lost a moment ago may still be offered.
const MAX_PICKS: u32 = 3;

/// A request that a host has taken.
pub(super) struct Sent {
    pub(super) host: Arc<Host>,
    pub(super) request: Request,
    /// By what it was encoded.
    pub(super) metadata: Option<Arc<StatementMetadata>>,
}

/// Why a host did not get the request.
pub(super) enum NotSent {
    /// It has to prepare the statement first.
    Unprepared,
    Failed(Failure),
}

impl From<NotEncoded> for NotSent {
    #[cold]
    fn from(error: NotEncoded) -> Self {
        match error {
            NotEncoded::Unprepared => Self::Unprepared,
            NotEncoded::Values(error) => Self::Failed(Failure::Values(error)),
            NotEncoded::Refused(kind) => Self::Failed(Failure::Final(kind)),
        }
    }
}

/// Encodes the operation for a connection of the host, and hands it over.
pub(super) fn send_to<O: Operation>(
    host: &Host,
    operation: &O,
    deadline: Deadline,
) -> Result<(Request, Option<Arc<StatementMetadata>>), NotSent> {
    let mut refused = RefusedBecause::Ended;
    for _ in 0..MAX_PICKS {
        let connection = host.pool().pick().map_err(not_connected)?;
        let Encoded { envelope, metadata } =
            operation.encode(host, &connection, scratch::take())?;
        match connection.send(envelope, deadline) {
            Ok(sent) => {
                if let Some(buffer) = sent.buffer {
                    scratch::give_back(buffer);
                }
                return Ok((sent.request, metadata));
            }
            Err(error) => {
                refused = error.because;
                scratch::give_back(error.envelope.into_buffer());
            }
        }
    }
    Err(NotSent::Failed(Failure::Attempt(AttemptFailure::Refused(refused))))
}

#[cold]
fn not_connected(error: cqlwire_pool::NotConnected) -> NotSent {
    NotSent::Failed(Failure::Attempt(AttemptFailure::NotConnected(error)))
}
