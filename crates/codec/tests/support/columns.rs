//! Any description of columns.

use std::sync::Arc;

use cqlwire_codec::{ColumnSpec, ColumnType, UserType};
use proptest::prelude::*;

use super::text;

/// Columns of one table, or of several.
pub(crate) fn columns() -> BoxedStrategy<Arc<[ColumnSpec]>> {
    let column = |table: BoxedStrategy<String>| {
        (Just("ks"), table, text(), column_type()).prop_map(
            |(keyspace, table, name, column_type)| ColumnSpec {
                keyspace: keyspace.into(),
                table: (&*table).into(),
                name,
                column_type,
            },
        )
    };
    let one_table = prop::collection::vec(column(Just("t".to_owned()).boxed()), 0..6);
    let several = prop::collection::vec(column("[a-c]".boxed()), 0..6);
    prop_oneof![one_table, several].prop_map(Into::into).boxed()
}

/// Any type, a few levels deep.
pub(crate) fn column_type() -> impl Strategy<Value = ColumnType> {
    use ColumnType as T;
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
    ]);
    let custom = "org\\.example\\.[A-Z][a-z]{0,8}".prop_map(T::Custom);
    prop_oneof![4 => native, 1 => custom].prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let field = (text(), inner.clone());
        let user = (text(), text(), prop::collection::vec(field, 0..4));
        // Of types that have names a class can spell: it writes keyspaces as they are.
        let spelt = prop::sample::select(vec![T::Float, T::Duration, T::List(Box::new(T::Date))]);
        prop_oneof![
            (spelt, 1_u32..4).prop_map(|(element, n)| T::Vector(Box::new(element), n)),
            boxed.clone().prop_map(T::List),
            boxed.clone().prop_map(T::Set),
            (boxed.clone(), boxed).prop_map(|(key, value)| T::Map(key, value)),
            prop::collection::vec(inner, 0..4).prop_map(T::Tuple),
            user.prop_map(|(keyspace, name, fields)| {
                T::UserType(Arc::new(UserType { keyspace, name, fields }))
            }),
        ]
    })
}
