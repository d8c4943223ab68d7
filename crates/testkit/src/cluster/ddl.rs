//! What happens to the schema. Each change gives the schema another version.

use cqlwire_codec::{Event, SchemaChange, SchemaChangeKind, SchemaTarget};

use super::ScriptedCluster;
use crate::schema::{Aggregate, Function, Keyspace, Schema, Table, UserType, View};

impl ScriptedCluster {
    /// Changes the schema in any way. What it was that changed, for the event, is given back by
    /// `change`.
    pub fn change_schema(&self, change: impl FnOnce(&mut Schema) -> SchemaChange) {
        let changed = {
            let mut state = self.state();
            let mut schema = Schema::clone(&state.ring.schema);
            let changed = change(&mut schema);
            state.ring.set_schema(schema);
            state.ring.publish();
            changed
        };
        self.announce([Event::SchemaChange(changed)]);
    }

    /// Whether schema changes do not reach this node: its `schema_version` stays what it is. The
    /// rows of its tables are those of the others all the same.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn lag_schema(&self, number: usize, lags: bool) {
        let mut state = self.state();
        state.ring.slot_mut(number).lags = lags;
        state.ring.spread_schema();
        state.ring.publish();
    }

    /// Creates a keyspace with what is in it, or alters it: of one that is there, only replication
    /// and durability are taken. One event, for the keyspace.
    pub fn put_keyspace(&self, keyspace: Keyspace) {
        self.change_schema(|schema| {
            let name = keyspace.name.clone();
            let known = schema.keyspaces.get_mut(&name);
            let there = known.is_some();
            if let Some(known) = known {
                known.replication = keyspace.replication;
                known.durable_writes = keyspace.durable_writes;
            } else {
                schema.keyspaces.insert(name.clone(), keyspace);
            }
            put(there, &name, SchemaTarget::Keyspace)
        });
    }

    /// Drops a keyspace with what is in it. One event, for the keyspace.
    pub fn drop_keyspace(&self, name: &str) {
        self.change_schema(|schema| {
            schema.keyspaces.remove(name);
            dropped(name, SchemaTarget::Keyspace)
        });
    }

    /// Creates or alters a table.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn put_table(&self, keyspace: &str, table: Table) {
        self.change_schema(|schema| {
            let target = SchemaTarget::Table(table.name.clone());
            let tables = &mut schema.keyspace_mut(keyspace).tables;
            put(tables.insert(table.name.clone(), table).is_some(), keyspace, target)
        });
    }

    /// Drops a table.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn drop_table(&self, keyspace: &str, name: &str) {
        self.change_schema(|schema| {
            schema.keyspace_mut(keyspace).tables.remove(name);
            dropped(keyspace, SchemaTarget::Table(name.to_owned()))
        });
    }

    /// Creates or alters a user type.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn put_type(&self, keyspace: &str, of: UserType) {
        self.change_schema(|schema| {
            let target = SchemaTarget::Type(of.name.clone());
            let types = &mut schema.keyspace_mut(keyspace).types;
            put(types.insert(of.name.clone(), of).is_some(), keyspace, target)
        });
    }

    /// Drops a user type.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn drop_type(&self, keyspace: &str, name: &str) {
        self.change_schema(|schema| {
            schema.keyspace_mut(keyspace).types.remove(name);
            dropped(keyspace, SchemaTarget::Type(name.to_owned()))
        });
    }

    /// Creates or alters a function.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn put_function(&self, keyspace: &str, function: Function) {
        self.change_schema(|schema| {
            let signature = function.signature();
            let target = SchemaTarget::Function(signature.0.clone(), signature.1.clone());
            let functions = &mut schema.keyspace_mut(keyspace).functions;
            put(functions.insert(signature, function).is_some(), keyspace, target)
        });
    }

    /// Drops the function with arguments of these types.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn drop_function(&self, keyspace: &str, name: &str, arguments: &[&str]) {
        self.change_schema(|schema| {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            let signature = (name.to_owned(), arguments);
            schema.keyspace_mut(keyspace).functions.remove(&signature);
            dropped(keyspace, SchemaTarget::Function(signature.0, signature.1))
        });
    }

    /// Creates or alters an aggregate.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn put_aggregate(&self, keyspace: &str, aggregate: Aggregate) {
        self.change_schema(|schema| {
            let signature = aggregate.signature();
            let target = SchemaTarget::Aggregate(signature.0.clone(), signature.1.clone());
            let aggregates = &mut schema.keyspace_mut(keyspace).aggregates;
            put(aggregates.insert(signature, aggregate).is_some(), keyspace, target)
        });
    }

    /// Drops the aggregate with arguments of these types.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn drop_aggregate(&self, keyspace: &str, name: &str, arguments: &[&str]) {
        self.change_schema(|schema| {
            let arguments = arguments.iter().map(ToString::to_string).collect();
            let signature = (name.to_owned(), arguments);
            schema.keyspace_mut(keyspace).aggregates.remove(&signature);
            dropped(keyspace, SchemaTarget::Aggregate(signature.0, signature.1))
        });
    }

    /// Creates or alters a view; to events it is a table.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn put_view(&self, keyspace: &str, view: View) {
        self.change_schema(|schema| {
            let name = view.table.name.clone();
            let target = SchemaTarget::Table(name.clone());
            let views = &mut schema.keyspace_mut(keyspace).views;
            put(views.insert(name, view).is_some(), keyspace, target)
        });
    }

    /// Drops a view.
    ///
    /// # Panics
    ///
    /// If there is no such keyspace.
    pub fn drop_view(&self, keyspace: &str, name: &str) {
        self.change_schema(|schema| {
            schema.keyspace_mut(keyspace).views.remove(name);
            dropped(keyspace, SchemaTarget::Table(name.to_owned()))
        });
    }
}

fn put(there: bool, keyspace: &str, target: SchemaTarget) -> SchemaChange {
    let kind = if there { SchemaChangeKind::Updated } else { SchemaChangeKind::Created };
    SchemaChange { kind, target, keyspace: keyspace.to_owned() }
}

fn dropped(keyspace: &str, target: SchemaTarget) -> SchemaChange {
    SchemaChange { kind: SchemaChangeKind::Dropped, target, keyspace: keyspace.to_owned() }
}
