//! What is known of a prepared statement: its id, its bind markers and its result columns are one
//! value, replaced as a whole.
//!
//! A server gives the same id to the same text, whatever the table looks like by then: an id alone
//! does not say which bind markers it stands for. So once two PREPAREs did not say the same, each
//! host is believed for itself alone, and a host that has not said yet is asked first:
//!
//! ```text
//!   the same for all hosts --a host says otherwise--> by host: what each said itself
//! ```
//!
//! A host that has forgotten the statement is asked first, too: from its next PREPARE on, whoever
//! sends that, it takes the old id for what the statement is by then.

use std::sync::Arc;

use bytes::Bytes;
use cqlwire_cluster::Schema;
use cqlwire_codec::{self as codec, BindMetadata, ColumnSpec};
use uuid::Uuid;

/// How many hosts are remembered one by one. Beyond that all are asked anew: hosts that are gone
/// must not add up.
const MAX_HOSTS: usize = 1_024;

/// What one PREPARE said, and what v5 told of the result since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatementMetadata {
    pub(crate) id: Bytes,
    pub(crate) bind: BindMetadata,
    /// Which bind markers make up the partition key, in its order; none if not all of it is bound.
    /// As the server says, or, on v3 where it does not, the schema.
    pub(crate) partition_key: Box<[u16]>,
    pub(crate) result: ResultMetadata,
}

/// The columns of the rows, and the id that stands for them: always together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResultMetadata {
    /// The id that v5 compares; empty if it is not known, which every server finds out of date.
    pub(crate) id: Bytes,
    /// `None` where the columns are not known beforehand, as for conditional statements.
    pub(crate) columns: Option<Arc<[ColumnSpec]>>,
}

impl StatementMetadata {
    /// What a server said, with what the schema knows beside it.
    pub(super) fn of(prepared: codec::Prepared, schema: &Schema) -> Self {
        let codec::Prepared { id, result_metadata_id, bind, result } = prepared;
        let partition_key = match &bind.partition_key[..] {
            [] => partition_key(&bind.columns, schema).unwrap_or_default(),
            told => told.into(),
        };
        let columns = result.columns.filter(|columns| !columns.is_empty());
        let result = ResultMetadata { id: result_metadata_id.unwrap_or_default(), columns };
        Self { id, bind, partition_key, result }
    }

    /// Do values that were encoded for the one mean the same to the other?
    pub(crate) fn binds_as(&self, other: &Self) -> bool {
        self.id == other.id && self.bind == other.bind
    }
}

/// Which of the bind markers are the partition key of their table, if all of it is among them.
fn partition_key(markers: &[ColumnSpec], schema: &Schema) -> Option<Box<[u16]>> {
    let first = markers.first()?;
    let of_first =
        |marker: &ColumnSpec| (&marker.keyspace, &marker.table) == (&first.keyspace, &first.table);
    let table = schema.table(&first.keyspace, &first.table)?;
    let marker = |name: &str| {
        let found = markers.iter().position(|marker| marker.name == name);
        found.and_then(|position| u16::try_from(position).ok())
    };
    let key = table.partition_key().iter().map(|column| marker(&column.name));
    markers.iter().all(of_first).then(|| key.collect()).flatten()
}

/// What is known of a statement on the hosts of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// What was said last.
    pub(super) latest: Arc<StatementMetadata>,
    /// Empty as long as all hosts that said something said the same.
    by_host: Vec<(Uuid, Arc<StatementMetadata>)>,
    /// Those that have to be asked first, whatever they said.
    forgotten: Vec<Uuid>,
}

impl Said {
    pub(super) const fn new(metadata: Arc<StatementMetadata>) -> Self {
        Self { latest: metadata, by_host: Vec::new(), forgotten: Vec::new() }
    }

    /// Is what was said last known of all hosts?
    #[inline]
    pub(super) const fn is_common(&self) -> bool {
        self.by_host.is_empty() && self.forgotten.is_empty()
    }

    /// By what values are encoded for this host; `None` if it has to be asked first.
    #[inline]
    pub(super) fn on(&self, host: Uuid) -> Option<&Arc<StatementMetadata>> {
        if !self.forgotten.is_empty() && self.forgotten.contains(&host) {
            return None;
        }
        if self.by_host.is_empty() { Some(&self.latest) } else { self.said_by(host) }
    }

    fn said_by(&self, host: Uuid) -> Option<&Arc<StatementMetadata>> {
        self.by_host.iter().find_map(|(said_by, said)| (*said_by == host).then_some(said))
    }

    /// What is known after this host was asked, and said this.
    pub(super) fn after(&self, host: Uuid, said: &Arc<StatementMetadata>) -> Self {
        // The same once more stays the one that requests go by already.
        let latest = if *said == self.latest { &self.latest } else { said };
        let latest = Arc::clone(latest);
        let others = self.forgotten.iter().filter(|other| **other != host);
        let forgotten = others.copied().collect();
        if self.by_host.is_empty() && self.latest.binds_as(said) {
            return Self { latest, by_host: Vec::new(), forgotten };
        }
        let mut by_host = self.by_host.clone();
        by_host.retain(|(other, _)| *other != host);
        if by_host.len() >= MAX_HOSTS {
            by_host.clear();
        }
        by_host.push((host, Arc::clone(&latest)));
        Self { latest, by_host, forgotten }
    }

    /// What is known after this host was asked to execute it, and knew nothing of it.
    pub(super) fn forgotten_by(&self, host: Uuid) -> Self {
        let mut known = self.clone();
        if !known.forgotten.contains(&host) {
            // Of too many, the first are those that are gone.
            if known.forgotten.len() >= MAX_HOSTS {
                known.forgotten.remove(0);
            }
            known.forgotten.push(host);
        }
        known
    }

    /// What is known after the columns of a result turned out to be others than `before` says,
    /// unless that is not what is known any more.
    pub(super) fn following(
        &self,
        before: &Arc<StatementMetadata>,
        after: &Arc<StatementMetadata>,
    ) -> Self {
        let follow = |known: &Arc<StatementMetadata>| {
            Arc::clone(if Arc::ptr_eq(known, before) { after } else { known })
        };
        let by_host = self.by_host.iter().map(|(host, known)| (*host, follow(known))).collect();
        Self { latest: follow(&self.latest), by_host, forgotten: self.forgotten.clone() }
    }
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::ColumnType;

    use super::*;

    fn metadata(id: &'static str, marker: ColumnType) -> Arc<StatementMetadata> {
        let (keyspace, table) = (Arc::from("ks"), Arc::from("t"));
        let column = ColumnSpec { keyspace, table, name: "a".to_owned(), column_type: marker };
        let bind = BindMetadata { columns: [column].into(), partition_key: Vec::new() };
        let result = ResultMetadata { id: Bytes::new(), columns: None };
        let partition_key = Box::default();
        Arc::new(StatementMetadata { id: id.into(), bind, partition_key, result })
    }

    const FIRST: Uuid = Uuid::from_u128(1);
    const SECOND: Uuid = Uuid::from_u128(2);

    #[test]
    fn g15_1_hosts_are_believed_for_each_other_until_one_says_otherwise() {
        let [int, float] = [ColumnType::Int, ColumnType::Float].map(|t| metadata("id", t));
        let known = Said::new(Arc::clone(&int));
        assert_eq!(known.on(SECOND), Some(&int));
        let known = known.after(FIRST, &metadata("id", ColumnType::Int));
        assert_eq!(known.on(SECOND), Some(&int), "the same once more changes nothing");
        let known = known.after(FIRST, &float);
        assert_eq!(known.on(FIRST), Some(&float));
        assert_eq!(known.on(SECOND), None, "to be asked first");
        let known = known.after(SECOND, &int);
        assert_eq!((known.on(FIRST), known.on(SECOND)), (Some(&float), Some(&int)));
        assert_eq!(known.latest, int);
    }

    #[test]
    fn g15_1_the_same_markers_under_another_id_are_another_statement() {
        let known = Said::new(metadata("id", ColumnType::Int));
        let known = known.after(FIRST, &metadata("another", ColumnType::Int));
        assert_eq!(known.on(SECOND), None);
    }

    #[test]
    fn g15_1_a_host_that_forgot_is_asked_first_and_no_other() {
        let int = metadata("id", ColumnType::Int);
        let known = Said::new(Arc::clone(&int)).forgotten_by(FIRST).forgotten_by(FIRST);
        assert_eq!((known.on(FIRST), known.on(SECOND)), (None, Some(&int)));
        let followed = known.following(&int, &metadata("id", ColumnType::Int));
        assert_eq!(followed.on(FIRST), None);
        let known = known.forgotten_by(SECOND).after(FIRST, &int);
        assert_eq!((known.on(FIRST), known.on(SECOND)), (Some(&int), None));
        let float = metadata("id", ColumnType::Float);
        let known = known.after(SECOND, &float);
        assert_eq!((known.on(FIRST), known.on(SECOND)), (None, Some(&float)));
    }

    #[test]
    fn g15_1_what_a_host_said_last_counts() {
        let [int, float] = [ColumnType::Int, ColumnType::Float].map(|t| metadata("id", t));
        let known = Said::new(Arc::clone(&int)).after(FIRST, &float).after(FIRST, &int);
        assert_eq!(known.on(FIRST), Some(&int));
        assert_eq!(known.by_host.len(), 1);
    }

    #[test]
    fn hosts_that_are_gone_do_not_add_up() {
        let mut known = Said::new(metadata("id", ColumnType::Int));
        for host in 0..3 * MAX_HOSTS as u128 {
            known = known.after(Uuid::from_u128(host), &metadata("id", ColumnType::Float));
            assert!(known.by_host.len() <= MAX_HOSTS);
            known = known.forgotten_by(Uuid::from_u128(host + 1));
            assert!(known.forgotten.len() <= MAX_HOSTS);
        }
    }

    #[test]
    fn g15_2_columns_are_followed_only_from_where_they_were() {
        let [one, two, three] = [ColumnType::Int, ColumnType::Float, ColumnType::Text];
        let [one, two, three] = [one, two, three].map(|t| metadata("id", t));
        let known = Said::new(Arc::clone(&one));
        assert!(Arc::ptr_eq(&known.following(&one, &two).latest, &two));
        assert!(Arc::ptr_eq(&known.following(&three, &two).latest, &one));
    }
}
