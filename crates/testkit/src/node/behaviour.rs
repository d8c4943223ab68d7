//! From a request to its answer: the node's own, unless a prime has one.

use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{Envelope, EnvelopeHeader, Opcode, Prefixes};

use super::command::Outgoing;
use super::connection::Connection;
use super::prime::{Delivery, Prime, Response};
use super::reply::Reply;
use super::request::{BatchStatement, BatchStatementKind, Parameters, Request};
use super::rows::{PageRequest, Place};
use super::{Received, RequestFields, ViolationKind, error};

impl Connection {
    /// Reads one request and sees to its answer.
    pub(super) fn on_request(&mut self, envelope: &Envelope) {
        let EnvelopeHeader { version, stream, opcode, .. } = envelope.header;
        if !self.shared.settings.versions.contains(&version) {
            return self.refuse(version.number());
        }
        let request = Request::decode(envelope);
        let received = self.describe(envelope, request.as_ref().ok());
        let (prime, script) = {
            let mut state = self.shared.state();
            state.receive(&received);
            (state.prime_for(&received), state.script.clone())
        };
        // Outside of the lock: it may ask the node.
        let prime = script.and_then(|script| (script.0)(&received)).or(prime);
        let turn = self.awaits(opcode);
        let handshake = turn && matches!(opcode, Opcode::Startup | Opcode::AuthResponse);
        let reply = match request {
            Ok(request) if turn => self.answer(request, &received, prime.as_ref()),
            Ok(_) => self.out_of_turn(opcode),
            Err(error) => {
                self.violate(ViolationKind::Body { opcode, why: error.to_string() });
                Reply::error(error::PROTOCOL, error.to_string())
            }
        };
        let (delay, delivery) =
            prime.map_or((Duration::ZERO, Delivery::Whole), |prime| (prime.delay, prime.delivery));
        self.send_after(delay, Outgoing { stream, version, reply, delivery, handshake });
    }

    /// What is remembered of a request.
    fn describe(&self, envelope: &Envelope, request: Option<&Request>) -> Received {
        let state = self.shared.state();
        let text_of = |id: &Bytes| state.prepared.get(id).map(|prepared| prepared.text.clone());
        let (fields, marks) = RequestFields::of(envelope);
        let used = state.connections.get(self.id).and_then(|link| link.keyspace.clone());
        let mut runs_in = fields.keyspace.clone().or(used);
        let (mut statements, mut values, mut parameters) = (Vec::new(), Vec::new(), None);
        match request {
            Some(Request::Query { statement, parameters: own }) => {
                statements.push(statement.clone());
                parameters = Some(own);
            }
            Some(Request::Prepare { statement, .. }) => statements.push(statement.clone()),
            Some(Request::Execute { id, parameters: own }) => {
                statements.extend(text_of(id));
                runs_in = state.prepared.get(id).and_then(|prepared| prepared.keyspace.clone());
                parameters = Some(own);
            }
            Some(Request::Batch(batch)) => {
                let text = |statement: &BatchStatement| match &statement.kind {
                    BatchStatementKind::Text(text) => Some(text.clone()),
                    BatchStatementKind::Prepared(id) => text_of(id),
                };
                // As an EXECUTE: with an id that is not known, it is of no statement.
                statements = batch.iter().map(text).collect::<Option<_>>().unwrap_or_default();
                values = batch.iter().flat_map(|statement| statement.values.clone()).collect();
            }
            _ => {}
        }
        values.extend(parameters.iter().flat_map(|parameters| parameters.values.clone()));
        let page = |parameters: &Parameters| Place::decode(parameters.page.paging_state.as_deref());
        Received {
            connection: self.id,
            stream: envelope.header.stream,
            version: envelope.header.version,
            opcode: envelope.header.opcode,
            statements,
            values,
            unset: marks.unset,
            names: marks.names,
            page: parameters.and_then(page).map(|place| place.page),
            runs_in,
            fields,
        }
    }

    /// The answer to a request whose turn it is: the node's own, unless a prime has one.
    fn answer(&mut self, request: Request, received: &Received, prime: Option<&Prime>) -> Reply {
        let asked = match &request {
            Request::Query { parameters, .. } | Request::Execute { parameters, .. } => {
                parameters.page.clone()
            }
            _ => PageRequest::default(),
        };
        let unknown = self.unknown(received.fields.keyspace.as_deref());
        let own = unknown.unwrap_or_else(|| self.own_answer(request, &asked, received));
        let reply = match prime.map(|prime| &prime.response) {
            Some(Response::Reply(reply)) => reply.clone(),
            Some(Response::Table(table)) => table.page(&asked, received),
            Some(Response::Own) | None => own,
        };
        match prime {
            Some(prime) if prime.along != Prefixes::NONE => {
                Reply::After(Box::new((prime.along.clone(), reply)))
            }
            _ => reply,
        }
    }

    fn own_answer(&mut self, request: Request, asked: &PageRequest, received: &Received) -> Reply {
        match request {
            Request::Startup(options) => self.startup(&options, received.version),
            Request::AuthResponse(token) => self.check_credentials(token.as_deref()),
            Request::Options => self.supported(),
            Request::Register(events) => self.register(events),
            Request::Query { statement, .. } => self.query(&statement, asked, received),
            Request::Prepare { statement, keyspace } => self.prepare(&statement, keyspace),
            Request::Execute { id, .. } => self.execute(&id, asked, received),
            Request::Batch(statements) => self.batch(&statements),
        }
    }
}
