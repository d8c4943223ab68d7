//! What a value that is something by itself may be bound to: what its Rust type may be bound to.

use std::net::IpAddr;

use cqlwire_codec::{ColumnType, CqlValue, ValueError};
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

/// The error of a value that is of type `own` by itself, named as what is most likely its Rust type.
#[cold]
pub(super) fn mismatch(own: &ColumnType, marker: &ColumnType) -> ValueError {
    let of = match own {
        ColumnType::Text => ValueError::mismatch::<&str>,
        ColumnType::Blob => ValueError::mismatch::<&[u8]>,
        ColumnType::Boolean => ValueError::mismatch::<bool>,
        ColumnType::TinyInt => ValueError::mismatch::<i8>,
        ColumnType::SmallInt => ValueError::mismatch::<i16>,
        ColumnType::Int => ValueError::mismatch::<i32>,
        ColumnType::BigInt => ValueError::mismatch::<i64>,
        ColumnType::Float => ValueError::mismatch::<f32>,
        ColumnType::Double => ValueError::mismatch::<f64>,
        ColumnType::Uuid => ValueError::mismatch::<Uuid>,
        ColumnType::Inet => ValueError::mismatch::<IpAddr>,
        _ => ValueError::mismatch::<CqlValue>,
    };
    of(marker)
}
