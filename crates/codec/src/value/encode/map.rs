//! Maps.

use std::collections::{BTreeMap, HashMap};

use bytes::BytesMut;

use super::EncodeValue;
use super::element::{encode_element, measured, put_ordered};
use super::list::own_type;
use crate::ColumnType;
use crate::value::ValueError;

/// Appends entries (`R`, for the errors) as a map, in the order of the server: their number, and
/// each key and value as \[bytes\].
pub(crate) fn encode_entries<R, K: EncodeValue, V: EncodeValue>(
    ty: Option<&ColumnType>,
    entries: impl ExactSizeIterator<Item = (K, V)> + Clone,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let (key_type, value_type) = match ty {
        Some(ColumnType::Map(key, value)) => (Some(&**key), Some(&**value)),
        Some(ty) => return Err(ValueError::mismatch::<R>(ty)),
        None => (None, None),
    };
    if entries.len() == 0 {
        key_type.map_or(Ok(()), K::fits)?;
        value_type.map_or(Ok(()), V::fits)?;
    }
    let own = match key_type {
        None => own_type(entries.clone().map(|(key, _)| key)),
        Some(_) => None,
    };
    measured(out, |out| {
        put_ordered(out, key_type.or(own.as_ref()), 2, entries, |at, (key, value), out| {
            encode_element(&key, key_type, out).map_err(|error| error.in_key(at))?;
            encode_element(&value, value_type, out).map_err(|error| error.in_value(at))
        })
    })
}

/// Checks that `R`, a map from `K` to `V`, goes with this type.
fn entries_fit<R, K: EncodeValue, V: EncodeValue>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Map(key, value) => K::fits(key).and_then(|()| V::fits(value)),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

impl<K: EncodeValue, V: EncodeValue, S> EncodeValue for HashMap<K, V, S> {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_entries::<Self, &K, &V>(ty, self.iter(), out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        let (key, value) = (own_type(self.keys())?, own_type(self.values())?);
        Some(ColumnType::Map(Box::new(key), Box::new(value)))
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Map(Box::new(K::static_type()?), Box::new(V::static_type()?)))
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        entries_fit::<Self, K, V>(ty)
    }
}

impl<K: EncodeValue, V: EncodeValue> EncodeValue for BTreeMap<K, V> {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_entries::<Self, &K, &V>(ty, self.iter(), out)
    }

    fn own_type(&self) -> Option<ColumnType> {
        let (key, value) = (own_type(self.keys())?, own_type(self.values())?);
        Some(ColumnType::Map(Box::new(key), Box::new(value)))
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Map(Box::new(K::static_type()?), Box::new(V::static_type()?)))
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        entries_fit::<Self, K, V>(ty)
    }
}
