//! Getting into a keyspace: connections that are in it, where they have to be, and a server's word
//! that there is one of this name.

use std::future::poll_fn;
use std::sync::Arc;

use cqlwire_codec::{Consistency, ErrorCode, StatementKind};
use cqlwire_net::Deadline;
use cqlwire_pool::{NotConnected, Unconnected};

use crate::error::{Attempt, AttemptFailure, Error, ErrorKind, Result, TimeoutPhase};
use crate::keyspace::{InKeyspace, Keyspace};
use crate::operation::{Options, Statement, StatementOperation};
use crate::shared::Shared;
use crate::speculation::Executions;
use crate::timed::timed;

/// What any server answers, in a keyspace that there is.
const PROBE: &str = "SELECT key FROM system.local WHERE key = 'local'";

/// The keyspace of this name, ready for requests. One that anybody is in costs nothing.
///
/// # Cancel safety
///
/// Dropped, its connections close unless somebody else is in it.
pub(crate) async fn enter(
    shared: &Arc<Shared>,
    name: &str,
    deadline: Deadline,
) -> Result<Arc<Keyspace>> {
    if name.is_empty() {
        return Err(ErrorKind::Settings {
            setting: "keyspace".into(),
            why: "its name is empty".into(),
        }
        .into());
    }
    let keyspace = shared.keyspaces.open(shared.cluster(), name);
    if !keyspace.is_known() {
        connect(shared, &keyspace, deadline).await?;
        probe(shared, &keyspace, deadline).await?;
        keyspace.set_known();
    }
    Ok(keyspace)
}

/// Opens the connections that it takes.
async fn connect(shared: &Shared, keyspace: &Arc<Keyspace>, deadline: Deadline) -> Result<()> {
    let (own, closing) = (Arc::clone(keyspace), shared.cluster().closing());
    let connecting = timed(&shared.runtime, async move {
        let Some(connections) = own.connections() else { return Ok(()) };
        tokio::select! {
            biased;
            ready = connections.ready(deadline) => ready,
            // Whoever asks then is told so.
            () = closing => Ok(()),
        }
    });
    // Without its runtime, the request after it says so.
    let connected = connecting.await.unwrap_or(Ok(()));
    connected.map_err(|failed| not_connected(keyspace, failed, deadline))
}

/// Has a server say that there is one of this name.
async fn probe(shared: &Arc<Shared>, keyspace: &Arc<Keyspace>, deadline: Deadline) -> Result<()> {
    let profile = shared.profiles.current();
    let mut options = Options::of(profile, InKeyspace::Borrowed(keyspace));
    options.settings.consistency = Consistency::LocalOne;
    let mut run = Executions::later(deadline, None);
    let asked = poll_fn(|context| {
        let probe = StatementOperation::new(Statement::Text(PROBE), &(), &options);
        run.poll(shared, &probe, true, context)
    });
    let unknown = |kind| match kind {
        ErrorKind::Server { host, error, .. } if error.code == ErrorCode::Invalid => {
            ErrorKind::UnknownKeyspace { keyspace: name_of(keyspace), host, error }
        }
        other => other,
    };
    asked.await.map(drop).map_err(|error| error.map_kind(unknown))
}

/// Why none of its connections could be opened.
#[cold]
fn not_connected(keyspace: &Keyspace, failed: Vec<NotConnected>, deadline: Deadline) -> Error {
    let unknown = failed.iter().find_map(|failed| match &failed.reason {
        Unconnected::Failed(error) => Some((failed, error.unknown_keyspace()?)),
        _ => None,
    });
    let timed_out = failed.iter().any(|failed| failed.reason.is_timeout());
    let kind = match unknown {
        Some((failed, error)) => ErrorKind::UnknownKeyspace {
            keyspace: name_of(keyspace),
            host: failed.address.to_string().into(),
            error: Box::new(error.clone()),
        },
        None if timed_out => {
            let of_attempt = !deadline.remaining().is_zero();
            ErrorKind::Timeout { phase: TimeoutPhase::Connect, host: None, of_attempt }
        }
        None => ErrorKind::NoHostAvailable { plan_was_empty: false },
    };
    let attempts = failed.into_iter().map(|failed| Attempt {
        host: failed.address.to_string().into(),
        failure: AttemptFailure::NotConnected(failed),
    });
    Error::after(kind, StatementKind::Read, attempts.collect(), Some(deadline.elapsed()))
}

fn name_of(keyspace: &Keyspace) -> Arc<str> {
    keyspace.name().unwrap_or_default().into()
}
