//! An object a line for each message.

use std::io::{self, Write};
use std::net::SocketAddr;

use cqlwire::codec::{Direction, EnvelopeHeader};
use serde_json::Value;

use super::Place;
use crate::decode::conversation::{Message, Said};
use crate::decode::field::{Cell, Field, Fields, Rows};
use crate::decode::message;
use crate::value::write_json;

/// The object under way.
struct Object {
    text: String,
}

impl Object {
    fn new(place: &Place) -> Self {
        let mut object = Self { text: String::from("{") };
        if let Some(at) = place.at {
            object.put("time", &Value::from(humantime::format_rfc3339_nanos(at).to_string()));
        }
        if place.connection > 0 {
            object.put("connection", &place.connection.into());
        }
        object
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push_str(", ");
        }
        self.text.push_str(&Value::from(name).to_string());
        self.text.push_str(": ");
    }

    fn put(&mut self, name: &str, value: &Value) {
        self.name(name);
        self.text.push_str(&value.to_string());
    }

    fn header(&mut self, header: &EnvelopeHeader) {
        self.put("from", &from(header.direction).into());
        self.put("version", &header.version.number().into());
        self.put("stream", &header.stream.raw().into());
        self.put("opcode", &header.opcode.name().into());
        let flags = message::flags(header.flags, header.direction);
        if !flags.is_empty() {
            self.put("flags", &flags.into());
        }
        self.put("length", &header.length.into());
    }

    fn end(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.text.push('}');
        writeln!(out, "{}", self.text)
    }
}

const fn from(direction: Direction) -> &'static str {
    match direction {
        Direction::Request => "client",
        Direction::Response => "server",
    }
}

pub(super) fn connection(
    place: &Place,
    client: SocketAddr,
    server: SocketAddr,
    from_its_beginning: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut object = Object::new(place);
    object.put("client", &client.to_string().into());
    object.put("server", &server.to_string().into());
    object.put("from_its_beginning", &from_its_beginning.into());
    object.end(out)
}

pub(super) fn write(place: &Place, said: &Said, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Object::new(place);
    match said {
        Said::Message(message) => put_message(&mut object, message),
        Said::Oversized(oversized) => {
            object.header(&oversized.header);
            let (declared, limit) = (oversized.declared, oversized.limit);
            object
                .put("trouble", &format!("{declared} bytes are over the limit of {limit}").into());
        }
        Said::Trouble(direction, what) => {
            object.put("from", &from(*direction).into());
            object.put("trouble", &what.as_str().into());
        }
    }
    object.end(out)
}

fn put_message(object: &mut Object, message: &Message) {
    object.header(&message.header);
    if let Some(answers) = message.answers {
        object.put("answers", &answers.name().into());
    }
    if let Some(latency) = message.latency {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        object.put("latency_us", &micros.into());
    }
    object.name("message");
    fields(&message.fields, &mut object.text);
}

/// A name of more than one word has low lines in it.
fn put_name(name: &str, out: &mut String) {
    out.push_str(&Value::from(name.replace(' ', "_")).to_string());
    out.push_str(": ");
}

fn fields(fields: &Fields, out: &mut String) {
    each(fields, ['{', '}'], out, |(name, part), out| {
        put_name(name, out);
        field(part, out);
    });
}

fn each<T>(
    items: impl IntoIterator<Item = T>,
    [open, close]: [char; 2],
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push(close);
}

fn field(field_: &Field, out: &mut String) {
    match field_ {
        Field::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
        Field::Number(number) => out.push_str(&number.to_string()),
        Field::Flag => out.push_str("true"),
        Field::Value(value) => cell(value, out),
        Field::List(items) => each(items, ['[', ']'], out, field),
        Field::Fields(parts) => fields(parts, out),
        Field::Rows(all) => rows(all, out),
    }
}

fn rows(rows: &Rows, out: &mut String) {
    each(&rows.rows, ['[', ']'], out, |row, out| {
        each(rows.columns.iter().zip(row), ['{', '}'], out, |((name, _), value), out| {
            out.push_str(&Value::from(name.as_str()).to_string());
            out.push_str(": ");
            cell(value, out);
        });
    });
}

fn cell(cell: &Cell, out: &mut String) {
    let object = |name: &str, value: Value| serde_json::json!({ name: value }).to_string();
    match cell {
        Cell::Value(value) => write_json(value, out),
        Cell::Unset => out.push_str(&object("unset", true.into())),
        Cell::Raw(bytes) => out.push_str(&Value::from(format!("0x{bytes:x}")).to_string()),
        Cell::Wrong(bytes, why) => {
            let bytes = format!("0x{bytes:x}");
            out.push_str(&serde_json::json!({ "bytes": bytes, "unreadable": why }).to_string());
        }
        Cell::Hidden(bytes) => out.push_str(&object("hidden_bytes", (*bytes).into())),
    }
}
