//! Teaching a host that comes up the statements that are in use, while it gets but a small part of
//! its share of requests: so that few of them find that it does not know theirs.

use std::sync::{Arc, Weak};
use std::time::Duration;

use cqlwire_cluster::{ClusterChange, Host};
use cqlwire_net::Deadline;
use futures_util::stream::{iter, unfold};
use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::attempt::teach;
use crate::operation::Failure;
use crate::prepared::PreparedStatement;
use crate::shared::Shared;

/// How many hosts are taught beside each other: one that is silent holds up no other.
const MOST_HOSTS: usize = 16;

/// How many statements one is taught at a time: there is work enough for a host that has just come up.
const AT_A_TIME: usize = 4;

/// How long one of them may take. A host that takes longer, or is lost, is taught no more: the rest
/// is learnt by whoever needs it first.
const PATIENCE: Duration = Duration::from_secs(2);

/// Follows the hosts that come up, until the session is closed or nobody has it any more.
pub(crate) fn follow(shared: &Arc<Shared>) {
    let changes = shared.cluster().changes();
    let closing = shared.cluster().closing();
    let session = Arc::downgrade(shared);
    let changes = unfold(changes, |mut changes| async {
        let change = changes.next().await?;
        Some((change, changes))
    });
    let following = changes.for_each_concurrent(MOST_HOSTS, move |change| {
        let session = session.clone();
        async move {
            if let ClusterChange::HostUp { host_id, .. } = change {
                warm_up(&session, host_id).await;
            }
        }
    });
    shared.cluster().tasks().spawn(async move {
        tokio::select! {
            biased;
            () = closing => {}
            () = following => {}
        }
    });
}

async fn warm_up(session: &Weak<Shared>, host_id: Uuid) {
    let found = session.upgrade().and_then(|shared| {
        let host = host_by_id(&shared, host_id)?;
        let mut statements = shared.statements.in_use();
        statements.retain(|statement| shared.keyspaces.is_open(statement.origin()));
        Some((shared.log.session(), host, statements))
    });
    let Some((own, host, statements)) = found else { return };
    let teaching = iter(statements.into_iter().map(Ok))
        .try_for_each_concurrent(AT_A_TIME, |statement| teach_one(session, &host, statement));
    if let Err(failure) = teaching.await {
        let host = host.address();
        tracing::debug!(session = %own, %host, ?failure, "a host is not taught what is in use");
    }
}

/// Has the host prepare one statement.
///
/// # Errors
///
/// It does not answer: there is no use in asking it for others. That it will not prepare this one is
/// none.
async fn teach_one(
    session: &Weak<Shared>,
    host: &Arc<Host>,
    statement: PreparedStatement,
) -> Result<(), Failure> {
    // A teaching keeps no session: one that nobody has any more ends with its last handle.
    let begun = session.upgrade().map(|shared| {
        let taught = teach(&shared, host, &statement, 0, Deadline::after(PATIENCE));
        (shared.log.session(), taught)
    });
    let Some((session, taught)) = begun else { return Ok(()) };
    match taught.await {
        Err(failure) if !failure.is_of_server() => Err(failure),
        Err(failure) => {
            let host = host.address();
            tracing::debug!(%session, %host, ?failure, "a host was not taught a statement");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn host_by_id(shared: &Shared, host_id: Uuid) -> Option<Arc<Host>> {
    shared.cluster().topology().hosts().iter().find(|host| host.id() == host_id).cloned()
}
