//! Preparing a statement.

use std::time::Duration;

use cqlwire_cluster::{KeyspacePools, LoadBalancing, Routing};
use cqlwire_codec::{Consistency, Prepare, RequestEnvelope, RequestOptions, StatementKind, Token};
use cqlwire_net::RequestKind;
use uuid::Uuid;

use super::{Form, NotEncoded, Operation};
use crate::cql;
use crate::error::ErrorKind;
use crate::keyspace::Keyspace;
use crate::prepared::MetadataHandle;

/// PREPARE: a host parses a text, and executes nothing.
#[derive(Default)]
pub(crate) struct PrepareOperation<'a> {
    pub(crate) text: &'a str,
    /// That of its unqualified names, if not that of the session's connections.
    pub(crate) keyspace: Option<&'a Keyspace>,
    /// How long one host has for it, if not all of the time.
    pub(crate) attempt_timeout: Option<Duration>,
    /// The only host that it is for.
    pub(crate) host: Option<Uuid>,
    /// What chooses its hosts, if not what the session has.
    pub(crate) load_balancing: Option<&'a dyn LoadBalancing>,
}

impl Operation for PrepareOperation<'_> {
    fn encode(
        &self,
        form: Form,
        _: Option<&MetadataHandle>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        if cql::is_use(self.text) {
            return Err(NotEncoded::Refused(ErrorKind::UseStatement));
        }
        let prepare = Prepare {
            statement: self.text,
            keyspace: self.keyspace.and_then(|keyspace| keyspace.field(form.version)),
        };
        let options = RequestOptions { compression: form.compression, ..RequestOptions::default() };
        envelope.encode(&prepare, form.version, &options)?;
        Ok(None)
    }

    /// Each host will do as well as another.
    fn routing(&self) -> Routing<'_> {
        Routing::new(Consistency::One)
    }

    fn connections(&self) -> Option<&KeyspacePools> {
        self.keyspace?.connections()
    }

    fn pinned(&self) -> Option<Uuid> {
        self.host
    }

    fn load_balancing(&self) -> Option<&dyn LoadBalancing> {
        self.load_balancing
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn attempt_timeout(&self) -> Option<Duration> {
        self.attempt_timeout
    }

    /// It has none.
    fn at(&self, _: Consistency) -> Self {
        Self { ..*self }
    }

    fn is_joint(&self) -> bool {
        true
    }

    fn request_kind(&self) -> RequestKind {
        RequestKind::Prepare
    }

    fn text(&self) -> Option<&str> {
        Some(self.text)
    }

    /// Nothing is executed, whatever the text is.
    fn kind(&self) -> StatementKind {
        StatementKind::Read
    }
}
