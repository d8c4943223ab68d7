//! Executing a batch.

use cqlwire_cluster::Routing;
use cqlwire_codec::{
    Batch, BatchStatements, BatchType, Consistency, EncodeError, RequestEnvelope, RequestOptions,
    StatementKind, Token,
};
use cqlwire_net::RequestKind;
use uuid::Uuid;

use super::{Form, NotEncoded, Operation, Options};
use crate::batch::Contents;
use crate::error::ErrorKind;
use crate::prepared::{MetadataHandle, PreparedStatement};

/// The statements of a batch as one request. Made anew for each look at it: the statements are
/// encoded already, and for each host only checked.
pub(crate) struct BatchOperation<'a> {
    pub(crate) batch_type: BatchType,
    pub(crate) contents: &'a Contents,
    pub(crate) options: &'a Options<'a>,
    /// What its texts with values were prepared to.
    pub(crate) texts: &'a [PreparedStatement],
    /// The longest body, in bytes before compression.
    pub(crate) max_bytes: usize,
    /// At which it is sent, if not at that of the options.
    pub(crate) consistency: Option<Consistency>,
}

impl BatchOperation<'_> {
    fn encode_statements(
        &self,
        statements: &BatchStatements,
        form: Form,
        envelope: &mut RequestEnvelope,
    ) -> Result<(), NotEncoded> {
        let settings = &self.options.settings;
        let consistency = self.consistency.unwrap_or(settings.consistency);
        let batch = Batch {
            serial_consistency: Some(settings.serial_consistency),
            timestamp_micros: self.options.timestamp_micros,
            keyspace: self.options.keyspace.field(form.version),
            now_in_seconds: self.options.now_in_seconds(),
            ..Batch::new(self.batch_type, statements, consistency)
        };
        let options = RequestOptions {
            tracing: settings.tracing,
            custom_payload: self.options.custom_payload(form.version),
            compression: form.compression,
            max_body_bytes: Some(self.max_bytes),
        };
        let encoded = envelope.encode(&batch, form.version, &options);
        encoded.map_err(|error| self.refused(error))
    }

    #[cold]
    fn refused(&self, error: EncodeError) -> NotEncoded {
        match error {
            EncodeError::TooLong { what: "body of an envelope", length, limit } => {
                let statements = self.contents.len();
                let kind = ErrorKind::BatchTooLarge { statements, bytes: length, limit };
                NotEncoded::Refused(kind)
            }
            error => error.into(),
        }
    }
}

impl Operation for BatchOperation<'_> {
    /// The statements as they were added.
    fn encode(
        &self,
        form: Form,
        _: Option<&MetadataHandle>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        self.encode_statements(self.contents.as_added(), form, envelope)?;
        Ok(None)
    }

    fn encode_for(
        &self,
        host: Uuid,
        form: Form,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<MetadataHandle>, NotEncoded> {
        self.encode_statements(&*self.contents.on(host, self.texts)?, form, envelope)?;
        // The rows of conditional batches come with their columns.
        Ok(None)
    }

    fn routing(&self) -> Routing<'_> {
        let consistency = self.options.settings.consistency;
        let conditional = matches!(self.kind(), StatementKind::Conditional)
            || matches!(consistency, Consistency::Serial | Consistency::LocalSerial);
        let known = Routing::new(consistency).conditional(conditional);
        let (token, keyspace) = match self.contents.route(self.texts) {
            None => (None, self.options.keyspace.name()),
            Some((token, keyspace)) => (Some(token), keyspace),
        };
        match &self.options.rare {
            None => known.at(keyspace, token),
            Some(given) => known.at(given.keyspace.as_deref().or(keyspace), given.token.or(token)),
        }
    }

    #[inline]
    fn options(&self) -> Option<&Options<'_>> {
        Some(self.options)
    }

    fn is_idempotent(&self) -> bool {
        self.options.settings.idempotent.unwrap_or(false)
    }

    fn at(&self, consistency: Consistency) -> Self {
        Self { consistency: Some(consistency), ..*self }
    }

    fn request_kind(&self) -> RequestKind {
        RequestKind::Batch
    }

    fn kind(&self) -> StatementKind {
        self.contents.kind(self.batch_type)
    }

    #[cold]
    fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.contents.all_texts())
    }

    #[cold]
    fn statements<'s>(&'s self) -> Box<dyn Iterator<Item = &'s PreparedStatement> + 's> {
        Box::new(self.contents.statements(self.texts))
    }

    fn statement_with_id(&self, id: &[u8], host: Uuid) -> Option<&PreparedStatement> {
        self.contents.with_id(id, host, self.texts)
    }

    fn statement_of(&self, error: &EncodeError) -> Option<&PreparedStatement> {
        match error {
            EncodeError::BatchStatement { number, .. } => {
                self.contents.prepared(*number, self.texts)
            }
            _ => None,
        }
    }
}
