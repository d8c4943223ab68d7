//! EVENT (v5 §4.2.6), and the schema changes that results tell of too.

use bytes::BytesMut;

use crate::envelope_writer::require_version;
use crate::wire::write;
use crate::{
    EncodeError, Event, ProtocolVersion, SchemaChange, SchemaChangeKind, SchemaTarget,
    StatusChange, TopologyChange,
};

pub(super) fn put_event(
    out: &mut BytesMut,
    event: &Event,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    let what = "kind of an event";
    match event {
        Event::TopologyChange { change, address } => {
            write::string(out, what, "TOPOLOGY_CHANGE")?;
            let change = match change {
                TopologyChange::NewNode => "NEW_NODE",
                TopologyChange::RemovedNode => "REMOVED_NODE",
                TopologyChange::MovedNode => "MOVED_NODE",
                TopologyChange::Other(other) => other,
            };
            write::string(out, "topology change", change)?;
            write::inet(out, *address);
        }
        Event::StatusChange { change, address } => {
            write::string(out, what, "STATUS_CHANGE")?;
            let change = match change {
                StatusChange::Up => "UP",
                StatusChange::Down => "DOWN",
                StatusChange::Other(other) => other,
            };
            write::string(out, "status change", change)?;
            write::inet(out, *address);
        }
        Event::SchemaChange(change) => {
            write::string(out, what, "SCHEMA_CHANGE")?;
            put_schema_change(out, change, version)?;
        }
        Event::Other(kind) => write::string(out, what, kind)?,
    }
    Ok(())
}

/// The change of an event, or of a result.
pub(super) fn put_schema_change(
    out: &mut BytesMut,
    change: &SchemaChange,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    let kind = match &change.kind {
        SchemaChangeKind::Created => "CREATED",
        SchemaChangeKind::Updated => "UPDATED",
        SchemaChangeKind::Dropped => "DROPPED",
        SchemaChangeKind::Other(other) => other,
    };
    let (target, name, arguments) = match &change.target {
        SchemaTarget::Keyspace => ("KEYSPACE", None, None),
        SchemaTarget::Table(name) => ("TABLE", Some(name), None),
        SchemaTarget::Type(name) => ("TYPE", Some(name), None),
        SchemaTarget::Function(name, arguments) => ("FUNCTION", Some(name), Some(arguments)),
        SchemaTarget::Aggregate(name, arguments) => ("AGGREGATE", Some(name), Some(arguments)),
        SchemaTarget::Other(other) => (other.as_str(), None, None),
    };
    if arguments.is_some() {
        require_version("a change of a function or an aggregate", version, ProtocolVersion::V4)?;
    }
    write::string(out, "schema change", kind)?;
    write::string(out, "target of a schema change", target)?;
    write::string(out, "keyspace of a schema change", &change.keyspace)?;
    if let Some(name) = name {
        write::string(out, "name in a schema change", name)?;
    }
    arguments
        .map_or(Ok(()), |list| write::string_list(out, "argument types in a schema change", list))
}
