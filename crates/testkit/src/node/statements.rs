//! Statements as servers answer them: prepared, executed, in batches; USE, REGISTER and the system
//! tables.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::{ColumnSpec, ColumnType, ProtocolVersion};

use super::Received;
use super::connection::Connection;
use super::error;
use super::handshake::GRACEFUL_DISCONNECT;
use super::prime::Prime;
use super::reply::{PreparedReply, Reply};
use super::request::{BatchStatement, BatchStatementKind};
use super::rows::{PageRequest, Table, columns_of, fingerprint};
use super::shared::{PreparedText, State};
use super::system::{Cluster, markers};

impl Connection {
    pub(super) fn register(&self, events: Vec<String>) -> Reply {
        let mut known = vec!["TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"];
        if self.shared.settings.graceful_disconnect && self.wire.version() >= ProtocolVersion::V5 {
            known.push(GRACEFUL_DISCONNECT);
        }
        if let Some(event) = events.iter().find(|event| !known.contains(&event.as_str())) {
            return Reply::error(error::PROTOCOL, format!("Invalid value '{event}' for Type"));
        }
        self.shared.state().link(self.id, |link| link.events = events);
        Reply::Ready
    }

    pub(super) fn query(&self, statement: &str, asked: &PageRequest, received: &Received) -> Reply {
        if let Some(keyspace) = used_keyspace(statement) {
            if let Some(error) = self.unknown(Some(&keyspace)) {
                return error;
            }
            self.shared.state().link(self.id, |link| link.keyspace = Some(keyspace.clone()));
            return Reply::SetKeyspace(keyspace);
        }
        let newest = self.shared.settings.newest();
        let system = self.shared.state().cluster(newest).select(statement, received);
        match system {
            Some(Ok(table)) => table.page(asked, received),
            Some(Err(error)) => error,
            None => Reply::Void,
        }
    }

    /// The error of a request that is for this keyspace, if there is no such one.
    pub(super) fn unknown(&self, keyspace: Option<&str>) -> Option<Reply> {
        let state = self.shared.state();
        let keyspace = keyspace?;
        let is_known = state.keyspaces.as_ref().is_none_or(|known| known.contains(keyspace));
        let message = || format!("Keyspace '{keyspace}' does not exist");
        (!is_known).then(|| Reply::error(error::INVALID, message()))
    }

    pub(super) fn prepare(&self, statement: &str, keyspace: Option<String>) -> Reply {
        let newest = self.shared.settings.newest();
        let mut state = self.shared.state();
        let mut used = None;
        state.link(self.id, |link| used.clone_from(&link.keyspace));
        let keyspace = keyspace.or(used);
        let id = fingerprint(&(&keyspace, statement));
        let prepared = PreparedText { text: statement.to_owned(), keyspace };
        state.prepared.insert(id.clone(), prepared);
        let primed = state.primed_table(statement).map(|table| table.columns());
        let system = match state.cluster(newest).describe(statement).transpose() {
            Ok(system) => system,
            // What is primed may be a system table that the node has not.
            Err(_) if primed.is_some() => None,
            Err(error) => return error,
        };
        let (table, markers) = system.unzip();
        let columns = primed.or_else(|| table.map(|table| table.columns()));
        let columns = columns.unwrap_or_default();
        let (bind, partition_key) = state.binds_of(statement, markers);
        let metadata_id = fingerprint(&columns);
        Reply::Prepared(PreparedReply { id, metadata_id, bind, partition_key, columns })
    }

    pub(super) fn execute(&self, id: &Bytes, asked: &PageRequest, received: &Received) -> Reply {
        let prepared = self.shared.state().prepared.get(id).cloned();
        match prepared {
            Some(statement) => self.query(&statement.text, asked, received),
            None => unprepared(id),
        }
    }

    pub(super) fn batch(&self, statements: &[BatchStatement]) -> Reply {
        let state = self.shared.state();
        let unknown = statements.iter().find_map(|statement| match &statement.kind {
            BatchStatementKind::Prepared(id) if !state.prepared.contains_key(id) => Some(id),
            _ => None,
        });
        unknown.map_or(Reply::Void, unprepared)
    }
}

impl State {
    fn cluster(&self, newest: ProtocolVersion) -> Cluster<'_> {
        Cluster { local: &self.local, peers: &self.peers, schema: &self.schema, newest }
    }

    /// The rows that a statement has by a prime.
    fn primed_table(&self, text: &str) -> Option<Table> {
        let mut primes = self.primes.iter().rev().filter(|prime| prime.describes(text));
        primes.find_map(Prime::table).cloned()
    }

    /// The bind markers of a statement and its partition key: as primed, as the node knows them,
    /// or a blob for each `?`.
    fn binds_of(
        &self,
        text: &str,
        known: Option<Vec<ColumnSpec>>,
    ) -> (Arc<[ColumnSpec]>, Vec<u16>) {
        let mut primes = self.primes.iter().rev().filter(|prime| prime.describes(text));
        primes.find_map(|prime| prime.bind.clone()).unwrap_or_else(|| {
            if let Some((markers, key)) = markers(&self.schema, text) {
                return (markers.into(), key);
            }
            let blobs = || columns_of("ks", "t", text.matches('?').map(|_| ("", ColumnType::Blob)));
            (known.unwrap_or_else(blobs).into(), Vec::new())
        })
    }
}

/// The keyspace of a `USE`.
fn used_keyspace(statement: &str) -> Option<String> {
    let (verb, keyspace) = statement.trim().trim_end_matches(';').split_once(' ')?;
    let keyspace = keyspace.trim();
    let unquoted = keyspace.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    verb.eq_ignore_ascii_case("use").then(|| {
        unquoted.map_or_else(|| keyspace.to_ascii_lowercase(), |name| name.replace("\"\"", "\""))
    })
}

fn unprepared(id: &Bytes) -> Reply {
    let mut detail = BytesMut::new();
    detail.put_u16(u16::try_from(id.len()).unwrap_or(u16::MAX));
    detail.put_slice(id);
    let message = "Prepared query with this ID not found".to_owned();
    Reply::Error { code: error::UNPREPARED, message, detail: detail.freeze() }
}
