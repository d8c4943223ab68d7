//! Requests.

use arbitrary::Result;
use cqlwire_codec::ProtocolVersion::{V4, V5};
use cqlwire_codec::request::{
    BatchType, BindValue, BoundValue, DecodedBatch, DecodedBatchStatement, DecodedParameters,
    DecodedStatement, RequestMessage,
};
use cqlwire_codec::{EventKind, PagingState, SerialConsistency};

use super::Made;

impl Made<'_> {
    /// Any request that the version can say.
    pub fn request(&mut self) -> Result<RequestMessage> {
        Ok(match self.short()? % 8 {
            0 => RequestMessage::Execute {
                id: self.id()?,
                result_metadata_id: if self.is(V5) { Some(self.id()?) } else { None },
                parameters: self.parameters()?,
            },
            1 => RequestMessage::Query {
                statement: self.text()?,
                parameters: DecodedParameters { skip_metadata: false, ..self.parameters()? },
            },
            2 => RequestMessage::Batch(self.batch()?),
            3 => RequestMessage::Prepare {
                statement: self.text()?,
                keyspace: self.since(V5, Self::text)?,
            },
            4 => RequestMessage::Register(
                self.list(4, |made| made.text().map(|name| EventKind::from(&*name)))?,
            ),
            5 => RequestMessage::AuthResponse(Some(self.bytes()?)),
            6 => {
                let options = self.list(4, |made| Ok((made.text()?, made.text()?)))?;
                RequestMessage::Startup(options.into_iter().collect())
            }
            _ => RequestMessage::Options,
        })
    }

    fn parameters(&mut self) -> Result<DecodedParameters> {
        let named = self.flag()?;
        Ok(DecodedParameters {
            consistency: self.consistency()?,
            values: self.list(5, |made| made.value(named))?,
            skip_metadata: self.flag()?,
            page_size: self.maybe(|made| made.from.int_in_range(1..=i32::MAX))?,
            paging_state: self.maybe(|made| made.bytes().map(|state| PagingState::new(&state)))?,
            serial_consistency: self.maybe(Self::serial)?,
            timestamp_micros: self.maybe(|made| made.from.int_in_range(i64::MIN + 1..=i64::MAX))?,
            keyspace: self.since(V5, Self::text)?,
            now_in_seconds: self.since(V5, Self::int)?,
        })
    }

    fn serial(&mut self) -> Result<SerialConsistency> {
        self.one_of(&[SerialConsistency::Serial, SerialConsistency::LocalSerial])
    }

    fn value(&mut self, named: bool) -> Result<BoundValue> {
        let name = if named { Some(self.text()?) } else { None };
        let value = match self.short()? % 8 {
            0 => BindValue::Null,
            1 if self.is(V4) => BindValue::Unset,
            _ => BindValue::Bytes(self.bytes()?),
        };
        Ok(BoundValue { name, value })
    }

    fn batch(&mut self) -> Result<DecodedBatch> {
        Ok(DecodedBatch {
            batch_type: self.one_of(&[
                BatchType::Logged,
                BatchType::Unlogged,
                BatchType::Counter,
            ])?,
            statements: self.list(4, Self::batch_statement)?,
            consistency: self.consistency()?,
            serial_consistency: self.maybe(Self::serial)?,
            timestamp_micros: self.maybe(|made| made.from.int_in_range(i64::MIN + 1..=i64::MAX))?,
            keyspace: self.since(V5, Self::text)?,
            now_in_seconds: self.since(V5, Self::int)?,
        })
    }

    fn batch_statement(&mut self) -> Result<DecodedBatchStatement> {
        let statement = if self.flag()? {
            DecodedStatement::Query(self.text()?)
        } else {
            DecodedStatement::Prepared(self.id()?)
        };
        Ok(DecodedBatchStatement { statement, values: self.list(4, |made| made.value(false))? })
    }
}
