//! What of the schema is out of date, in bounded memory.
//!
//! ```text
//!   things of a keyspace --too many, too long, or the keyspace is new or gone--> the whole keyspace
//!   keyspaces ------------------too many, or one with too long a name----------> the whole schema
//! ```
//!
//! How a thing was changed is not kept. Events come out of order, and a thing that is dropped and
//! created again within a window is there all the same: whoever reads it finds it, or does not.

use std::collections::BTreeMap;

use cqlwire_codec::{SchemaChange, SchemaChangeKind, SchemaTarget};

/// How many things of one keyspace are read one by one. Reading a keyspace whole is a handful of
/// queries, so that more of them cost the server more than that.
pub(super) const MOST_OF_A_KEYSPACE: usize = 32;

/// How many keyspaces are read one by one.
pub(super) const MOST_KEYSPACES: usize = 64;

/// How many bytes the names of one change may have. Servers allow 48 or 222 a name; a function's
/// has the types of its arguments beside it.
pub(super) const LONGEST: usize = 1024;

/// The part of the schema that is to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StaleSchema {
    /// Of these keyspaces; of none, if it is empty.
    Keyspaces(BTreeMap<String, StaleKeyspace>),
    /// All of it.
    Whole,
}

/// What of a keyspace is to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StaleKeyspace {
    /// These, each of them once. [`SchemaTarget::Keyspace`] is what the keyspace says of itself,
    /// its replication, and nothing that is in it.
    Targets(Vec<SchemaTarget>),
    /// It, and all that is in it.
    Whole,
}

impl Default for StaleSchema {
    fn default() -> Self {
        Self::Keyspaces(BTreeMap::new())
    }
}

impl StaleSchema {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Keyspaces(keyspaces) if keyspaces.is_empty())
    }

    /// Is there a keyspace that may be new, gone, or replicated otherwise?
    pub(crate) fn has_keyspace(&self) -> bool {
        let Self::Keyspaces(keyspaces) = self else { return true };
        keyspaces.values().any(|stale| match stale {
            StaleKeyspace::Targets(targets) => targets.contains(&SchemaTarget::Keyspace),
            StaleKeyspace::Whole => true,
        })
    }

    /// Something changed.
    pub(crate) fn note(&mut self, change: SchemaChange) {
        let stale = StaleKeyspace::after(change.kind, change.target);
        self.add(change.keyspace, stale);
    }

    /// Both parts.
    pub(super) fn merge(&mut self, other: Self) {
        match other {
            Self::Whole => *self = Self::Whole,
            Self::Keyspaces(keyspaces) => {
                keyspaces.into_iter().for_each(|(name, stale)| self.add(name, stale));
            }
        }
    }

    fn add(&mut self, name: String, stale: StaleKeyspace) {
        let Self::Keyspaces(keyspaces) = self else {
            return;
        };
        if let Some(known) = keyspaces.get_mut(&name) {
            known.merge(stale);
        } else if name.len() <= LONGEST && keyspaces.len() < MOST_KEYSPACES {
            keyspaces.insert(name, stale);
        } else {
            *self = Self::Whole;
        }
    }
}

impl StaleKeyspace {
    /// What one change makes stale. A keyspace that is new or gone took its tables with it, and so
    /// has to be read whole; so has one with a change that is not known here.
    fn after(kind: SchemaChangeKind, target: SchemaTarget) -> Self {
        match (&kind, &target) {
            (SchemaChangeKind::Updated, SchemaTarget::Keyspace) => Self::Targets(vec![target]),
            (_, SchemaTarget::Keyspace | SchemaTarget::Other(_)) => Self::Whole,
            _ if length(&target) > LONGEST => Self::Whole,
            _ => Self::Targets(vec![target]),
        }
    }

    fn merge(&mut self, other: Self) {
        let Self::Targets(own) = self else {
            return;
        };
        match other {
            Self::Targets(targets) => {
                for target in targets {
                    if !own.contains(&target) {
                        own.push(target);
                    }
                }
                if own.len() > MOST_OF_A_KEYSPACE {
                    *self = Self::Whole;
                }
            }
            Self::Whole => *self = Self::Whole,
        }
    }
}

fn length(target: &SchemaTarget) -> usize {
    match target {
        SchemaTarget::Keyspace => 0,
        SchemaTarget::Table(name) | SchemaTarget::Type(name) | SchemaTarget::Other(name) => {
            name.len()
        }
        SchemaTarget::Function(name, arguments) | SchemaTarget::Aggregate(name, arguments) => {
            let of_one = |argument: &String| size_of::<String>() + argument.len();
            name.len() + arguments.iter().map(of_one).sum::<usize>()
        }
    }
}
