//! Bind values encoded before the request that they are for.

use std::fmt;

use bytes::{BufMut, BytesMut};

use super::EncodeValues;
use crate::value::ValueError;
use crate::wire::Reader;
use crate::{ColumnSpec, Token};

/// The bind values of one statement, encoded once: for finding out where the request belongs, and
/// for every attempt at it.
pub struct EncodedValues {
    bytes: BytesMut,
    count: usize,
    named: bool,
}

impl fmt::Debug for EncodedValues {
    /// Shows how many there are and how long: bind values are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedValues({} values, {} bytes)", self.count, self.bytes.len())
    }
}

impl EncodedValues {
    /// Encodes values for these bind markers; there are none if the statement is not prepared.
    ///
    /// `buffer` is cleared first; giving the one of an earlier request back
    /// ([`into_buffer`](Self::into_buffer)) saves its allocation.
    ///
    /// # Errors
    ///
    /// As [`EncodeValues::encode_values`].
    pub fn encode<V: EncodeValues + ?Sized>(
        values: &V,
        columns: &[ColumnSpec],
        mut buffer: BytesMut,
    ) -> Result<Self, ValueError> {
        buffer.clear();
        let count = values.encode_values(columns, &mut buffer)?;
        Ok(Self { bytes: buffer, count, named: values.named(columns) })
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Where the partition is that the values name; `key` says which of them make up its key, in
    /// the order of the key ([`BindMetadata::partition_key`](crate::BindMetadata)). `None` if they
    /// name none.
    pub fn token(&self, key: &[u16]) -> Option<Token> {
        if self.named { None } else { Token::of_bind_values(&self.bytes, key) }
    }

    /// The bytes of each as they go over the wire: a \[value\], after its name if it has one.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        let mut reader = Reader::new(&self.bytes);
        (0..self.count).map_while(move |_| {
            let start = reader.position();
            if self.named {
                reader.string("name of a value").ok()?;
            }
            reader.value("bind value").ok()?;
            self.bytes.get(start..reader.position())
        })
    }

    /// The names, if they are sent by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let each = self.each().filter(|_| self.named);
        each.filter_map(|named| Reader::new(named).string("name of a value").ok())
    }

    /// Whether they are sent by name.
    pub const fn are_named(&self) -> bool {
        self.named
    }

    /// The buffer, for another request.
    pub fn into_buffer(self) -> BytesMut {
        self.bytes
    }
}

/// They are written as they are, whatever the bind markers.
impl EncodeValues for EncodedValues {
    fn named(&self, _: &[ColumnSpec]) -> bool {
        self.named
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn encode_values(&self, _: &[ColumnSpec], out: &mut BytesMut) -> Result<usize, ValueError> {
        out.put_slice(&self.bytes);
        Ok(self.count)
    }
}
