//! The values of a stream, which outlive what they were made from: encoded once, and encoded anew
//! from that when the statement's bind markers turn out to have changed since.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    ColumnSpec, CqlValue, DecodeValue, EncodeValue, EncodeValues, EncodedValues, ValueError,
};

/// Values that were encoded for these bind markers.
#[derive(Debug)]
pub(super) struct StoredValues {
    encoded: EncodedValues,
    /// None, if the statement is not prepared.
    markers: Arc<[ColumnSpec]>,
}

impl StoredValues {
    /// # Errors
    ///
    /// The values do not fit the markers.
    pub(super) fn encode(
        values: &dyn EncodeValues,
        markers: Arc<[ColumnSpec]>,
    ) -> Result<Self, ValueError> {
        let encoded = EncodedValues::encode(values, &markers, BytesMut::new())?;
        Ok(Self { encoded, markers })
    }

    pub(super) const fn encoded(&self) -> &EncodedValues {
        &self.encoded
    }
}

/// Each value as what its marker took it for, encoded as what the marker is now; gives how many
/// there are.
pub(crate) fn encode_anew<'v>(
    values: impl Iterator<Item = &'v [u8]>,
    before: &[ColumnSpec],
    markers: &[ColumnSpec],
    out: &mut BytesMut,
) -> Result<usize, ValueError> {
    let given = before.len();
    if markers.len() != given {
        return Err(ValueError::Count { given, expected: markers.len() });
    }
    for ((value, before), now) in values.zip(before).zip(markers) {
        if before.column_type == now.column_type {
            out.put_slice(value);
        } else {
            encode_as(value, before, now, out).map_err(|error| error.in_column(&now.name))?;
        }
    }
    Ok(given)
}

/// Appends a value, which is there with its length, as one of another type.
fn encode_as(
    value: &[u8],
    before: &ColumnSpec,
    now: &ColumnSpec,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let (length, bytes) = value.split_at(size_of::<i32>().min(value.len()));
    // Null, or not set: so in any type.
    if length.first().is_some_and(|first| *first >= 0x80) {
        out.put_slice(value);
        return Ok(());
    }
    let value = CqlValue::decode(&before.column_type, Some(bytes))?;
    value.encode(Some(&now.column_type), out)
}

impl EncodeValues for StoredValues {
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        self.encoded.named(columns)
    }

    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        if std::ptr::eq(columns, &*self.markers) || *columns == *self.markers {
            return self.encoded.encode_values(columns, out);
        }
        encode_anew(self.encoded.each(), &self.markers, columns, out)
    }
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::{ColumnType, Unset, UserType};

    use super::*;

    fn markers(types: impl IntoIterator<Item = ColumnType>) -> Arc<[ColumnSpec]> {
        let marker = |(number, column_type): (usize, ColumnType)| ColumnSpec {
            keyspace: Arc::from("ks"),
            table: Arc::from("t"),
            name: format!("m{number}"),
            column_type,
        };
        types.into_iter().enumerate().map(marker).collect()
    }

    fn user_type(fields: &[&str]) -> ColumnType {
        let fields = fields.iter().map(|name| ((*name).to_owned(), ColumnType::Int)).collect();
        let (keyspace, name) = ("ks".into(), "udt".into());
        ColumnType::UserType(Arc::new(UserType { keyspace, name, fields }))
    }

    fn encoded(values: &dyn EncodeValues, markers: &[ColumnSpec]) -> Result<BytesMut, ValueError> {
        let mut out = BytesMut::new();
        values.encode_values(markers, &mut out).map(|_| out)
    }

    #[test]
    fn g15_1_values_that_fit_the_markers_of_now_are_those_that_were_given() {
        let before = markers([ColumnType::Int, user_type(&["a"]), ColumnType::Int]);
        let now = markers([ColumnType::Int, user_type(&["a", "b"]), ColumnType::Text]);
        let given = (7_i32, CqlValue::from(None::<i32>), Unset);
        let stored = StoredValues::encode(&given, Arc::clone(&before)).unwrap();
        assert_eq!(encoded(&stored, &before).unwrap(), encoded(&given, &before).unwrap());
        assert_eq!(encoded(&stored, &now).unwrap(), encoded(&given, &now).unwrap());
    }

    #[test]
    fn g15_1_values_of_another_type_are_refused_with_the_name_of_the_column() {
        let before = markers([ColumnType::Int, ColumnType::Int]);
        let now = markers([ColumnType::Int, ColumnType::Float]);
        let stored = StoredValues::encode(&(7_i32, 5_i32), before).unwrap();
        let error = encoded(&stored, &now).unwrap_err().to_string();
        assert!(error.contains("column `m1`") && error.contains("float"), "{error}");
        let error = encoded(&stored, &now[..1]).unwrap_err();
        assert!(matches!(error, ValueError::Count { given: 2, expected: 1 }), "{error}");
    }
}
