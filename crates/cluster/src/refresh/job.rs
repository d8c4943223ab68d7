//! What the refresh task waits for: one thing at a time, beside what it watches.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cqlwire_codec::SchemaTarget;
use cqlwire_net::{Deadline, SessionLog};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::contact::Contacts;
use crate::control::Control;
use crate::events::{Refresh, StaleKeyspace, StaleSchema};
use crate::listing::ClusterRows;
use crate::schema::{self, Schema, SchemaRefresh};
use crate::shared::Shared;
use crate::{ContactAttempt, ContactFailure, Distance, Host};

/// Something is read, or connected to. Dropped, it is given up.
pub(super) struct Job {
    future: Pin<Box<dyn Future<Output = Done> + Send>>,
    /// What is read.
    refresh: Option<Refresh>,
}

/// What has come of it.
pub(super) enum Done {
    Connected {
        control: Control,
        rows: ClusterRows,
    },
    Refreshed {
        read: Read,
        /// All demands up to this number are met by it.
        meets: u64,
    },
    Failed {
        refresh: Refresh,
        error: ContactFailure,
    },
}

/// What was read.
pub(super) struct Read {
    pub(super) rows: Option<ClusterRows>,
    pub(super) schema: Option<Schema>,
    /// The server will not say what the schema is.
    pub(super) schema_refused: bool,
}

impl Job {
    /// Reads what is asked for.
    pub(super) fn refresh(
        shared: &Arc<Shared>,
        control: &Control,
        refresh: Refresh,
        meets: u64,
    ) -> Self {
        let (shared, control, asked) = (Arc::clone(shared), control.clone(), refresh.clone());
        let reading = async move {
            match read(&shared, &control, &asked).await {
                Ok(read) => Done::Refreshed { read, meets },
                Err(error) => Done::Failed { refresh: asked, error },
            }
        };
        Self { future: Box::pin(reading), refresh: Some(refresh) }
    }

    /// Tries every server that is known, and those that the contact points stand for by now, until
    /// one answers. So many before it, one after the other, were lost as soon as they were there. A host
    /// that has come up is asked at once.
    pub(super) fn connect(shared: &Arc<Shared>, mut failures: u32, came_up: &Arc<Notify>) -> Self {
        let (shared, came_up) = (Arc::clone(shared), Arc::clone(came_up));
        let connecting = async move {
            loop {
                tokio::select! {
                    biased;
                    () = sleep(shared.settings.pool.backoff.after(failures)) => {}
                    () = came_up.notified() => {}
                }
                if let Some((control, rows)) = contact(&shared).await {
                    return Done::Connected { control, rows };
                }
                failures = failures.saturating_add(1);
            }
        };
        Self { future: Box::pin(connecting), refresh: None }
    }

    /// What it was to read.
    pub(super) fn into_refresh(self) -> Option<Refresh> {
        self.refresh
    }
}

impl Future for Job {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Done> {
        self.future.as_mut().poll(context)
    }
}

async fn read(
    shared: &Shared,
    control: &Control,
    refresh: &Refresh,
) -> Result<Read, ContactFailure> {
    let mut rows = None;
    // The replication of a keyspace is read with the hosts: both say where partitions are.
    if refresh.hosts || refresh.schema.has_keyspace() {
        let deadline = Deadline::after(shared.settings.query_timeout);
        let topology = shared.topology.load_full();
        let listed = control.list(deadline, &shared.settings, Some(&topology)).await?;
        rows = Some(listed.of_cluster(Some(topology.cluster_name()))?);
    }
    let (mut schema, mut schema_refused) = (None, false);
    if !refresh.schema.is_empty() {
        let wanted = schema_refresh(&refresh.schema);
        let (known, deadline) =
            (shared.schema.load_full(), Deadline::after(shared.settings.schema_timeout));
        let settings = &shared.settings.schema;
        match schema::read(control.connection(), &wanted, &known, settings, deadline).await {
            Ok(read) => schema = Some(read),
            Err(error) if error.is_of_server() => {
                let (log, host) = (shared.settings.log(), control.address());
                if log.is_news("schema refused", host) {
                    let session = log.id();
                    tracing::warn!(%session, %host, %error, "the schema cannot be read");
                }
                schema_refused = true;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Read { rows, schema, schema_refused })
}

/// What has to be read of a schema of which this is out of date.
fn schema_refresh(stale: &StaleSchema) -> SchemaRefresh {
    let StaleSchema::Keyspaces(keyspaces) = stale else { return SchemaRefresh::Whole };
    let mut refresh = SchemaRefresh::default();
    for (keyspace, stale) in keyspaces {
        let targets = match stale {
            StaleKeyspace::Whole => &[SchemaTarget::Keyspace][..],
            StaleKeyspace::Targets(targets) => targets,
        };
        for target in targets {
            refresh.merge(SchemaRefresh::of(keyspace, target));
        }
    }
    refresh
}

async fn contact(shared: &Shared) -> Option<(Control, ClusterRows)> {
    let settings = &shared.settings;
    let timeout = settings.pool.connect_timeout.saturating_add(settings.query_timeout);
    let deadline = Deadline::after(timeout);
    let topology = shared.topology.load_full();
    let mut known: Vec<&Arc<Host>> = topology.hosts().iter().collect();
    known.retain(|host| host.distance() != Distance::Ignored);
    fastrand::shuffle(&mut known);
    // Nobody is asked from afar as long as somebody near answers.
    known.sort_by_key(|host| host.distance() != Distance::Local);
    let (pool, known_hosts) = (shared.registry.settings(), Some(&*topology));
    let mut contacts = Contacts::new(settings, pool, deadline, known_hosts);
    known.into_iter().for_each(|host| contacts.add_known(host.address().clone()));
    contacts.add_contact_points();
    while let Some(outcome) = contacts.next().await {
        match outcome {
            Ok(contacted) => return Some((contacted.control, contacted.rows)),
            Err(failed) => log_failed(settings.log(), &failed.attempt),
        }
    }
    if settings.log().is_news("nobody to ask", ()) {
        let session = settings.log().id();
        tracing::warn!(
            %session,
            "no server can be asked about the cluster: trying on; requests go to the hosts that were \
             known, and changes are not seen"
        );
    }
    None
}

/// All servers are tried again and again: what is wrong with one is said once, as long as it stays.
fn log_failed(log: &SessionLog, attempt: &ContactAttempt) {
    let session = log.id();
    let what = (attempt.host(), std::mem::discriminant(&attempt.failure));
    if log.is_news("no control connection", what) {
        tracing::warn!(%session, error = %attempt, "no control connection");
    } else {
        tracing::debug!(%session, error = %attempt, "no control connection");
    }
}
