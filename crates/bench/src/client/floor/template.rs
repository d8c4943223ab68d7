//! Requests that are known by heart.

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    Consistency, EncodeValues, Execute, PagingState, ProtocolVersion, QueryParameters,
    RequestOptions, Response, ResultResponse, encode_request,
};

use super::line::Line;
use crate::Result;
use crate::work::{INSERT, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN};

/// Where the stream id stands in an envelope.
const STREAM: std::ops::Range<usize> = 2..4;

/// What is prepared.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Read,
    Insert,
    Scan,
}

/// An EXECUTE, encoded, and where the key stands in it.
#[derive(Clone, Debug)]
pub(super) struct Template {
    envelope: Vec<u8>,
    key: usize,
    id: Vec<u8>,
    metadata_id: Vec<u8>,
}

/// Asks the server to prepare a statement, and learns to execute it.
pub(super) struct Prepare(pub(super) Statement);

impl Prepare {
    pub(super) fn ask(&self, line: &mut Line) -> Result<Template> {
        let statement = match self.0 {
            Statement::Read => READ,
            Statement::Insert => INSERT,
            Statement::Scan => SCAN,
        };
        let answer = line.ask(&cqlwire_codec::Prepare { statement, keyspace: None })?;
        let Response::Result(ResultResponse::Prepared(prepared)) = answer.response else {
            return Err(format!("PREPARE was answered by {:?}", answer.response).into());
        };
        let id = prepared.id.to_vec();
        let metadata_id = prepared.result_metadata_id.unwrap_or_default().to_vec();
        let mut template = Template { envelope: Vec::new(), key: 0, id, metadata_id };
        match self.0 {
            Statement::Read => template.learn(&(0_i64,), 0)?,
            // Behind the key come two values with their lengths.
            Statement::Insert => {
                let behind = 4 + NAME.len() + 4 + PAYLOAD.len();
                template.learn(&(0_i64, NAME, PAYLOAD.as_slice()), behind)?;
            }
            Statement::Scan => {}
        }
        Ok(template)
    }
}

impl Template {
    /// Encodes the request; the key ends so many bytes before it does.
    fn learn<V: EncodeValues>(&mut self, values: &V, behind_key: usize) -> Result<()> {
        let parameters = QueryParameters {
            skip_metadata: true,
            ..QueryParameters::new(Consistency::LocalOne, values)
        };
        self.envelope = self.encode(parameters)?;
        self.key = self.envelope.len() - behind_key - size_of::<i64>();
        Ok(())
    }

    /// The request for one page.
    pub(super) fn page(&self, state: Option<&PagingState>) -> Result<Vec<u8>> {
        self.encode(QueryParameters {
            skip_metadata: true,
            page_size: Some(i32::try_from(PAGE_ROWS)?),
            paging_state: state,
            ..QueryParameters::new(Consistency::LocalOne, &())
        })
    }

    fn encode<V: EncodeValues>(&self, parameters: QueryParameters<'_, V>) -> Result<Vec<u8>> {
        let result_metadata_id = Some(self.metadata_id.as_slice());
        let execute = Execute { id: &self.id, result_metadata_id, parameters };
        let options = RequestOptions::default();
        let envelope = encode_request(&execute, ProtocolVersion::V5, &options, BytesMut::new())?;
        Ok(envelope.as_bytes().to_vec())
    }

    /// Appends the request with this stream id and this key.
    #[inline]
    pub(super) fn put(&self, stream: usize, key: i64, out: &mut BytesMut) -> Result<()> {
        let start = out.len();
        out.put_slice(&self.envelope);
        let envelope = out.get_mut(start..).unwrap_or_default();
        let stream = u16::try_from(stream)?.to_be_bytes();
        let place = envelope.get_mut(STREAM).ok_or("an envelope has a header")?;
        place.copy_from_slice(&stream);
        let place = envelope.get_mut(self.key..self.key + size_of::<i64>());
        place.ok_or("a request has a key")?.copy_from_slice(&key.to_be_bytes());
        Ok(())
    }
}
