//! Cells: any bytes of any type are a value or an error, into any Rust type that goes with it.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::wire::Reader;
use cqlwire_codec::{
    ColumnType, Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlValue,
    CqlVarint, DecodeValue, EncodeValue, ListIter, MapIter, TypeReader,
};
use uuid::Uuid;

/// The bytes of a type; then the cell.
pub fn run(data: &[u8]) {
    let mut reader = Reader::new(data);
    let Ok(ty) = TypeReader::default().read(&mut reader) else { return };
    for cell in [Some(reader.rest()), None] {
        decode::<i8>(&ty, cell);
        decode::<i16>(&ty, cell);
        decode::<i32>(&ty, cell);
        decode::<i64>(&ty, cell);
        decode::<f32>(&ty, cell);
        decode::<f64>(&ty, cell);
        decode::<bool>(&ty, cell);
        decode::<&str>(&ty, cell);
        decode::<String>(&ty, cell);
        decode::<&[u8]>(&ty, cell);
        decode::<Vec<u8>>(&ty, cell);
        decode::<Bytes>(&ty, cell);
        decode::<Uuid>(&ty, cell);
        decode::<IpAddr>(&ty, cell);
        decode::<Counter>(&ty, cell);
        decode::<CqlDate>(&ty, cell);
        decode::<CqlDecimal>(&ty, cell);
        decode::<CqlDuration>(&ty, cell);
        decode::<CqlTime>(&ty, cell);
        decode::<CqlTimestamp>(&ty, cell);
        decode::<CqlVarint>(&ty, cell);
        decode::<Vec<Option<CqlValue>>>(&ty, cell);
        decode::<Vec<Vec<i32>>>(&ty, cell);
        decode::<HashSet<String>>(&ty, cell);
        decode::<BTreeMap<String, Option<i32>>>(&ty, cell);
        decode::<(Option<i32>, Option<&str>)>(&ty, cell);
        decode::<ListIter<'_, Option<CqlValue>>>(&ty, cell);
        decode::<MapIter<'_, &str, i64>>(&ty, cell);
        dynamic(&ty, cell);
    }
}

/// A value of any type is written, and what was written is read and written again as it is: the
/// elements of a set in their order, each once, if they were not.
fn dynamic(ty: &ColumnType, cell: Option<&[u8]>) {
    decode::<CqlValue>(ty, cell);
    let Ok(value) = Option::<CqlValue>::decode(ty, cell) else { return };
    let mut out = BytesMut::new();
    // Bytes that were read may stand for more than can be written: a null in a list, one key twice.
    if value.encode(Some(ty), &mut out).is_err() {
        return;
    }
    let mut reader = Reader::new(&out);
    let again = reader.bytes("value").expect("a value");
    assert_eq!(reader.remaining(), 0);
    let again = Option::<CqlValue>::decode(ty, again).expect("what was written");
    let mut twice = BytesMut::new();
    again.encode(Some(ty), &mut twice).expect("what was read of what was written");
    assert_eq!(twice, out, "{ty}");
    if !has_order(ty) {
        // By their text: no NaN is itself.
        assert_eq!(format!("{again:?}"), format!("{value:?}"), "{ty}");
    }
}

/// Whether there is a set or map in values of this type.
fn has_order(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::Set(_) | ColumnType::Map(..) => true,
        ColumnType::List(element) | ColumnType::Vector(element, _) => has_order(element),
        ColumnType::Tuple(types) => types.iter().any(has_order),
        ColumnType::UserType(user) => user.fields.iter().any(|(_, ty)| has_order(ty)),
        _ => false,
    }
}

/// A value, or the same without it being an option; the error can always be told.
fn decode<'a, T: DecodeValue<'a>>(ty: &'a ColumnType, cell: Option<&'a [u8]>) {
    if let Err(error) = T::accepts(ty) {
        assert!(Option::<T>::accepts(ty).is_err());
        assert!(!error.to_string().is_empty());
        return;
    }
    let plain = T::decode(ty, cell);
    match Option::<T>::decode(ty, cell) {
        Ok(Some(_)) => assert!(plain.is_ok()),
        Ok(None) => assert!(cell.is_none_or(<[u8]>::is_empty)),
        Err(_) => assert!(plain.is_err()),
    }
    if let Err(error) = plain {
        assert!(!error.to_string().is_empty());
    }
}
