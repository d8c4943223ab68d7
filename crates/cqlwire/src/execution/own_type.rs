//! What a value that is something by itself may be bound to: what its Rust type may be bound to.

use std::any::type_name;
use std::net::IpAddr;

use cqlwire_codec::{ColumnType, CqlValue};
use uuid::Uuid;

/// Of a null that says nothing of its type.
pub(super) const ANY: ColumnType = ColumnType::Custom(String::new());

/// May a value that is of type `own` by itself be bound to a marker of this type?
pub(super) fn goes_with(own: &ColumnType, marker: &ColumnType) -> bool {
    use ColumnType::{
        Ascii, BigInt, Blob, Counter, Custom, List, Map, Set, Text, Time, TimeUuid, Timestamp,
        Tuple, UserType, Uuid, Vector,
    };
    match (own, marker) {
        (own, _) if *own == ANY => true,
        (Text, Ascii)
        | (BigInt, Counter | Timestamp | Time)
        | (Uuid, TimeUuid)
        | (Blob, Custom(_)) => true,
        (List(own) | Vector(own, _), List(element) | Set(element) | Vector(element, _))
        | (Set(own), Set(element)) => goes_with(own, element),
        (Map(own_key, own_value), Map(key, value)) => {
            goes_with(own_key, key) && goes_with(own_value, value)
        }
        (Tuple(own), Tuple(elements)) => {
            let mut pairs = own.iter().zip(elements);
            own.len() == elements.len() && pairs.all(|(own, element)| goes_with(own, element))
        }
        (UserType(own), UserType(now)) => own.fields.iter().all(|(name, own)| {
            now.fields.iter().any(|(field, now)| field == name && goes_with(own, now))
        }),
        (own, marker) => own == marker,
    }
}

/// What is most likely the Rust type of a value of this type.
#[cold]
pub(super) fn likely_rust_type(own: &ColumnType) -> &'static str {
    let name = match own {
        ColumnType::Text | ColumnType::Ascii => type_name::<&str>,
        ColumnType::Blob => type_name::<&[u8]>,
        ColumnType::Boolean => type_name::<bool>,
        ColumnType::TinyInt => type_name::<i8>,
        ColumnType::SmallInt => type_name::<i16>,
        ColumnType::Int => type_name::<i32>,
        ColumnType::BigInt => type_name::<i64>,
        ColumnType::Float => type_name::<f32>,
        ColumnType::Double => type_name::<f64>,
        ColumnType::Uuid | ColumnType::TimeUuid => type_name::<Uuid>,
        ColumnType::Inet => type_name::<IpAddr>,
        _ => type_name::<CqlValue>,
    };
    name()
}
