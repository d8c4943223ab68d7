//! The refresh task: keeps the control connection, and the topology up to date.
//!
//! ```text
//!            time to look again                   lost
//!   watching ------------------> listing     +------------> reconnecting --+
//!      ^  ^                        |  |      |                 ^           | failed: back off
//!      |  +--------- listed -------+  +-- failed --------------+-----------+
//!      |                                                       |
//!      +------------------------- listed ----------------------+
//! ```
//!
//! Requests do not depend on it: while nobody can be asked about the cluster, the topology stays as
//! it was.

use std::sync::Arc;

use cqlwire_net::Deadline;
use cqlwire_pool::RegistryClosed;
use tokio::time::sleep;

use crate::ContactFailure;
use crate::contact::Contacts;
use crate::control::{ClusterRows, Control};
use crate::shared::Shared;

/// Goes on until the cluster is stopped; then the control connection is closed with the task.
pub(crate) async fn run(shared: Arc<Shared>, control: Control) {
    let stopped = shared.stopped.clone();
    if let Some(Err(closed)) = stopped.run_until_cancelled(watch(&shared, control)).await {
        tracing::debug!(%closed, "no refresh any more");
    }
}

async fn watch(shared: &Shared, mut control: Control) -> Result<(), RegistryClosed> {
    loop {
        tokio::select! {
            end = control.ended() => {
                tracing::info!(host = %control.address(), reason = %end, "lost the control connection");
            }
            () = sleep(shared.settings.refresh_interval) => match list(shared, &control).await {
                Ok(rows) => {
                    shared.renew(rows)?;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(host = %control.address(), %error, "cannot list the cluster");
                }
            }
        }
        // Whatever it still owes, nobody waits for it.
        drop(control);
        control = reconnect(shared).await?;
    }
}

async fn list(shared: &Shared, control: &Control) -> Result<ClusterRows, ContactFailure> {
    let deadline = Deadline::after(shared.settings.query_timeout);
    let rows = control.list(deadline, shared.settings.max_hosts).await?;
    rows.of_cluster(Some(shared.topology.load().cluster_name()))
}

/// Tries every server that is known, and those that the contact points stand for by now, until one
/// answers.
async fn reconnect(shared: &Shared) -> Result<Control, RegistryClosed> {
    let mut failures = 0;
    loop {
        if let Some((control, rows)) = contact(shared).await {
            shared.renew(rows)?;
            return Ok(control);
        }
        failures += 1;
        sleep(shared.settings.pool.backoff.after(failures)).await;
    }
}

async fn contact(shared: &Shared) -> Option<(Control, ClusterRows)> {
    let settings = &shared.settings;
    let timeout = settings.pool.connect_timeout.saturating_add(settings.query_timeout);
    let deadline = Deadline::after(timeout);
    let topology = shared.topology.load_full();
    let mut known: Vec<_> = topology.hosts().iter().map(|host| host.address()).collect();
    fastrand::shuffle(&mut known);
    let cluster = Some(topology.cluster_name());
    let mut contacts = Contacts::new(settings, shared.registry.settings(), deadline, cluster);
    known.into_iter().for_each(|address| contacts.add_known(address.clone()));
    contacts.add_contact_points();
    while let Some(outcome) = contacts.next().await {
        match outcome {
            Ok(contacted) => return Some((contacted.control, contacted.rows)),
            Err(failed) => tracing::warn!(error = %failed.attempt, "no control connection"),
        }
    }
    None
}
