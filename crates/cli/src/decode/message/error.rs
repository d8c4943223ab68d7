//! What an ERROR says.

use cqlwire::codec::{Failures, Replicas, ServerError, ServerErrorDetail};
use cqlwire::cql;

use super::super::field::{Field, Fields, put, put_some};
use super::{Asked, Reader};

pub(super) fn put_error(reader: &Reader, fields: &mut Fields, error: &ServerError, asked: &Asked) {
    put(fields, "error", Field::text(error.code));
    put(fields, "code", Field::Text(format!("0x{:04X}", error.code.code())));
    // Where a server does not understand a statement, it quotes the words around, one of them in brackets.
    let has_secret =
        || asked.has_secret || cql::has_secret(&error.message.replace(['[', ']'], " "));
    let message = match !reader.shows_secrets && has_secret() {
        true => "(hidden: the statement has a password in it)",
        false => &error.message,
    };
    put(fields, "message", Field::text(message));
    put_detail(fields, &error.detail);
}

fn put_detail(fields: &mut Fields, detail: &ServerErrorDetail) {
    use ServerErrorDetail as D;
    match detail {
        D::Unavailable { consistency, required, alive } => {
            put(fields, "consistency", Field::text(consistency));
            put(fields, "required", Field::Number((*required).into()));
            put(fields, "alive", Field::Number((*alive).into()));
        }
        D::WriteTimeout { replicas, write_type, contentions } => {
            put_replicas(fields, *replicas);
            put(fields, "write type", Field::text(write_type.as_str()));
            put_some(fields, "contentions", *contentions, |met| Field::Number(met.into()));
        }
        D::ReadTimeout { replicas, data_present } => {
            put_replicas(fields, *replicas);
            put(fields, "data present", Field::text(data_present));
        }
        D::ReadFailure { replicas, failures, data_present } => {
            put_replicas(fields, *replicas);
            put_failures(fields, failures);
            put(fields, "data present", Field::text(data_present));
        }
        D::WriteFailure { replicas, failures, write_type } => {
            put_replicas(fields, *replicas);
            put_failures(fields, failures);
            put(fields, "write type", Field::text(write_type.as_str()));
        }
        D::FunctionFailure { keyspace, function, arguments } => {
            put(fields, "keyspace", Field::text(keyspace));
            put(fields, "function", Field::text(function));
            put(fields, "arguments", Field::texts(arguments));
        }
        D::CasWriteUnknown { replicas } => put_replicas(fields, *replicas),
        D::AlreadyExists { keyspace, table } => {
            put(fields, "keyspace", Field::text(keyspace));
            put_some(fields, "table", table.as_ref(), Field::text);
        }
        D::Unprepared { id } => put(fields, "id", Field::raw(id)),
        // Nothing, or what a later driver knows.
        _ => {}
    }
}

fn put_replicas(fields: &mut Fields, replicas: Replicas) {
    put(fields, "consistency", Field::text(replicas.consistency));
    put(fields, "received", Field::Number(replicas.received.into()));
    put(fields, "required", Field::Number(replicas.required.into()));
}

fn put_failures(fields: &mut Fields, failures: &Failures) {
    put(fields, "failures", Field::Number(failures.count.into()));
    let reasons = failures.reasons.iter();
    let reasons =
        reasons.map(|(host, reason)| (host.to_string(), Field::Text(format!("0x{reason:04X}"))));
    put(fields, "reasons", Field::Fields(reasons.collect()));
}
