//! Any type, for the tests of this crate.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{ColumnType, UserType};

/// A type that is not made of others.
pub(crate) fn native() -> impl Strategy<Value = ColumnType> {
    use ColumnType as T;
    prop::sample::select(vec![
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
    ])
}

/// Any type of a few levels.
pub(crate) fn column_type() -> impl Strategy<Value = ColumnType> {
    native().prop_recursive(4, 16, 4, |inner| {
        let element = inner.clone().prop_map(Box::new);
        let field = ("[a-zñ]{0,4}", inner.clone());
        prop_oneof![
            element.clone().prop_map(ColumnType::List),
            element.clone().prop_map(ColumnType::Set),
            (element.clone(), element.clone()).prop_map(|(k, v)| ColumnType::Map(k, v)),
            vec(inner, 0..4).prop_map(ColumnType::Tuple),
            (element, 1_u32..4).prop_map(|(e, n)| ColumnType::Vector(e, n)),
            ("[a-z]{0,2}", "[a-zñ]{0,2}", vec(field, 0..4)).prop_map(|(keyspace, name, fields)| {
                ColumnType::UserType(Arc::new(UserType { keyspace, name, fields }))
            }),
        ]
    })
}
