//! EVENT, and the schema changes that RESULT reports too (v5 §4.2.5.5, §4.2.6).
//!
//! What is new in a later server keeps its name in `Other`: nobody has to fail on it.

use std::fmt;
use std::net::SocketAddr;

use super::names::names;
use crate::wire::Reader;
use crate::{DecodeError, DecodeErrorKind};

/// A kind of event, as REGISTER asks for it (v5 §4.1.8).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A host joins, leaves or moves.
    TopologyChange,
    /// A host goes up or down.
    StatusChange,
    /// A keyspace, or something in it, was created, changed or dropped.
    SchemaChange,
    /// Any other.
    Other(String),
}

names!(EventKind {
    TopologyChange = "TOPOLOGY_CHANGE",
    StatusChange = "STATUS_CHANGE",
    SchemaChange = "SCHEMA_CHANGE",
});

impl AsRef<str> for EventKind {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happened to the cluster (v5 §4.2.6). Events may come twice, late, and out of
/// order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A host joined, left or moved.
    TopologyChange {
        /// Which of them.
        change: TopologyChange,
        /// Where clients reach it.
        address: SocketAddr,
    },
    /// A host went up or down.
    StatusChange {
        /// Which of them.
        change: StatusChange,
        /// Where clients reach it.
        address: SocketAddr,
    },
    /// The schema changed.
    SchemaChange(SchemaChange),
    /// An event of a kind that is not known here; what it says is not kept.
    Other(String),
}

/// What a host did to the topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopologyChange {
    /// It joined.
    NewNode,
    /// It left.
    RemovedNode,
    /// It owns other tokens now. Out of the specification since v4, and still sent.
    MovedNode,
    /// Something else.
    Other(String),
}

names!(TopologyChange {
    NewNode = "NEW_NODE",
    RemovedNode = "REMOVED_NODE",
    MovedNode = "MOVED_NODE",
});

/// What became of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusChange {
    /// It is up, and will take connections in a moment.
    Up,
    /// It is down, as far as other hosts can tell.
    Down,
    /// Something else.
    Other(String),
}

names!(StatusChange { Up = "UP", Down = "DOWN" });

/// What was changed in the schema, and how (v5 §4.2.5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaChange {
    /// How.
    pub kind: SchemaChangeKind,
    /// What.
    pub target: SchemaTarget,
    /// The keyspace, or the one that it is in.
    pub keyspace: String,
}

/// How something was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaChangeKind {
    /// It is new.
    Created,
    /// It was changed.
    Updated,
    /// It is gone.
    Dropped,
    /// Something else.
    Other(String),
}

names!(SchemaChangeKind { Created = "CREATED", Updated = "UPDATED", Dropped = "DROPPED" });

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaTarget {
    /// The keyspace itself.
    Keyspace,
    /// A table of this name.
    Table(String),
    /// A user type of this name.
    Type(String),
    /// A function: its name, and the types of its arguments in CQL.
    Function(String, Vec<String>),
    /// An aggregate: its name, and the types of its arguments in CQL.
    Aggregate(String, Vec<String>),
    /// Something else, called so.
    Other(String),
}

/// Reads an EVENT.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Event, DecodeError> {
    Ok(match EventKind::from(reader.string("kind of an event")?) {
        EventKind::TopologyChange => {
            let change = reader.string("topology change")?.into();
            Event::TopologyChange { change, address: read_address(reader)? }
        }
        EventKind::StatusChange => {
            let change = reader.string("status change")?.into();
            Event::StatusChange { change, address: read_address(reader)? }
        }
        EventKind::SchemaChange => Event::SchemaChange(read_schema_change(reader)?),
        EventKind::Other(kind) => Event::Other(kind),
    })
}

/// Where clients reach a host; nowhere, if its port is 0.
fn read_address(reader: &mut Reader<'_>) -> Result<SocketAddr, DecodeError> {
    let what = "address of a host";
    let unread = reader.clone();
    let address = reader.inet(what)?;
    match address.port() {
        0 => Err(unread.error(what, DecodeErrorKind::Unknown { value: 0 })),
        _ => Ok(address),
    }
}

/// Reads a schema change, of an EVENT or of a RESULT.
pub(super) fn read_schema_change(reader: &mut Reader<'_>) -> Result<SchemaChange, DecodeError> {
    let kind = reader.string("schema change")?.into();
    let target = reader.string("target of a schema change")?;
    let keyspace = reader.string("keyspace of a schema change")?.to_owned();
    let mut name = || reader.string("name in a schema change").map(str::to_owned);
    let target = match target {
        "KEYSPACE" => SchemaTarget::Keyspace,
        "TABLE" => SchemaTarget::Table(name()?),
        "TYPE" => SchemaTarget::Type(name()?),
        "FUNCTION" => SchemaTarget::Function(name()?, read_arguments(reader)?),
        "AGGREGATE" => SchemaTarget::Aggregate(name()?, read_arguments(reader)?),
        other => SchemaTarget::Other(other.to_owned()),
    };
    Ok(SchemaChange { kind, target, keyspace })
}

fn read_arguments(reader: &mut Reader<'_>) -> Result<Vec<String>, DecodeError> {
    reader.string_list("argument types in a schema change")
}
