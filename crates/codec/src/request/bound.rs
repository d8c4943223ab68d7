//! Bind values as they are on the wire: what the server's half decodes, and what a proxy passes on.

use bytes::{BufMut, Bytes, BytesMut};

use crate::wire::write;
use crate::{ColumnSpec, EncodeError, EncodeValues, ValueError};

/// A bind value as it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BindValue {
    /// No value: the column is deleted.
    Null,
    /// No value either: the column is left as it is (v4 and newer).
    Unset,
    /// The bytes of a value, 0 or more.
    Bytes(Bytes),
}

/// A bind value with the name that it may have been sent with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BoundValue {
    /// The name of the bind marker. Of the values of one request all have one, or none has.
    pub name: Option<String>,
    /// The value.
    pub value: BindValue,
}

/// Values from the wire are written as they came, whatever the bind markers are.
impl EncodeValues for [BoundValue] {
    fn named(&self, _: &[ColumnSpec]) -> bool {
        self.first().is_some_and(|first| first.name.is_some())
    }

    fn encode_values(&self, _: &[ColumnSpec], out: &mut BytesMut) -> Result<usize, ValueError> {
        let named = self.named(&[]);
        for BoundValue { name, value } in self {
            match name {
                Some(name) if named => {
                    write::string(out, "name of a value", name).map_err(too_long)?;
                }
                None if !named => {}
                _ => {
                    return Err(ValueError::misplaced("of the values some have a name, some none"));
                }
            }
            match value {
                BindValue::Null => out.put_i32(-1),
                BindValue::Unset => out.put_i32(-2),
                BindValue::Bytes(bytes) => {
                    write::bytes(out, "bind value", Some(bytes)).map_err(too_long)?;
                }
            }
        }
        Ok(self.len())
    }
}

/// What a writer says about a length, as an error of a value.
fn too_long(error: EncodeError) -> ValueError {
    match error {
        EncodeError::Value(error) => error,
        EncodeError::TooLong { length, limit, .. } => ValueError::TooLong { length, limit },
        _ => ValueError::TooLong { length: usize::MAX, limit: usize::MAX },
    }
}
