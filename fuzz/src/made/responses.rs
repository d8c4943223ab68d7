//! Responses.

use std::net::SocketAddr;

use arbitrary::Result;
use cqlwire_codec::ProtocolVersion::{V4, V5};
use cqlwire_codec::{
    BindMetadata, Decoded, Event, PagingState, Prefixes, Prepared, Response, ResultResponse, Rows,
    RowsMetadata, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, Supported,
    TopologyChange,
};
use uuid::Uuid;

use super::Made;

impl Made<'_> {
    /// Any response that the version can say, with all that may come with it.
    pub fn response(&mut self) -> Result<Decoded> {
        let tracing_id = self.maybe(|made| made.from.arbitrary().map(Uuid::from_bytes))?;
        let warnings = self.since(V4, Self::texts)?.unwrap_or_default();
        let prefixes = Prefixes::new(tracing_id, warnings, self.payload()?);
        Ok(Decoded { prefixes, response: self.message()? })
    }

    fn message(&mut self) -> Result<Response> {
        Ok(match self.short()? % 11 {
            0..=2 => Response::Result(self.result()?),
            3..=4 => Response::Error(Box::new(self.error()?)),
            5 => Response::Event(self.event()?),
            6 => {
                let options = self.list(4, |made| Ok((made.text()?, made.texts()?)))?;
                Response::Supported(Supported::new(options.into_iter().collect()))
            }
            7 => Response::Authenticate { authenticator: self.text()? },
            8 => Response::AuthChallenge(self.maybe(Self::bytes)?),
            9 => Response::AuthSuccess(self.maybe(Self::bytes)?),
            _ => Response::Ready,
        })
    }

    fn result(&mut self) -> Result<ResultResponse> {
        Ok(match self.short()? % 6 {
            0..=1 => ResultResponse::Rows(self.rows()?),
            2 => ResultResponse::Prepared(Box::new(self.prepared()?)),
            3 => ResultResponse::SchemaChange(self.schema_change()?),
            4 => ResultResponse::SetKeyspace(self.text()?),
            _ => ResultResponse::Void,
        })
    }

    fn metadata(&mut self) -> Result<RowsMetadata> {
        let columns = self.maybe(Self::columns)?;
        let state = self.maybe(Self::bytes)?.filter(|state| !state.is_empty());
        let new_id = self.since(V5, Self::id)?;
        Ok(RowsMetadata {
            column_count: match &columns {
                Some(columns) => columns.len(),
                None => self.from.int_in_range(0..=9)?,
            },
            new_metadata_id: new_id.filter(|_| columns.is_some()),
            paging_state: state.map(|state| PagingState::new(&state)),
            columns,
        })
    }

    fn rows(&mut self) -> Result<Rows> {
        let metadata = self.metadata()?;
        let row_count: u8 = self.from.int_in_range(0..=9)?;
        let cells = metadata.column_count * usize::from(row_count);
        let mut content = Vec::new();
        for _ in 0..cells {
            let cell = self.maybe(Self::bytes)?;
            let length = cell.as_ref().map_or(Ok(-1), |cell| i32::try_from(cell.len()));
            content.extend(length.expect("a short cell").to_be_bytes());
            content.extend(cell.unwrap_or_default());
        }
        // Rows without columns have to be paid for too.
        content.resize(content.len().max(4 * usize::from(row_count)), 0);
        Ok(Rows { metadata, row_count: row_count.into(), content: content.into() })
    }

    fn prepared(&mut self) -> Result<Prepared> {
        let (id, metadata_id, columns) = (self.id()?, self.id()?, self.columns()?);
        let markers = u16::try_from(columns.len()).expect("few markers");
        let key = self.list(4, Self::short)?;
        let mut partition_key = Vec::new();
        for index in key.into_iter().filter_map(|index| index.checked_rem(markers)) {
            if self.is(V4) && !partition_key.contains(&index) {
                partition_key.push(index);
            }
        }
        Ok(Prepared {
            id,
            result_metadata_id: self.is(V5).then_some(metadata_id),
            bind: BindMetadata { columns, partition_key },
            result: self.metadata()?,
        })
    }

    fn schema_change(&mut self) -> Result<SchemaChange> {
        let kind = self.one_of(&[
            SchemaChangeKind::Created,
            SchemaChangeKind::Updated,
            SchemaChangeKind::Dropped,
            SchemaChangeKind::Other("NEWER".to_owned()),
        ])?;
        let target = match self.short()? % 6 {
            0 => SchemaTarget::Table(self.text()?),
            1 => SchemaTarget::Type(self.text()?),
            2 if self.is(V4) => SchemaTarget::Function(self.text()?, self.texts()?),
            3 if self.is(V4) => SchemaTarget::Aggregate(self.text()?, self.texts()?),
            4 => SchemaTarget::Other("NEWER".to_owned()),
            _ => SchemaTarget::Keyspace,
        };
        Ok(SchemaChange { kind, target, keyspace: self.text()? })
    }

    fn event(&mut self) -> Result<Event> {
        Ok(match self.short()? % 4 {
            0 => {
                let change = self.one_of(&[
                    TopologyChange::NewNode,
                    TopologyChange::RemovedNode,
                    TopologyChange::MovedNode,
                    TopologyChange::Other("NEWER".to_owned()),
                ])?;
                Event::TopologyChange { change, address: self.address()? }
            }
            1 => {
                let change = self.one_of(&[
                    StatusChange::Up,
                    StatusChange::Down,
                    StatusChange::Other("NEWER".to_owned()),
                ])?;
                Event::StatusChange { change, address: self.address()? }
            }
            2 => Event::SchemaChange(self.schema_change()?),
            _ => Event::Other("NEWER".to_owned()),
        })
    }

    fn address(&mut self) -> Result<SocketAddr> {
        let port = self.from.int_in_range(1..=u16::MAX)?;
        Ok(SocketAddr::new(self.from.arbitrary()?, port))
    }
}
