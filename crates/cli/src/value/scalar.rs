//! Values that are one word, from text.

use std::str::FromStr;

use cqlwire::codec::ColumnType;
use cqlwire::uuid::Uuid;
use cqlwire::value::{Counter, CqlValue};

use super::ParseError;

/// A value of a type that is not made of others.
pub(super) fn scalar(text: &str, ty: &ColumnType) -> Result<CqlValue, ParseError> {
    if text == EMPTY && has_empty_value(ty) {
        return Ok(CqlValue::Empty);
    }
    of_type(text, ty).ok_or_else(|| ParseError::new(text, ty))
}

/// How the value of 0 bytes is written.
pub(super) const EMPTY: &str = "0x";

/// Are 0 bytes something else than its other values?
pub(super) const fn has_empty_value(ty: &ColumnType) -> bool {
    !matches!(
        ty,
        ColumnType::Ascii
            | ColumnType::Text
            | ColumnType::Blob
            | ColumnType::Custom(_)
            | ColumnType::Tuple(_)
            | ColumnType::UserType(_)
    )
}

fn of_type(text: &str, ty: &ColumnType) -> Option<CqlValue> {
    use ColumnType as T;
    use CqlValue as V;
    Some(match ty {
        T::Text => V::Text(text.to_owned()),
        T::Ascii => V::Text(text.is_ascii().then(|| text.to_owned())?),
        T::Blob => V::Blob(bytes(text)?),
        T::Custom(_) => V::Custom(bytes(text)?),
        T::Boolean if text.eq_ignore_ascii_case("true") => V::Boolean(true),
        T::Boolean if text.eq_ignore_ascii_case("false") => V::Boolean(false),
        T::TinyInt => V::TinyInt(read(text)?),
        T::SmallInt => V::SmallInt(read(text)?),
        T::Int => V::Int(read(text)?),
        T::BigInt => V::BigInt(read(text)?),
        T::Counter => V::Counter(Counter(read(text)?)),
        T::Float => V::Float(float(text)?),
        T::Double => V::Double(double(text)?),
        T::Varint => V::Varint(read(text)?),
        T::Decimal => V::Decimal(read(text)?),
        T::Uuid => V::Uuid(uuid(text)?),
        T::TimeUuid => V::Uuid(uuid(text).filter(|uuid| uuid.get_version_num() == 1)?),
        T::Inet => V::Inet(read(text)?),
        T::Timestamp => V::Timestamp(read(text)?),
        T::Date => V::Date(read(text)?),
        T::Time => V::Time(read(text)?),
        T::Duration => V::Duration(read(text)?),
        _ => return None,
    })
}

fn read<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// With its four dashes: other ways to write one are no CQL.
fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok())?
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// What the parser of Rust takes for infinite is so only if it says so: else it is out of range.
fn is_in_range(text: &str, is_finite: bool) -> bool {
    is_finite || !text.contains(|c: char| c.is_ascii_digit())
}

fn double(text: &str) -> Option<f64> {
    if text.starts_with("0x") {
        return Some(f64::from_be_bytes(bytes(text)?.try_into().ok()?));
    }
    read(text).filter(|number: &f64| is_in_range(text, number.is_finite()))
}

fn float(text: &str) -> Option<f32> {
    if text.starts_with("0x") {
        return Some(f32::from_be_bytes(bytes(text)?.try_into().ok()?));
    }
    read(text).filter(|number: &f32| is_in_range(text, number.is_finite()))
}
