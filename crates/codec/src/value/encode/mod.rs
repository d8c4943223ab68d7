//! Encoding: Rust values to bind values.
//!
//! A value is written once, straight into the caller's buffer; a length that is not known
//! beforehand is patched in place. With a bind marker at hand its type is checked, for the null of
//! an `Option` and the elements of an empty collection too; in an unprepared QUERY there is none,
//! and the value's own type decides what is written.
//!
//! The same types of Rust go with the same types of CQL as in [decoding](super::decode).
//!
//! Sets and maps are written in the order in which servers sort them (`super::order`), whatever they
//! come from, so that equal values have equal bytes: a partition key with a set in it is found again,
//! and routed to where it is. Of elements that are the same to a server one is written; of keys that
//! are, too, if their values are equal, and otherwise the value is refused: a server would keep either.
//! A null inside of a collection, which servers refuse, is refused before it is sent.

mod bytes;
pub(crate) mod element;
mod encoded;
mod fields;
pub(crate) mod list;
pub(crate) mod map;
mod named;
pub(crate) mod number;
mod option;
mod ordered;
mod pointer;
mod tuple;
mod values;

pub use encoded::EncodedValues;
pub use fields::{encode_fields, type_of_fields};
pub use named::{NamedValues, ValuesByName, encode_by_name};
pub use option::{MaybeUnset, Unset};
pub use values::{EncodeValues, ShowValue};

use ::bytes::{BufMut, BytesMut};

use super::ValueError;
use crate::ColumnType;

/// One bind value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of CQL: it cannot be bound to a marker",
    label = "not a value of CQL",
    note = "a newtype, or an enum without fields, derives `Value`; the struct of a user-defined type derives `UserType`",
    note = "types of other crates are values by features of the same name: bigdecimal, chrono, jiff, num-bigint, rust_decimal, serde_json, time"
)]
pub trait EncodeValue {
    /// Appends the value as a \[value\] (v4 §3): its length as an \[int\], then its bytes.
    ///
    /// `ty` is the type of the bind marker, or `None` in an unprepared QUERY, where the value's
    /// own type decides ([`own_type`](Self::own_type)).
    ///
    /// # Errors
    ///
    /// A value that does not fit the type. What was appended until then is taken back by the caller.
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError>;

    /// Appends the bytes of the value without a length: what an element of a vector is, if its type
    /// has one size. By default the length that [`encode`](Self::encode) writes is taken back.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode); and null and unset, which no vector can hold.
    fn encode_content(
        &self,
        ty: Option<&ColumnType>,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let start = out.len();
        self.encode(ty, out)?;
        element::strip_length(out, start)
    }

    /// The type of CQL that the value is by itself, where no bind marker tells it: it decides the
    /// order of the elements of a set, and what a value is kept as whose statement has yet to be
    /// prepared. By default none: elements are ordered by their bytes, and the value cannot be kept.
    fn own_type(&self) -> Option<ColumnType> {
        None
    }

    /// The type of Rust that errors name of the value, where it is kept as its
    /// [own type](Self::own_type) until its bind marker is known. By default its own, with its path.
    fn rust_type(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// The [own type](Self::own_type) of every value of this Rust type: for the null of an `Option`,
    /// and for the elements of an empty collection. By default none.
    fn static_type() -> Option<ColumnType>
    where
        Self: Sized,
    {
        None
    }

    /// Checks that this Rust type goes with this type of CQL where there is no value to tell: for
    /// the null of an `Option`, and for the elements of an empty collection. By default all do.
    ///
    /// # Errors
    ///
    /// [`ValueError::Mismatch`], made with [`ValueError::mismatch`].
    fn fits(ty: &ColumnType) -> Result<(), ValueError>
    where
        Self: Sized,
    {
        let _ = ty;
        Ok(())
    }
}

/// The length of null as a \[value\].
pub(crate) const NULL: i32 = -1;
/// The length of "leave it as it is" as a \[value\], v4 and newer.
pub(crate) const UNSET: i32 = -2;

/// The length of so many bytes.
#[inline]
pub(crate) fn length(bytes: usize) -> Result<i32, ValueError> {
    i32::try_from(bytes).map_err(|_| too_long(bytes))
}

#[cold]
fn too_long(length: usize) -> ValueError {
    let limit = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
    ValueError::TooLong { length, limit }
}

/// Bytes that are at hand, preceded by their length.
#[inline]
pub(crate) fn put_bytes(out: &mut BytesMut, bytes: &[u8]) -> Result<(), ValueError> {
    let length = length(bytes.len())?;
    out.reserve(size_of::<i32>() + bytes.len());
    out.put_i32(length);
    out.put_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests;
