//! After a change of the schema: do all servers know it yet, and does the session?
//!
//! Each host is asked for its own version of the schema. What one host says of the others is gossip,
//! and late: just after a change, or after a start, it would be too easily content.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Row, RowIter, SchemaChange};
use cqlwire_net::{Connection, Deadline};
use tokio::time::sleep;
use uuid::Uuid;

use crate::shared::Shared;
use crate::timed::{Timed, timed};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(100);

const VERSION: &str = "SELECT schema_version FROM system.local WHERE key = 'local'";

/// A wait for agreement: whether it was reached in time.
pub(crate) type Agreeing = Timed<bool>;

/// Waits until every host that there is a connection to has the same schema, or until the deadline,
/// and says whether they have. By then the session knows what has changed, too.
pub(crate) fn agree(shared: &Arc<Shared>, change: SchemaChange, deadline: Deadline) -> Agreeing {
    timed(&shared.runtime, known_to_all(Arc::clone(shared), change, deadline))
}

async fn known_to_all(shared: Arc<Shared>, change: SchemaChange, deadline: Deadline) -> bool {
    let agreed = tokio::select! {
        biased;
        agreed = agreement(&shared, deadline) => agreed,
        // Nobody is asked any more.
        () = shared.cluster().closing() => return false,
    };
    if !shared.cluster().refresh(Some(change), deadline).await {
        let session = shared.log.session();
        tracing::warn!(%session, "a change of the schema could not be read in time");
    }
    agreed
}

async fn agreement(shared: &Shared, deadline: Deadline) -> bool {
    loop {
        if versions(shared, deadline).await.is_some_and(|versions| versions.len() == 1) {
            return true;
        }
        if deadline.remaining() < PAUSE {
            let session = shared.log.session();
            tracing::warn!(%session, "the servers do not agree on the schema yet");
            return false;
        }
        sleep(PAUSE).await;
    }
}

/// The versions of the schema that the hosts have; `None` if one does not say.
async fn versions(shared: &Shared, deadline: Deadline) -> Option<BTreeSet<Uuid>> {
    let mut versions = BTreeSet::new();
    for host in shared.cluster().topology().hosts() {
        // Whoever cannot be reached gets no requests either.
        if let Ok(connection) = host.pool().pick() {
            versions.insert(version(&connection, deadline).await?);
        }
    }
    Some(versions)
}

async fn version(connection: &Connection, deadline: Deadline) -> Option<Uuid> {
    let rows = connection.ask(VERSION, deadline).await.ok()?;
    RowIter::<Row<'_>>::of(&rows).ok()?.next()?.ok()?.get("schema_version").ok()
}
