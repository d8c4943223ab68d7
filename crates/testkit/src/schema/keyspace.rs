//! A keyspace, and what is in it.

use std::collections::BTreeMap;

use super::{Aggregate, Function, Table, UserType, View};

/// A keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    /// Its name.
    pub name: String,
    /// The options of its replication, `class` among them.
    pub replication: BTreeMap<String, String>,
    /// Whether writes go through the commit log.
    pub durable_writes: bool,
    /// Its tables by name.
    pub tables: BTreeMap<String, Table>,
    /// Its user types by name.
    pub types: BTreeMap<String, UserType>,
    /// Its functions by name and types of arguments.
    pub functions: BTreeMap<(String, Vec<String>), Function>,
    /// Its aggregates by name and types of arguments.
    pub aggregates: BTreeMap<(String, Vec<String>), Aggregate>,
    /// Its views by name.
    pub views: BTreeMap<String, View>,
}

impl Keyspace {
    /// An empty keyspace of this strategy, by the name of its class within Cassandra's
    /// `org.apache.cassandra.locator`, or in full.
    pub fn new<const N: usize>(name: &str, class: &str, options: [(&str, &str); N]) -> Self {
        let full = if class.contains('.') {
            class.to_owned()
        } else {
            format!("org.apache.cassandra.locator.{class}")
        };
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let class = ("class".to_owned(), full);
        Self {
            name: name.to_owned(),
            replication: std::iter::once(class).chain(options).collect(),
            durable_writes: true,
            tables: BTreeMap::new(),
            types: BTreeMap::new(),
            functions: BTreeMap::new(),
            aggregates: BTreeMap::new(),
            views: BTreeMap::new(),
        }
    }

    /// An empty keyspace of the `SimpleStrategy`.
    pub fn simple(name: &str, replication_factor: u32) -> Self {
        let factor = replication_factor.to_string();
        Self::new(name, "SimpleStrategy", [("replication_factor", &factor)])
    }

    /// An empty keyspace of the `NetworkTopologyStrategy`: replicas by data center, as CQL has them
    /// (`3`, `3/1`).
    pub fn network<const N: usize>(name: &str, replicas: [(&str, &str); N]) -> Self {
        Self::new(name, "NetworkTopologyStrategy", replicas)
    }

    /// With this table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.insert(table.name.clone(), table);
        self
    }

    /// With this user type.
    #[must_use]
    pub fn user_type(mut self, user_type: UserType) -> Self {
        self.types.insert(user_type.name.clone(), user_type);
        self
    }

    /// With this function.
    #[must_use]
    pub fn function(mut self, function: Function) -> Self {
        self.functions.insert(function.signature(), function);
        self
    }

    /// With this aggregate.
    #[must_use]
    pub fn aggregate(mut self, aggregate: Aggregate) -> Self {
        self.aggregates.insert(aggregate.signature(), aggregate);
        self
    }

    /// With this view.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.views.insert(view.table.name.clone(), view);
        self
    }
}
