//! Values that are encoded already: once for all the pages of a stream.

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{ColumnSpec, EncodeValues, ValueError};

/// The values of one statement as they are on the wire.
#[derive(Clone, Debug)]
pub(super) struct EncodedValues {
    bytes: Bytes,
    count: usize,
    named: bool,
}

impl EncodedValues {
    /// Checks and encodes the values for these bind markers.
    pub(super) fn new<V: EncodeValues + ?Sized>(
        values: &V,
        columns: &[ColumnSpec],
    ) -> Result<Self, ValueError> {
        let mut bytes = BytesMut::new();
        let count = values.encode_values(columns, &mut bytes)?;
        Ok(Self { bytes: bytes.freeze(), count, named: values.named(columns) })
    }
}

impl EncodeValues for EncodedValues {
    fn named(&self, _: &[ColumnSpec]) -> bool {
        self.named
    }

    fn encode_values(&self, _: &[ColumnSpec], out: &mut BytesMut) -> Result<usize, ValueError> {
        out.extend_from_slice(&self.bytes);
        Ok(self.count)
    }
}
