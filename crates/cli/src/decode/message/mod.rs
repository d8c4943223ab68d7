//! Messages to what they say. What cannot be read is shown as it came, with the reason.

mod error;
mod request;
mod response;

use std::sync::Arc;

use bytes::Bytes;
use cqlwire::codec::{Direction, Envelope, EnvelopeFlags, Opcode};
use cqlwire::cql;

use super::field::{Cell, Field, Fields, put};
use super::statements::Statements;

/// What is kept of a request until it is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The text, of PREPARE.
    text: Option<Arc<str>>,
    /// Does a password stand in its text?
    has_secret: bool,
    /// The prepared statement, of EXECUTE.
    id: Option<Bytes>,
}

/// Reads messages, each with what those before it have said.
#[derive(Debug)]
pub(super) struct Reader {
    /// How many rows of a page are shown.
    pub(super) rows: usize,
    pub(super) shows_secrets: bool,
    statements: Statements,
}

impl Reader {
    pub(super) fn new(rows: usize, shows_secrets: bool) -> Self {
        Self { rows, shows_secrets, statements: Statements::default() }
    }

    /// What a request says, and what is to be kept of it.
    pub(super) fn request(&self, envelope: &Envelope) -> (Fields, Asked) {
        request::read(self, envelope).unwrap_or_else(|error| {
            let has_secret = may_have_secret(envelope.header.opcode);
            let asked = Asked { has_secret, ..Asked::default() };
            (self.unread(envelope, &error.to_string()), asked)
        })
    }

    /// What a response says to what was asked.
    pub(super) fn response(&mut self, envelope: &Envelope, asked: &Asked) -> Fields {
        let read = response::read(self, envelope, asked);
        read.unwrap_or_else(|error| self.unread(envelope, &error.to_string()))
    }

    /// A body that is not what it should be. One in which a secret may be is not shown.
    fn unread(&self, envelope: &Envelope, why: &str) -> Fields {
        let body = match may_have_secret(envelope.header.opcode) {
            true => self.secret(&envelope.body),
            false => Field::raw(&envelope.body),
        };
        vec![("unreadable".to_owned(), Field::text(why)), ("body".to_owned(), body)]
    }

    fn secret(&self, bytes: &Bytes) -> Field {
        Field::Value(match self.shows_secrets {
            true => Cell::Raw(bytes.clone()),
            false => Cell::Hidden(bytes.len()),
        })
    }

    /// A statement, without the passwords in it.
    fn statement(&self, text: &str) -> Field {
        match self.shows_secrets {
            true => Field::text(text),
            false => Field::text(cql::without_secrets(text)),
        }
    }
}

/// May a secret stand in a body of this kind, or be quoted in it?
const fn may_have_secret(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::AuthResponse
            | Opcode::AuthChallenge
            | Opcode::AuthSuccess
            | Opcode::Query
            | Opcode::Prepare
            | Opcode::Batch
            | Opcode::Error
    )
}

/// Names of the flags of an envelope that say something besides what else is shown.
pub(super) fn flags(flags: EnvelopeFlags, direction: Direction) -> Vec<&'static str> {
    let names = [
        (EnvelopeFlags::COMPRESSED, "compressed"),
        (EnvelopeFlags::TRACING, if direction == Direction::Request { "trace" } else { "traced" }),
        (EnvelopeFlags::CUSTOM_PAYLOAD, "payload"),
        (EnvelopeFlags::WARNING, "warning"),
        (EnvelopeFlags::USE_BETA, "beta"),
    ];
    let set = names.into_iter().filter(|(flag, _)| flags.contains(*flag));
    set.map(|(_, name)| name).collect()
}

/// A custom payload.
fn put_payload(fields: &mut Fields, payload: Option<&cqlwire::codec::CustomPayload>) {
    let Some(payload) = payload else { return };
    let entries = payload.iter().map(|(key, bytes)| {
        let cell = match bytes {
            Some(bytes) => Cell::Raw(bytes.clone()),
            None => Cell::Value(cqlwire::value::CqlValue::Null),
        };
        (key.clone(), Field::Value(cell))
    });
    put(fields, "payload", Field::Fields(entries.collect()));
}
