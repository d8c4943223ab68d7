//! Values: Rust's types to and from the bytes of bind values and cells.

mod cql;
pub(crate) mod decode;
mod dynamic;
pub(crate) mod encode;
mod error;
#[cfg(any(
    feature = "bigdecimal",
    feature = "chrono",
    feature = "jiff",
    feature = "num-bigint",
    feature = "rust_decimal",
    feature = "serde",
    feature = "serde_json",
    feature = "time"
))]
mod interop;
mod missing;
mod order;
mod rust_type;
mod text;
mod variant;
mod vint;

pub use cql::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};
pub use decode::{
    DecodeRow, DecodeValue, FieldCell, FieldCells, FieldCheck, ListIter, MapIter, NamedFields,
    Undecoded, check_fields, check_optional_fields, missing_field,
};
pub use dynamic::{CqlRow, CqlUserType, CqlValue};
pub use encode::{
    EncodeValue, EncodeValues, EncodedValues, MaybeUnset, NamedValues, ShowValue, Unset,
    ValuesByName, encode_by_name, encode_fields, type_of_fields,
};
pub use error::{InvalidValue, Misplaced, TypeMismatch, ValueError, ValueProblem};
pub use missing::{MissingColumn, MissingField};
pub use text::ParseValueError;
pub use variant::{variant_bytes, variant_text};

#[cfg(test)]
mod tests;
