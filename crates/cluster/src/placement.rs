//! Which hosts have the partitions of each keyspace: computed when the hosts or the keyspaces change,
//! and only looked up when a request is planned.

use std::collections::HashMap;
use std::sync::Arc;

use cqlwire_codec::Token;
use cqlwire_net::SessionLog;
use foldhash::fast::FixedState;

use crate::Schema;
use crate::listing::{HostRow, Replications};
use crate::ring::{HostIndex, Member, ReplicaTable, Replication, Ring};

/// From how many tokens on the tables are computed on a thread of their own: below, it takes less
/// than a millisecond.
const MANY_TOKENS: usize = 2_048;

/// The ring, and the replicas of every keyspace on it.
#[derive(Debug)]
pub(crate) struct Placement {
    ring: Ring,
    replications: Replications,
    /// One a distinct replication.
    tables: HashMap<Replication, Option<Arc<ReplicaTable>>>,
    /// Looked up for every request, by names that come from the schema.
    keyspaces: HashMap<Box<str>, Arc<ReplicaTable>, FixedState>,
}

/// How the keyspaces of this schema are replicated, those whose partitions the ring places.
pub(crate) fn replications(schema: &Schema) -> Replications {
    let placed =
        schema.keyspaces().filter(|keyspace| !keyspace.is_virtual() && !keyspace.has_tablets());
    let parsed = placed.map(|keyspace| {
        let options = keyspace.replication().iter();
        let options = options.map(|(name, value)| (name.as_str(), value.as_str()));
        (keyspace.name().into(), Replication::parse(options))
    });
    parsed.collect()
}

impl Default for Placement {
    /// That of no hosts.
    fn default() -> Self {
        let (tables, keyspaces) = (HashMap::new(), HashMap::with_hasher(FixedState::default()));
        let replications = Replications::new();
        Self { ring: Ring::new(&[], ""), replications, tables, keyspaces }
    }
}

impl Placement {
    /// The placement on the ring of these hosts, in their order. What is the same as in `known` is
    /// not computed again.
    pub(crate) async fn compute(
        hosts: &[HostRow],
        partitioner: &str,
        replications: &Replications,
        known: &Arc<Self>,
        log: &SessionLog,
    ) -> Arc<Self> {
        let tokens: usize = hosts.iter().map(|host| host.tokens.len()).sum();
        if tokens < MANY_TOKENS {
            return Self::on(ring_of(hosts, partitioner), replications.clone(), known, log);
        }
        let (hosts, partitioner, of_known) =
            (hosts.to_vec(), partitioner.to_owned(), Arc::clone(known));
        let (replications, own_log) = (replications.clone(), log.clone());
        let computing = tokio::task::spawn_blocking(move || {
            Self::on(ring_of(&hosts, &partitioner), replications, &of_known, &own_log)
        });
        computing.await.unwrap_or_else(|error| {
            // Those known count through other hosts.
            let session = log.id();
            tracing::error!(%session, %error, "the replicas could not be computed: routing without tokens");
            Arc::default()
        })
    }

    fn on(
        ring: Ring,
        replications: Replications,
        known: &Arc<Self>,
        log: &SessionLog,
    ) -> Arc<Self> {
        let same_ring = ring == known.ring;
        let mut tables: HashMap<Replication, Option<Arc<ReplicaTable>>> = HashMap::new();
        let mut keyspaces = HashMap::with_hasher(FixedState::default());
        for (name, replication) in &replications {
            let table = tables.entry(replication.clone()).or_insert_with_key(|replication| {
                match known.tables.get(replication) {
                    Some(table) if same_ring => table.clone(),
                    Some(_) => ring.replicas(replication).map(Arc::new),
                    None => first_table(&ring, replication, log),
                }
            });
            if let Some(table) = table {
                keyspaces.insert(name.clone(), Arc::clone(table));
            }
        }
        Arc::new(Self { ring, replications, tables, keyspaces })
    }

    /// The replicas of this token, the primary one first; none if the keyspace is not placed by the
    /// ring, or not known.
    #[inline]
    pub(crate) fn replicas(&self, keyspace: &str, token: Token) -> &[HostIndex] {
        self.keyspaces.get(keyspace).map_or(&[], |table| table.of(token))
    }

    pub(crate) fn table(&self, keyspace: &str) -> Option<&Arc<ReplicaTable>> {
        self.keyspaces.get(keyspace)
    }

    pub(crate) const fn replications(&self) -> &Replications {
        &self.replications
    }

    pub(crate) const fn ring(&self) -> &Ring {
        &self.ring
    }
}

fn ring_of(hosts: &[HostRow], partitioner: &str) -> Ring {
    let members = hosts.iter().map(|host| Member {
        data_center: &host.data_center,
        rack: &host.rack,
        tokens: &host.tokens,
    });
    let members: Vec<Member<'_>> = members.collect();
    Ring::new(&members, partitioner)
}

/// That of a replication which was not seen before: of one that is not known, it is said once.
fn first_table(
    ring: &Ring,
    replication: &Replication,
    log: &SessionLog,
) -> Option<Arc<ReplicaTable>> {
    if let Replication::Unknown { class } = replication {
        tracing::warn!(
            session = %log.id(),
            class,
            "a strategy of replication is not known: its keyspaces are routed without tokens"
        );
    }
    ring.replicas(replication).map(Arc::new)
}
