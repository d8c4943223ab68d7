//! Requests that are known by heart.

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    Consistency, EncodeValues, Execute, PagingState, ProtocolVersion, QueryParameters,
    RequestOptions, encode_request,
};

use crate::Result;
use crate::work::PAGE_ROWS;

/// Where the stream id stands in an envelope.
const STREAM: std::ops::Range<usize> = 2..4;

/// An EXECUTE, encoded, and where the key stands in it.
#[derive(Clone, Debug)]
pub(super) struct Template {
    envelope: Vec<u8>,
    key: usize,
    id: Vec<u8>,
    metadata_id: Vec<u8>,
}

impl Template {
    /// Of what was prepared under these ids; without an envelope that takes a key.
    pub(super) const fn new(id: Vec<u8>, metadata_id: Vec<u8>) -> Self {
        Self { envelope: Vec::new(), key: 0, id, metadata_id }
    }

    /// Encodes the request; the key ends so many bytes before it does.
    pub(super) fn learn<V: EncodeValues>(&mut self, values: &V, behind_key: usize) -> Result<()> {
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
