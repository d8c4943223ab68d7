//! Any value of a type, for the tests of this crate.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::{CqlUserType, CqlValue};
use crate::value::decode::option::holds_empty;
use crate::value::order::compare;
use crate::value::tests::encode;
use crate::value::{Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint};
use crate::{ColumnType, types};

/// A type with a value of it.
pub(crate) fn typed_value() -> impl Strategy<Value = (ColumnType, CqlValue)> {
    let with_value = |ty: ColumnType| {
        let value = value_or_none(&ty);
        (Just(ty), value)
    };
    types::arbitrary::column_type().prop_flat_map(with_value)
}

/// A value, null, or the empty value where it is none like others.
fn value_or_none(ty: &ColumnType) -> BoxedStrategy<CqlValue> {
    prop_oneof![8 => value_or_empty(ty), 1 => Just(CqlValue::Null)].boxed()
}

/// A value, or the empty value where it is none like others.
fn value_or_empty(ty: &ColumnType) -> BoxedStrategy<CqlValue> {
    if holds_empty(ty) {
        return value(ty);
    }
    prop_oneof![8 => value(ty), 1 => Just(CqlValue::Empty)].boxed()
}

/// Each once, in the order of the server.
fn ordered<T>(ty: &ColumnType, mut entries: Vec<T>, key: fn(&T) -> &CqlValue) -> Vec<T> {
    let bytes = |entry: &T| encode(Some(ty), key(entry)).unwrap();
    entries.sort_by(|a, b| compare(Some(ty), &bytes(a), &bytes(b)));
    entries.dedup_by(|a, b| compare(Some(ty), &bytes(a), &bytes(b)).is_eq());
    entries
}

fn value(ty: &ColumnType) -> BoxedStrategy<CqlValue> {
    use ColumnType as T;
    use CqlValue as V;
    match ty {
        T::Ascii => "[a-z\0]{0,4}".prop_map(V::Text).boxed(),
        T::Text => "[a-zñ\0]{0,4}".prop_map(V::Text).boxed(),
        T::Blob => vec(any::<u8>(), 0..4).prop_map(V::Blob).boxed(),
        T::Custom(_) => vec(any::<u8>(), 0..4).prop_map(V::Custom).boxed(),
        T::Boolean => any::<bool>().prop_map(V::Boolean).boxed(),
        T::TinyInt => any::<i8>().prop_map(V::TinyInt).boxed(),
        T::SmallInt => any::<i16>().prop_map(V::SmallInt).boxed(),
        T::Int => any::<i32>().prop_map(V::Int).boxed(),
        T::BigInt => any::<i64>().prop_map(V::BigInt).boxed(),
        T::Counter => any::<i64>().prop_map(|n| V::Counter(Counter(n))).boxed(),
        T::Float => any::<f32>().prop_map(V::Float).boxed(),
        T::Double => any::<f64>().prop_map(V::Double).boxed(),
        T::Varint => varint().prop_map(V::Varint).boxed(),
        T::Decimal => (varint(), any::<i32>())
            .prop_map(|(unscaled, scale)| V::Decimal(CqlDecimal { unscaled, scale }))
            .boxed(),
        T::Uuid | T::TimeUuid => {
            any::<u128>().prop_map(|bits| V::Uuid(Uuid::from_u128(bits))).boxed()
        }
        T::Inet => any::<std::net::IpAddr>().prop_map(V::Inet).boxed(),
        T::Timestamp => any::<i64>().prop_map(|n| V::Timestamp(CqlTimestamp(n))).boxed(),
        T::Date => any::<u32>().prop_map(|n| V::Date(CqlDate(n))).boxed(),
        T::Time => any::<i64>().prop_map(|n| V::Time(CqlTime(n))).boxed(),
        T::Duration => (0..=i32::MAX, 0..=i32::MAX, 0..=i64::MAX)
            .prop_map(|(months, days, nanos)| V::Duration(CqlDuration { months, days, nanos }))
            .boxed(),
        T::List(element) => vec(value_or_empty(element), 0..4).prop_map(V::List).boxed(),
        T::Set(element) => {
            let (element, values) = ((**element).clone(), vec(value_or_empty(element), 0..4));
            values.prop_map(move |values| V::Set(ordered(&element, values, |value| value))).boxed()
        }
        T::Vector(element, dimension) => {
            vec(value(element), usize::try_from(*dimension).unwrap()).prop_map(V::Vector).boxed()
        }
        T::Map(key, value) => {
            let entries = vec((value_or_empty(key), value_or_empty(value)), 0..4);
            let key = (**key).clone();
            entries.prop_map(move |entries| V::Map(ordered(&key, entries, |(key, _)| key))).boxed()
        }
        T::Tuple(types) => some_of(types.iter()).prop_map(V::Tuple).boxed(),
        T::UserType(user) => {
            let user_type = Arc::clone(user);
            some_of(user.fields.iter().map(|(_, ty)| ty))
                .prop_map(move |values| {
                    V::UserType(CqlUserType { user_type: Arc::clone(&user_type), values })
                })
                .boxed()
        }
    }
}

/// The first few of these, or all.
fn some_of<'a>(types: impl Iterator<Item = &'a ColumnType>) -> BoxedStrategy<Vec<CqlValue>> {
    let all: Vec<_> = types.map(value_or_none).collect();
    let first = |(count, mut values): (usize, Vec<_>)| {
        values.truncate(count);
        values
    };
    (0..=all.len(), all).prop_map(first).boxed()
}

fn varint() -> impl Strategy<Value = CqlVarint> {
    vec(any::<u8>(), 0..20).prop_map(|bytes| CqlVarint::from_signed_bytes_be(&bytes))
}
