//! EVENT (v5 §4.2.6), and the schema changes that results tell of too.

use bytes::BytesMut;

use crate::envelope_writer::require_version;
use crate::wire::write;
use crate::{EncodeError, Event, ProtocolVersion, SchemaChange, SchemaTarget};

pub(super) fn put_event(
    out: &mut BytesMut,
    event: &Event,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    write::string(out, "kind of an event", kind_of(event))?;
    match event {
        Event::TopologyChange { change, address } => {
            write::string(out, "topology change", change.as_str())?;
            write::inet(out, *address);
        }
        Event::StatusChange { change, address } => {
            write::string(out, "status change", change.as_str())?;
            write::inet(out, *address);
        }
        Event::SchemaChange(change) => put_schema_change(out, change, version)?,
        Event::Other(_) => {}
    }
    Ok(())
}

fn kind_of(event: &Event) -> &str {
    match event {
        Event::TopologyChange { .. } => "TOPOLOGY_CHANGE",
        Event::StatusChange { .. } => "STATUS_CHANGE",
        Event::SchemaChange(_) => "SCHEMA_CHANGE",
        Event::Other(kind) => kind,
    }
}

/// The change of an event, or of a result.
pub(super) fn put_schema_change(
    out: &mut BytesMut,
    change: &SchemaChange,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
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
    write::string(out, "schema change", change.kind.as_str())?;
    write::string(out, "target of a schema change", target)?;
    write::string(out, "keyspace of a schema change", &change.keyspace)?;
    if let Some(name) = name {
        write::string(out, "name in a schema change", name)?;
    }
    arguments
        .map_or(Ok(()), |list| write::string_list(out, "argument types in a schema change", list))
}
