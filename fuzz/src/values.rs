//! Cells: any bytes of any type are a value or an error, into any Rust type that goes with it.

use std::net::IpAddr;

use bytes::Bytes;
use cqlwire_codec::{ColumnType, DecodeValue, TypeReader, wire::Reader};
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
