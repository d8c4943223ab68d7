//! The statements of a BATCH, each encoded when it is added.

use std::fmt;

use bytes::{BufMut, BytesMut};

use super::parameters::{put_counted_values, refuse_unset};
use crate::wire::{Reader, write};
use crate::{ColumnSpec, EncodeError, EncodeValues, ProtocolVersion, ValueError};

/// The statements of a [`Batch`](super::Batch) as they go over the wire, in one buffer that grows as
/// they are added: 65,535 at most.
///
/// [`clear`](Self::clear) keeps the buffer, so that a batch that is filled again allocates nothing.
#[derive(Clone, Default)]
pub struct BatchStatements {
    bytes: BytesMut,
    /// Where the last statement ends. What is behind it is of one that could not be added.
    end: usize,
    count: u16,
}

/// What a statement of a batch is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BatchStatementKind<'a> {
    /// 0: in CQL.
    Query(&'a str),
    /// 1: prepared, by its id. (There is no result metadata id here, not even in v5.)
    Prepared(&'a [u8]),
}

/// How many statements there were at one time, and where they ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BatchMark {
    end: usize,
    count: u16,
}

/// One statement of a batch, as it was added.
#[derive(Copy, Clone, Debug)]
pub struct BatchStatement<'a> {
    /// The text, or the id.
    pub kind: BatchStatementKind<'a>,
    /// Its bind values.
    pub values: BatchValues<'a>,
}

/// The bind values of one statement of a batch, encoded.
#[derive(Copy, Clone)]
pub struct BatchValues<'a> {
    bytes: &'a [u8],
    count: u16,
}

impl BatchStatements {
    /// The most that there can be: their number is a \[short\].
    pub const MOST: usize = u16::MAX as usize;

    /// Appends a statement with its values, for these bind markers; there are none if it is not
    /// prepared. Gives the values as they were encoded: each a \[value\].
    ///
    /// # Errors
    ///
    /// One statement too many. Values that do not fit, and values by name, which no server can
    /// read here: [`EncodeError::BatchStatement`] says of which statement. All is as it was then.
    #[inline]
    pub fn add<V: EncodeValues + ?Sized>(
        &mut self,
        kind: BatchStatementKind<'_>,
        values: &V,
        columns: &[ColumnSpec],
    ) -> Result<&[u8], EncodeError> {
        self.bytes.truncate(self.end);
        let Some(count) = self.count.checked_add(1) else {
            let what = "statements of a batch";
            return Err(EncodeError::TooLong { what, length: Self::MOST + 1, limit: Self::MOST });
        };
        match self.append(kind, values, columns) {
            Ok(values_at) => {
                (self.end, self.count) = (self.bytes.len(), count);
                Ok(self.bytes.get(values_at..).unwrap_or_default())
            }
            Err(error) => {
                self.bytes.truncate(self.end);
                Err(error.in_batch(usize::from(count)))
            }
        }
    }

    /// Appends a statement, and says where its values begin.
    #[inline]
    fn append<V: EncodeValues + ?Sized>(
        &mut self,
        kind: BatchStatementKind<'_>,
        values: &V,
        columns: &[ColumnSpec],
    ) -> Result<usize, EncodeError> {
        let out = &mut self.bytes;
        match kind {
            BatchStatementKind::Query(statement) => {
                out.put_u8(0);
                write::long_string(out, "statement", statement)?;
            }
            BatchStatementKind::Prepared(id) => {
                out.put_u8(1);
                write::short_bytes(out, "id of a prepared statement", id)?;
            }
        }
        if values.named(columns) && !values.is_empty() {
            // The flag that announces names comes after the values, so servers read past them
            // (CASSANDRA-10246).
            let why = "a BATCH takes values by position only";
            return Err(EncodeError::Invalid { what: "named values", why });
        }
        let counted_at = out.len();
        put_counted_values(values, columns, out)?;
        Ok(counted_at + size_of::<u16>())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Is there none?
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes they have together.
    pub const fn bytes(&self) -> usize {
        self.end
    }

    /// Forgets all of them, and keeps the buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.end, self.count) = (0, 0);
    }

    /// Where they end now.
    pub const fn mark(&self) -> BatchMark {
        BatchMark { end: self.end, count: self.count }
    }

    /// Forgets what was added since.
    pub fn back_to(&mut self, mark: BatchMark) {
        if mark.end <= self.end {
            self.bytes.truncate(mark.end);
            (self.end, self.count) = (mark.end, mark.count);
        }
    }

    /// Each of them, in order.
    pub fn each(&self) -> impl Iterator<Item = BatchStatement<'_>> {
        let mut reader = Reader::new(self.encoded());
        // What was written here can be read.
        (0..self.count).map_while(move |_| read(&mut reader, self.encoded()))
    }

    fn encoded(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Their number, and all of them.
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        if version < ProtocolVersion::V4 {
            for (statement, number) in self.each().zip(1..) {
                let BatchValues { bytes, count } = statement.values;
                let refused = refuse_unset(bytes, usize::from(count), false, version);
                refused.map_err(|error| error.in_batch(number))?;
            }
        }
        out.put_u16(self.count);
        out.put_slice(self.encoded());
        Ok(())
    }
}

/// The next statement of these bytes, which is where the reader is.
fn read<'a>(reader: &mut Reader<'a>, bytes: &'a [u8]) -> Option<BatchStatement<'a>> {
    let kind = match reader.byte("kind of a statement").ok()? {
        0 => BatchStatementKind::Query(reader.long_string("statement").ok()?),
        _ => BatchStatementKind::Prepared(reader.short_bytes("id of a prepared statement").ok()?),
    };
    let count = reader.short("number of bind values").ok()?;
    let start = reader.position();
    for _ in 0..count {
        reader.value("bind value").ok()?;
    }
    let bytes = bytes.get(start..reader.position())?;
    Some(BatchStatement { kind, values: BatchValues { bytes, count } })
}

impl<'a> BatchValues<'a> {
    /// How many there are.
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// The bytes of each as they go over the wire: a \[value\].
    pub fn each(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, mut reader) = (self.bytes, Reader::new(self.bytes));
        (0..self.count).map_while(move |_| {
            let start = reader.position();
            reader.value("bind value").ok()?;
            bytes.get(start..reader.position())
        })
    }
}

/// They are written as they are, whatever the bind markers.
impl EncodeValues for BatchValues<'_> {
    fn encode_values(&self, _: &[ColumnSpec], out: &mut BytesMut) -> Result<usize, ValueError> {
        out.put_slice(self.bytes);
        Ok(self.count())
    }
}

impl fmt::Debug for BatchStatements {
    /// Shows how many there are and how long: bind values are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchStatements({} statements, {} bytes)", self.count, self.end)
    }
}

impl fmt::Debug for BatchValues<'_> {
    /// Shows how many there are and how long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchValues({} values, {} bytes)", self.count, self.bytes.len())
    }
}
