//! Teaching a host that comes up the statements that are in use, while it gets but a small part of
//! its share of requests: so that few of them find that it does not know theirs.

use std::sync::{Arc, Weak};
use std::time::Duration;

use cqlwire_cluster::{ClusterChange, Host};
use cqlwire_net::Deadline;
use futures_util::StreamExt;
use futures_util::stream::iter;
use uuid::Uuid;

use crate::attempt::teach;
use crate::shared::Shared;

/// How many statements it is taught at a time: there is work enough for a host that has just come up.
const AT_A_TIME: usize = 4;

/// How long one of them may take. Then it is learnt by whoever needs it first.
const PATIENCE: Duration = Duration::from_secs(2);

/// Follows the hosts that come up, until the session is closed or nobody has it any more.
pub(crate) fn follow(shared: &Arc<Shared>) {
    let mut changes = shared.cluster().changes();
    let closing = shared.cluster().closing();
    let session = Arc::downgrade(shared);
    let following = async move {
        while let Some(change) = changes.next().await {
            if let ClusterChange::HostUp { host_id, .. } = change {
                warm_up(&session, host_id).await;
            }
        }
    };
    shared.cluster().tasks().spawn(async move {
        tokio::select! {
            () = following => {}
            () = closing => {}
        }
    });
}

async fn warm_up(session: &Weak<Shared>, host_id: Uuid) {
    let found = session.upgrade().and_then(|shared| {
        let host = host_by_id(&shared, host_id)?;
        let mut statements = shared.statements.in_use();
        statements.retain(|statement| shared.keyspaces.is_open(statement.origin()));
        Some((host, statements))
    });
    let Some((host, statements)) = found else { return };
    let teaching = iter(statements).for_each_concurrent(AT_A_TIME, |statement| {
        let (session, host) = (session.clone(), Arc::clone(&host));
        async move {
            // A session that nobody has any more is not kept for longer than one statement takes.
            let Some(shared) = session.upgrade() else { return };
            let deadline = Deadline::after(PATIENCE);
            let taught = teach(&shared, &host, &statement, 0, deadline);
            let own = shared.log.session();
            drop(shared);
            if let Err(failure) = taught.await {
                let (session, host) = (own, host.address());
                tracing::debug!(%session, %host, ?failure, "a host was not taught a statement");
            }
        }
    });
    teaching.await;
}

fn host_by_id(shared: &Shared, host_id: Uuid) -> Option<Arc<Host>> {
    shared.cluster().topology().hosts().iter().find(|host| host.id() == host_id).cloned()
}
