//! What has to be read again once something in the schema changed.

use std::collections::{BTreeMap, BTreeSet};

use cqlwire_codec::SchemaTarget;

/// How many keyspaces are read one by one. More, and one pass over everything is less work for the
/// server.
const MAX_KEYSPACES: usize = 16;

/// How many tables of a keyspace are read one by one, each with four questions; all of a keyspace
/// takes eight, however many tables it has.
const MAX_TABLES: usize = 4;

/// A part of the schema, or all of it. Bounded, however many changes it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SchemaRefresh {
    /// All of it, in one pass.
    Whole,
    /// Parts of these keyspaces.
    Keyspaces(BTreeMap<String, KeyspaceRefresh>),
}

/// A part of one keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyspaceRefresh {
    /// All of it, and whether it is still there.
    Whole,
    /// This and that in it.
    Parts {
        /// Tables and views, by name.
        tables: BTreeSet<String>,
        /// Functions and aggregates.
        functions: bool,
    },
}

/// Nothing at all.
impl Default for SchemaRefresh {
    fn default() -> Self {
        Self::Keyspaces(BTreeMap::new())
    }
}

impl SchemaRefresh {
    /// What is out of date once this of a keyspace has changed.
    pub(crate) fn of(keyspace: &str, target: &SchemaTarget) -> Self {
        let part = match target {
            SchemaTarget::Table(name) => {
                KeyspaceRefresh::Parts { tables: [name.clone()].into(), functions: false }
            }
            SchemaTarget::Function(..) | SchemaTarget::Aggregate(..) => {
                KeyspaceRefresh::Parts { tables: BTreeSet::new(), functions: true }
            }
            // A type may be part of others, and of any table of its keyspace.
            SchemaTarget::Keyspace | SchemaTarget::Type(_) | SchemaTarget::Other(_) => {
                KeyspaceRefresh::Whole
            }
        };
        Self::Keyspaces([(keyspace.to_owned(), part)].into())
    }

    /// This and the other together. Several tables of one keyspace become the keyspace, several
    /// keyspaces everything, once each alone would be more work.
    pub(crate) fn merge(&mut self, other: Self) {
        let (Self::Keyspaces(own), Self::Keyspaces(others)) = (&mut *self, other) else {
            *self = Self::Whole;
            return;
        };
        for (name, part) in others {
            match own.get_mut(&name) {
                Some(known) => known.merge(part),
                None => {
                    own.insert(name, part);
                }
            }
            if own.len() > MAX_KEYSPACES {
                *self = Self::Whole;
                return;
            }
        }
    }
}

impl KeyspaceRefresh {
    fn merge(&mut self, other: Self) {
        let (Self::Parts { tables, functions }, Self::Parts { tables: more, functions: too }) =
            (&mut *self, other)
        else {
            *self = Self::Whole;
            return;
        };
        *functions |= too;
        tables.extend(more);
        if tables.len() > MAX_TABLES {
            *self = Self::Whole;
        }
    }
}
