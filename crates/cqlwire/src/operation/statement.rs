//! Executing a statement, or asking for one page of its result.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use cqlwire_cluster::Routing;
use cqlwire_codec::{
    Consistency, CustomPayload, EncodeError, EncodeValues, Execute, ProtocolVersion, Query,
    QueryParameters, RequestEnvelope, RequestOptions, StatementKind, Token,
};
use cqlwire_net::RequestKind;
use cqlwire_stream::Position;

use super::options::has_payloads;
use super::token::Hashed;
use super::untyped::{check_untyped, refuse_without_markers};
use super::{Form, NotEncoded, Operation, Options};
use crate::cql::{self, Outline};
use crate::error::ErrorKind;
use crate::prepared::{MetadataHandle, Named, Origin, PreparedStatement, StatementMetadata};

/// A statement: in CQL, or prepared.
#[derive(Copy, Clone)]
pub(crate) enum Statement<'a> {
    Text(&'a str),
    Prepared(&'a PreparedStatement),
}

impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&cql::without_secrets(text)).finish(),
            Self::Prepared(prepared) => prepared.fmt(f),
        }
    }
}

impl<'a> Statement<'a> {
    /// Its text.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Prepared(prepared) => prepared.text(),
        }
    }

    /// As it is seen from outside.
    pub(crate) fn outline(&self) -> Arc<Outline> {
        match self {
            Self::Text(text) => Arc::new(Outline::of(text)),
            Self::Prepared(prepared) => prepared.outline(),
        }
    }

    /// Is it one of this cluster and keyspace?
    #[inline]
    pub(crate) fn check_origin(&self, origin: &Arc<Origin>) -> Result<(), ErrorKind> {
        match self {
            Self::Text(_) => Ok(()),
            Self::Prepared(prepared) => prepared.check_origin(origin),
        }
    }

    /// What it does, as far as its text tells.
    pub(crate) fn kind(&self) -> StatementKind {
        match self {
            Self::Text(text) => cql::kind(text),
            Self::Prepared(prepared) => prepared.kind(),
        }
    }

    /// What is counted of it, if it has a name.
    #[inline]
    pub(crate) fn named(&self) -> Option<&'a Named> {
        match self {
            Self::Text(_) => None,
            Self::Prepared(prepared) => prepared.named(),
        }
    }

    /// As what it is counted.
    #[inline]
    pub(crate) fn request_kind(&self) -> RequestKind {
        match self.kind_at_a_glance() {
            StatementKind::Read => RequestKind::Read,
            StatementKind::Write | StatementKind::Conditional | StatementKind::UnloggedBatch => {
                RequestKind::Write
            }
            _ => RequestKind::Other,
        }
    }

    /// What it does, as far as its first word tells: for what is asked of each result.
    pub(crate) fn kind_at_a_glance(&self) -> StatementKind {
        match self {
            Self::Text(text) if cql::is_select(text) => StatementKind::Read,
            Self::Text(_) => StatementKind::Unknown,
            Self::Prepared(prepared) => prepared.kind(),
        }
    }
}

/// One page of a stream.
#[derive(Copy, Clone, Debug)]
pub(crate) struct PageRange<'a> {
    pub(crate) from: &'a Position,
    /// How many rows are of use, if fewer than a page.
    pub(crate) most_rows: Option<NonZeroU32>,
    /// What goes along with it, if it has a trace context.
    pub(crate) traced_payload: Option<&'a CustomPayload>,
}

/// A statement with its values, whole or a page of it. Made anew for each look at it: the values
/// are encoded when it is sent, each time by what is known of the statement then.
pub(crate) struct StatementOperation<'a> {
    pub(crate) statement: Statement<'a>,
    pub(crate) values: &'a (dyn EncodeValues + 'a),
    pub(crate) options: &'a Options<'a>,
    pub(crate) page: Option<PageRange<'a>>,
    /// Its write time, if it has one of its own.
    pub(crate) timestamp_micros: Option<i64>,
    /// At which it is sent, if not at that of the options.
    pub(crate) consistency: Option<Consistency>,
}

impl<'a> StatementOperation<'a> {
    /// The whole result of it.
    #[inline]
    pub(crate) const fn new(
        statement: Statement<'a>,
        values: &'a (dyn EncodeValues + 'a),
        options: &'a Options<'a>,
    ) -> Self {
        let timestamp_micros = options.timestamp_micros;
        Self { statement, values, options, page: None, timestamp_micros, consistency: None }
    }

    fn parameters<'v>(
        &self,
        values: &'v (dyn EncodeValues + 'v),
        version: ProtocolVersion,
    ) -> QueryParameters<'v, dyn EncodeValues + 'v>
    where
        'a: 'v,
    {
        let settings = &self.options.settings;
        let most_rows = self.page.and_then(|page| page.most_rows);
        let page_size = most_rows.map_or(u32::MAX, NonZeroU32::get).min(settings.page_size);
        QueryParameters {
            page_size: Some(i32::try_from(page_size).unwrap_or(i32::MAX)),
            paging_state: self.page.and_then(|page| page.from.paging_state()),
            serial_consistency: Some(settings.serial_consistency),
            timestamp_micros: self.timestamp_micros,
            keyspace: self.options.keyspace.field(version),
            now_in_seconds: self.options.now_in_seconds(),
            ..QueryParameters::new(self.consistency.unwrap_or(settings.consistency), values)
        }
    }

    fn custom_payload(&self, version: ProtocolVersion) -> Option<&CustomPayload> {
        let traced = self.page.and_then(|page| page.traced_payload);
        traced.filter(|_| has_payloads(version)).or_else(|| self.options.custom_payload(version))
    }

    #[inline(never)]
    fn encode_text(
        &self,
        text: &str,
        version: ProtocolVersion,
        options: &RequestOptions<'_>,
        envelope: &mut RequestEnvelope,
    ) -> Result<(), NotEncoded> {
        if cql::is_use(text) {
            return Err(NotEncoded::Refused(ErrorKind::UseStatement));
        }
        if !self.values.is_empty() {
            check_untyped(text, self.values)?;
        }
        let query = Query { statement: text, parameters: self.parameters(self.values, version) };
        Ok(envelope.encode(&query, version, options)?)
    }

    fn encode_prepared(
        &self,
        metadata: &StatementMetadata,
        version: ProtocolVersion,
        options: &RequestOptions<'_>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        if metadata.bind.columns.is_empty() && !self.values.is_empty() {
            let refused = refuse_without_markers(self.values);
            refused.map_err(|error| NotEncoded::Values(error.into()))?;
        }
        let hashed = Hashed::new(self.values, &metadata.partition_key);
        let mut parameters = self.parameters(&hashed, version);
        parameters.columns = &metadata.bind.columns;
        // Only v5 tells when the columns are others than those known; before it, rows could be
        // read by the wrong ones (CASSANDRA-10786).
        let tells_changes = version >= ProtocolVersion::V5;
        parameters.skip_metadata = tells_changes && metadata.result.columns.is_some();
        let execute = Execute {
            id: &metadata.id,
            result_metadata_id: tells_changes.then_some(&*metadata.result.id),
            parameters,
        };
        match envelope.encode(&execute, version, options) {
            Ok(()) => Ok(hashed.token()),
            Err(error @ EncodeError::Value(_)) => Err(NotEncoded::Values(error)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Operation for StatementOperation<'_> {
    fn encode(
        &self,
        form: Form,
        metadata: Option<&MetadataHandle>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        let version = form.version;
        if let Some(page) = self.page {
            let understood = page.from.check_protocol(version);
            understood.map_err(|mismatch| NotEncoded::NotInVersion(mismatch.into()))?;
        }
        let options = RequestOptions {
            tracing: self.options.settings.tracing,
            custom_payload: self.custom_payload(version),
            compression: form.compression,
            ..RequestOptions::default()
        };
        match (self.statement, metadata) {
            (Statement::Prepared(prepared), Some(metadata)) => {
                self.encode_prepared(prepared.metadata(metadata), version, &options, envelope)
            }
            (statement, _) => {
                self.encode_text(statement.text(), version, &options, envelope)?;
                Ok(None)
            }
        }
    }

    #[inline]
    fn routing(&self) -> Routing<'_> {
        let consistency = self.options.settings.consistency;
        let given = &self.options.rare;
        let (keyspace, kind) = match self.statement {
            Statement::Prepared(prepared) => (prepared.keyspace(), prepared.kind()),
            // Without a token it makes no difference.
            Statement::Text(_) if given.is_none() => (None, StatementKind::Unknown),
            Statement::Text(text) => (self.options.keyspace.name(), cql::kind(text)),
        };
        let conditional = matches!(kind, StatementKind::Conditional)
            || matches!(consistency, Consistency::Serial | Consistency::LocalSerial);
        let known = Routing::new(consistency).conditional(conditional);
        match given {
            None => known.at(keyspace, None),
            Some(given) => known.at(given.keyspace.as_deref().or(keyspace), given.token),
        }
    }

    #[inline]
    fn options(&self) -> Option<&Options<'_>> {
        Some(self.options)
    }

    fn is_idempotent(&self) -> bool {
        let reads = || self.statement.kind_at_a_glance() == StatementKind::Read;
        self.options.settings.idempotent.unwrap_or_else(reads)
    }

    fn at(&self, consistency: Consistency) -> Self {
        Self { consistency: Some(consistency), ..*self }
    }

    fn kind(&self) -> StatementKind {
        self.statement.kind()
    }

    fn text(&self) -> Option<&str> {
        Some(self.statement.text())
    }

    #[inline]
    fn request_kind(&self) -> RequestKind {
        if self.page.is_some() { RequestKind::Page } else { self.statement.request_kind() }
    }

    fn prepared(&self) -> Option<&PreparedStatement> {
        match self.statement {
            Statement::Text(_) => None,
            Statement::Prepared(prepared) => Some(prepared),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cqlwire_codec::{BindMetadata, ColumnSpec};

    use super::*;
    use crate::keyspace::{InKeyspace, Keyspace};
    use crate::prepared::ResultMetadata;
    use crate::profile::ExecutionProfile;

    fn nowhere() -> InKeyspace<'static> {
        let origin = Origin { cluster: "test".into(), keyspace: None };
        InKeyspace::Owned(Arc::new(Keyspace::of_session(origin)))
    }

    /// Is the server asked to leave out the columns of the rows?
    fn skips_metadata(version: ProtocolVersion, columns: Option<Arc<[ColumnSpec]>>) -> bool {
        let bind = BindMetadata { columns: Arc::default(), partition_key: Vec::new() };
        let result = ResultMetadata { id: Bytes::from_static(b"rows"), columns };
        let id = Bytes::from_static(b"id");
        let metadata = StatementMetadata { id, bind, partition_key: Box::default(), result };
        let profile = ExecutionProfile::default();
        let options = Options::of(&profile, nowhere());
        let operation = StatementOperation::new(Statement::Text(""), &(), &options);
        let plain = RequestOptions::default();
        let mut envelope = RequestEnvelope::options(version);
        operation.encode_prepared(&metadata, version, &plain, &mut envelope).map_err(drop).unwrap();
        let bytes = envelope.as_bytes();
        // After the header, the ids, each with its length, and the consistency.
        let lowest = match version {
            ProtocolVersion::V5 => 9 + 4 + 6 + 2 + 3,
            _ => 9 + 4 + 2,
        };
        bytes[lowest] & 0x02 != 0
    }

    #[test]
    fn it_is_sent_at_the_consistency_that_it_is_asked_for_at_last() {
        let profile = ExecutionProfile::default();
        let options = Options::of(&profile, nowhere());
        let first = StatementOperation::new(Statement::Text("?"), &(), &options);
        let sent_at = |operation: &StatementOperation<'_>| {
            let form = Form { version: ProtocolVersion::V4, compression: None };
            let mut envelope = RequestEnvelope::options(form.version);
            operation.encode(form, None, &mut envelope).map_err(drop).unwrap();
            // After the header, and a text of one byte with its length.
            let at = 9 + 4 + 1;
            envelope.as_bytes()[at..at + 2].to_vec()
        };
        assert_eq!(sent_at(&first), [0, 6], "LOCAL_QUORUM");
        assert_eq!(sent_at(&first.at(Consistency::One)), [0, 1]);
        assert_eq!(sent_at(&first.at(Consistency::One).at(Consistency::Two)), [0, 2]);
    }

    /// Conditional statements have other columns each time, which no id stands for.
    #[test]
    fn g15_2_columns_are_left_out_only_where_they_are_known_and_a_change_is_told() {
        let column = ColumnSpec {
            keyspace: "ks".into(),
            table: "t".into(),
            name: "a".to_owned(),
            column_type: cqlwire_codec::ColumnType::Int,
        };
        let known = || Some([column.clone()].into());
        assert!(skips_metadata(ProtocolVersion::V5, known()));
        assert!(!skips_metadata(ProtocolVersion::V5, None));
        assert!(!skips_metadata(ProtocolVersion::V4, known()));
        assert!(!skips_metadata(ProtocolVersion::V4, None));
    }
}
