//! The task that keeps the control connection, and the topology up to date.
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

use cqlwire_net::{Deadline, Endpoint};
use tokio::time::sleep;

use crate::cluster::Shared;
use crate::control::{ClusterRows, Control};
use crate::{ContactFailure, Topology};

/// Keeps on until the cluster is stopped; then the control connection is closed with the task.
pub(crate) async fn keep(shared: Arc<Shared>, control: Control) {
    let stopped = shared.stopped.clone();
    stopped.run_until_cancelled(watch(&shared, control)).await;
}

async fn watch(shared: &Shared, mut control: Control) {
    loop {
        tokio::select! {
            end = control.ended() => {
                tracing::info!(host = %control.endpoint(), reason = %end, "lost the control connection");
            }
            () = sleep(shared.settings.refresh_interval) => match list(shared, &control).await {
                Ok(rows) => {
                    renew(shared, rows);
                    continue;
                }
                Err(error) => {
                    tracing::warn!(host = %control.endpoint(), %error, "cannot list the cluster");
                }
            }
        }
        control = reconnect(shared).await;
    }
}

/// Tries every server that is known, and the contact points again, until one answers.
async fn reconnect(shared: &Shared) -> Control {
    let mut failures = 0;
    loop {
        for endpoint in candidates(shared) {
            let opened = open(shared, endpoint.clone()).await;
            match opened {
                Ok((control, rows)) => {
                    renew(shared, rows);
                    return control;
                }
                Err(error) => {
                    tracing::warn!(host = %endpoint, %error, "no control connection");
                }
            }
        }
        failures += 1;
        sleep(shared.settings.pool.backoff.after(failures)).await;
    }
}

fn candidates(shared: &Shared) -> Vec<Endpoint> {
    let topology = shared.topology.load();
    let known = topology.hosts().iter().map(|host| host.endpoint().clone());
    let mut candidates: Vec<Endpoint> = known.collect();
    fastrand::shuffle(&mut candidates);
    for contact in &shared.settings.contact_points {
        if !candidates.contains(contact) {
            candidates.push(contact.clone());
        }
    }
    candidates
}

async fn open(
    shared: &Shared,
    endpoint: Endpoint,
) -> Result<(Control, ClusterRows), ContactFailure> {
    let deadline = Deadline::after(shared.settings.pool.connect_timeout);
    let control = Control::open(endpoint, &shared.settings, deadline).await?;
    let rows = list(shared, &control).await?;
    Ok((control, rows))
}

/// The servers of the cluster, provided that it is still the same one.
async fn list(shared: &Shared, control: &Control) -> Result<ClusterRows, ContactFailure> {
    let deadline = Deadline::after(shared.settings.query_timeout);
    let rows = control.list(deadline).await?;
    let expected = shared.topology.load().cluster_name().to_owned();
    if rows.cluster_name == expected {
        return Ok(rows);
    }
    Err(ContactFailure::OtherCluster { expected, found: rows.cluster_name })
}

fn renew(shared: &Shared, rows: ClusterRows) {
    let known = shared.topology.load();
    let topology = Topology::new(rows, known.hosts(), &shared.settings);
    if topology.hosts().is_empty() {
        tracing::warn!("no host of the wanted data center is listed: keeping those known");
        return;
    }
    shared.topology.store(Arc::new(topology));
}
