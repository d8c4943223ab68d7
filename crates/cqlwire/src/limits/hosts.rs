//! The adaptive limits of a session, one a host: what came of each request goes in, and the pool of
//! the host has the limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cqlwire_cluster::{Host, Topology};
use cqlwire_codec::ErrorCode;
use cqlwire_net::{Reached, RequestFailure};
use tokio::time::Instant;
use uuid::Uuid;

use super::adaptive::{AdaptiveLimit, HostLimit, Sign};
use crate::error::AttemptFailure;
use crate::operation::Failure;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct HostLimits {
    settings: AdaptiveLimit,
    session: Uuid,
    hosts: Mutex<HashMap<Uuid, HostLimit>>,
}

impl HostLimits {
    pub(crate) fn new(settings: AdaptiveLimit, session: Uuid) -> Self {
        Self { settings, session, hosts: Mutex::default() }
    }

    /// The limit of a host that anything was heard of.
    #[cfg(test)]
    pub(crate) fn of(&self, host: Uuid) -> Option<usize> {
        self.hosts.lock().unwrap().get(&host).map(HostLimit::limit)
    }

    /// A request to this host came to this.
    #[cold]
    pub(crate) fn observe(
        &self,
        host: &Host,
        outcome: Result<(), &Failure>,
        topology: impl FnOnce() -> Arc<Topology>,
    ) {
        let Some(sign) = sign(outcome) else { return };
        let others = host.pool().load().unwrap_or_default();
        let now = Instant::now().into_std();
        let changed = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            if !hosts.contains_key(&host.id()) {
                forget_gone(&mut hosts, &topology());
            }
            let limit = hosts.entry(host.id()).or_insert_with(|| HostLimit::new(&self.settings));
            limit.observe(&self.settings, sign, others, now)
        };
        let pool = host.pool();
        if let Some(limit) = changed {
            let (session, host) = (self.session, host.address());
            tracing::debug!(%session, %host, limit, "another limit of requests in flight");
            pool.limit_in_flight(limit);
        }
    }
}

/// Hosts that are not in the cluster any more need no limit.
fn forget_gone(hosts: &mut HashMap<Uuid, HostLimit>, topology: &Topology) {
    hosts.retain(|id, _| topology.find(*id).is_some());
}

/// What an outcome says of the host; `None` if nothing.
fn sign(outcome: Result<(), &Failure>) -> Option<Sign> {
    let failure = match outcome {
        Ok(()) => return Some(Sign::Well),
        Err(Failure::Attempt(failure)) => failure,
        Err(_) => return None,
    };
    match failure {
        AttemptFailure::Server { error, .. } => Some(match error.code {
            ErrorCode::Overloaded | ErrorCode::ReadTimeout | ErrorCode::WriteTimeout => {
                Sign::Overloaded
            }
            _ => Sign::Well,
        }),
        // One that waited for its turn says nothing of the host: it is this limit that it waited for.
        AttemptFailure::NoResponse(error) => match error.failure {
            RequestFailure::DeadlinePassed(Reached::Queued | Reached::Written) => {
                Some(Sign::Overloaded)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cqlwire_codec::{Prefixes, ServerError};
    use cqlwire_net::{ConnectionEnd, RefusedBecause, RequestError};

    use super::*;
    use crate::error::ErrorKind;

    fn of(failure: AttemptFailure) -> Option<Sign> {
        sign(Err(&Failure::Attempt(failure)))
    }

    #[test]
    fn what_a_server_answers_is_a_sign_and_a_timeout_among_servers_a_bad_one() {
        for (code, expected) in [
            (ErrorCode::Overloaded, Sign::Overloaded),
            (ErrorCode::ReadTimeout, Sign::Overloaded),
            (ErrorCode::WriteTimeout, Sign::Overloaded),
            (ErrorCode::Unavailable, Sign::Well),
            (ErrorCode::Invalid, Sign::Well),
            (ErrorCode::Unprepared, Sign::Well),
        ] {
            let error = Box::new(ServerError::new(code, "what it says"));
            let said = of(AttemptFailure::Server { error, prefixes: Prefixes::NONE });
            assert_eq!(said, Some(expected), "{code}");
        }
        assert_eq!(sign(Ok(())), Some(Sign::Well));
    }

    #[test]
    fn what_a_host_does_not_read_or_answer_in_time_is_a_sign_and_what_waited_here_is_none() {
        let lost = RequestFailure::ConnectionLost(Arc::new(ConnectionEnd::ClosedByServer));
        for (failure, expected) in [
            (RequestFailure::DeadlinePassed(Reached::Queued), Some(Sign::Overloaded)),
            (RequestFailure::DeadlinePassed(Reached::Written), Some(Sign::Overloaded)),
            (RequestFailure::DeadlinePassed(Reached::Waiting), None),
            (lost, None),
        ] {
            let host = "127.0.0.1:9042".into();
            let error = Box::new(RequestError { host, elapsed: Duration::ZERO, failure });
            let shown = format!("{error:?}");
            assert_eq!(of(AttemptFailure::NoResponse(error)), expected, "{shown}");
        }
        assert_eq!(of(AttemptFailure::Refused(RefusedBecause::Closing)), None);
        assert_eq!(sign(Err(&Failure::Final(ErrorKind::SessionClosed))), None);
    }
}
