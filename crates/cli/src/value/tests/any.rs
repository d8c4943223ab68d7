//! Any value of any type, nested too.

use std::sync::Arc;

use cqlwire::codec::{ColumnType as T, UserType};
use cqlwire::uuid::Uuid;
use cqlwire::value::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlUserType, CqlValue as V,
    CqlVarint,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A type with a value of it.
pub(super) fn typed_value() -> impl Strategy<Value = (T, V)> {
    column_type().prop_flat_map(|ty| {
        let value = value(&ty);
        (Just(ty), value)
    })
}

fn column_type() -> impl Strategy<Value = T> {
    let native = prop::sample::select(vec![
        T::Ascii,
        T::BigInt,
        T::Blob,
        T::Boolean,
        T::Counter,
        T::Decimal,
        T::Double,
        T::Float,
        T::Int,
        T::Timestamp,
        T::Uuid,
        T::Text,
        T::Varint,
        T::TimeUuid,
        T::Inet,
        T::Date,
        T::Time,
        T::SmallInt,
        T::TinyInt,
        T::Duration,
        T::Custom("org.example.Type".to_owned()),
    ]);
    native.prop_recursive(4, 16, 4, |inner| {
        let element = inner.clone().prop_map(Box::new);
        let field = ("[a-zA-Z\"ñ ']{1,4}", inner.clone());
        prop_oneof![
            element.clone().prop_map(T::List),
            element.clone().prop_map(T::Set),
            (element.clone(), element.clone()).prop_map(|(key, value)| T::Map(key, value)),
            vec(inner, 1..4).prop_map(T::Tuple),
            (element, 1_u32..4).prop_map(|(element, size)| T::Vector(element, size)),
            vec(field, 1..4).prop_map(|fields| {
                // As in a table, no two fields have one name; numbers make them differ.
                let named = |(at, (name, ty)): (usize, (String, T))| (format!("{name}{at}"), ty);
                let fields = fields.into_iter().enumerate().map(named).collect();
                T::UserType(Arc::new(UserType { keyspace: "k".into(), name: "u".into(), fields }))
            }),
        ]
    })
}

/// A value, or the empty one, of the types that have it.
fn value_or_empty(ty: &T) -> BoxedStrategy<V> {
    match super::super::scalar::has_empty_value(ty) {
        true => prop_oneof![9 => value(ty), 1 => Just(V::Empty)].boxed(),
        false => value(ty),
    }
}

fn value_or_null(ty: &T) -> BoxedStrategy<V> {
    prop_oneof![8 => value_or_empty(ty), 1 => Just(V::Null)].boxed()
}

const TEXT: &str = "[ -~ñ\n\r\t\0\u{1F600}'\"\\\\,:{}\\[\\]()]{0,6}";

fn value(ty: &T) -> BoxedStrategy<V> {
    match ty {
        T::Ascii => "[ -~\n'\"]{0,6}".prop_map(V::Text).boxed(),
        T::Text => TEXT.prop_map(V::Text).boxed(),
        T::Blob => vec(any::<u8>(), 0..4).prop_map(V::Blob).boxed(),
        T::Custom(_) => vec(any::<u8>(), 0..4).prop_map(V::Custom).boxed(),
        T::Boolean => any::<bool>().prop_map(V::Boolean).boxed(),
        T::TinyInt => any::<i8>().prop_map(V::TinyInt).boxed(),
        T::SmallInt => any::<i16>().prop_map(V::SmallInt).boxed(),
        T::Int => any::<i32>().prop_map(V::Int).boxed(),
        T::BigInt => any::<i64>().prop_map(V::BigInt).boxed(),
        T::Counter => any::<i64>().prop_map(|n| V::Counter(Counter(n))).boxed(),
        // All bits, those of what is no number included.
        T::Float => any::<u32>().prop_map(|bits| V::Float(f32::from_bits(bits))).boxed(),
        T::Double => any::<u64>().prop_map(|bits| V::Double(f64::from_bits(bits))).boxed(),
        T::Varint => varint().prop_map(V::Varint).boxed(),
        T::Decimal => (varint(), prop_oneof![any::<i32>(), -50..50_i32])
            .prop_map(|(unscaled, scale)| V::Decimal(CqlDecimal { unscaled, scale }))
            .boxed(),
        T::Uuid => any::<u128>().prop_map(|bits| V::Uuid(Uuid::from_u128(bits))).boxed(),
        T::TimeUuid => any::<u128>()
            .prop_map(|bits| V::Uuid(Uuid::from_u128(bits & !(0xF << 76) | 1 << 76)))
            .boxed(),
        T::Inet => any::<std::net::IpAddr>().prop_map(V::Inet).boxed(),
        T::Timestamp => any::<i64>().prop_map(|n| V::Timestamp(CqlTimestamp(n))).boxed(),
        T::Date => any::<u32>().prop_map(|n| V::Date(CqlDate(n))).boxed(),
        T::Time => (0..=CqlTime::MAX.0).prop_map(|n| V::Time(CqlTime(n))).boxed(),
        T::Duration => (0..=i32::MAX, 0..=i32::MAX, 0..=i64::MAX, prop::bool::ANY)
            .prop_map(|(months, days, nanos, negative)| {
                let sign = if negative { -1 } else { 1 };
                let (months, days) = (sign * months, sign * days);
                V::Duration(CqlDuration { months, days, nanos: i64::from(sign) * nanos })
            })
            .boxed(),
        T::List(element) => vec(value_or_empty(element), 0..4).prop_map(V::List).boxed(),
        T::Set(element) => vec(value_or_empty(element), 0..4).prop_map(V::Set).boxed(),
        T::Vector(element, size) => {
            vec(value(element), usize::try_from(*size).unwrap()).prop_map(V::Vector).boxed()
        }
        // One entry: two keys that are the same to a server are no map.
        T::Map(key, value) => {
            vec((value_or_empty(key), value_or_empty(value)), 0..2).prop_map(V::Map).boxed()
        }
        T::Tuple(types) => {
            let all: Vec<_> = types.iter().map(value_or_null).collect();
            (0..=all.len(), all)
                .prop_map(|(count, mut values): (usize, Vec<V>)| {
                    values.truncate(count);
                    V::Tuple(values)
                })
                .boxed()
        }
        T::UserType(user) => {
            let user_type = Arc::clone(user);
            let all: Vec<_> = user.fields.iter().map(|(_, ty)| value_or_null(ty)).collect();
            all.prop_map(move |values| {
                V::UserType(CqlUserType { user_type: Arc::clone(&user_type), values })
            })
            .boxed()
        }
        other => panic!("no values of {other}"),
    }
}

fn varint() -> impl Strategy<Value = CqlVarint> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| CqlVarint::from_signed_bytes_be(&bytes))
}
