//! Events that a node pushes.

use bytes::{BufMut, BytesMut};
use cqlwire_codec::wire::write;
use cqlwire_codec::{EncodeError, EnvelopeFlags, Event, Opcode, SchemaChange, SchemaTarget};

use super::ScriptedNode;
use super::command::Command;
use super::reply::Reply;
use super::shared::Link;

impl ScriptedNode {
    /// Pushes an event to the connections that have registered for its type (v5 §4.2.6): `rest` is
    /// what follows the type in the body. Gives to how many it went.
    ///
    /// # Panics
    ///
    /// If the type is over 65,535 bytes.
    pub fn push_event(&self, event_type: &str, rest: &[u8]) -> usize {
        let mut body = BytesMut::new();
        write::string(&mut body, "event type", event_type).expect("a type is a short text");
        body.put_slice(rest);
        let (opcode, flags) = (Opcode::Event, EnvelopeFlags::NONE);
        let event = Reply::Raw { opcode, flags, body: body.freeze() };
        let state = self.shared.state();
        let registered = |link: &&Link| link.events.iter().any(|own| own == event_type);
        let links = state.connections.iter().filter(registered);
        links.map(|link| link.inbox.push(Command::Push(event.clone()))).count()
    }

    /// Pushes this event to the connections that have registered for its kind. Gives to how many
    /// it went.
    ///
    /// # Panics
    ///
    /// If a name in it is over 65,535 bytes.
    pub fn push(&self, event: &Event) -> usize {
        let mut rest = BytesMut::new();
        let written = write_rest(&mut rest, event);
        self.push_event(written.expect("an event can be encoded"), &rest)
    }
}

/// What follows the kind in the body of an event; gives the kind.
fn write_rest<'a>(out: &mut BytesMut, event: &'a Event) -> Result<&'a str, EncodeError> {
    Ok(match event {
        Event::TopologyChange { change, address } => {
            write::string(out, "topology change", change.as_str())?;
            write::inet(out, *address);
            "TOPOLOGY_CHANGE"
        }
        Event::StatusChange { change, address } => {
            write::string(out, "status change", change.as_str())?;
            write::inet(out, *address);
            "STATUS_CHANGE"
        }
        Event::SchemaChange(change) => {
            write_schema_change(out, change)?;
            "SCHEMA_CHANGE"
        }
        Event::Other(kind) => kind,
    })
}

/// A schema change as an event and a result have it.
pub(super) fn write_schema_change(
    out: &mut BytesMut,
    change: &SchemaChange,
) -> Result<(), EncodeError> {
    let (target, name, arguments) = match &change.target {
        SchemaTarget::Keyspace => ("KEYSPACE", None, None),
        SchemaTarget::Table(name) => ("TABLE", Some(name), None),
        SchemaTarget::Type(name) => ("TYPE", Some(name), None),
        SchemaTarget::Function(name, arguments) => ("FUNCTION", Some(name), Some(arguments)),
        SchemaTarget::Aggregate(name, arguments) => ("AGGREGATE", Some(name), Some(arguments)),
        SchemaTarget::Other(other) => (other.as_str(), None, None),
    };
    write::string(out, "schema change", change.kind.as_str())?;
    write::string(out, "target", target)?;
    write::string(out, "keyspace", &change.keyspace)?;
    name.map_or(Ok(()), |name| write::string(out, "name", name))?;
    arguments.map_or(Ok(()), |list| write::string_list(out, "arguments", list))
}
