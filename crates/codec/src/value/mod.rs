//! Values: Rust's types to and from the bytes of bind values and cells.

pub(crate) mod decode;
pub(crate) mod encode;
mod error;
mod rust_type;

pub use decode::{DecodeRow, DecodeValue};
pub use encode::{EncodeValue, EncodeValues, MaybeUnset, Unset};
pub use error::{InvalidValue, TypeMismatch, ValueError, ValueProblem};
