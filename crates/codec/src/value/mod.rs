//! Values: Rust's types to and from the bytes of bind values and cells.

pub(crate) mod decode;
mod error;
mod rust_type;

pub use decode::{DecodeRow, DecodeValue};
pub use error::{InvalidValue, TypeMismatch, ValueError, ValueProblem};

use bytes::BytesMut;

use crate::{ColumnSpec, ColumnType};

/// One bind value.
pub trait EncodeValue {
    /// Appends the value as a \[value\] (v4 §3): its length as an \[int\], then its bytes.
    ///
    /// `ty` is the type of the bind marker, or `None` in an unprepared QUERY, where the value's
    /// own type decides.
    ///
    /// # Errors
    ///
    /// A value that does not fit the type. What was appended until then is taken back by the caller.
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError>;
}

/// The bind values of one statement.
pub trait EncodeValues {
    /// Whether [`encode_values`](Self::encode_values) writes a name before each value. Only for an
    /// unprepared QUERY: with bind markers at hand (`columns`), values go by position.
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        let _ = columns;
        false
    }

    /// Appends each value as a \[value\], after its name as a \[string\] if
    /// [`named`](Self::named), and says how many there were.
    ///
    /// `columns` are the bind markers of a prepared statement, empty for an unprepared QUERY.
    ///
    /// # Errors
    ///
    /// Values that do not fit the bind markers. What was appended until then is taken back by the
    /// caller.
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError>;
}

/// No values.
impl EncodeValues for () {
    fn encode_values(&self, columns: &[ColumnSpec], _: &mut BytesMut) -> Result<usize, ValueError> {
        if columns.is_empty() {
            return Ok(0);
        }
        Err(ValueError::Count { given: 0, expected: columns.len() })
    }
}
