//! Values from JSON, as servers take them in `INSERT JSON`: what is no array and no object is read as the
//! text that it is, so that no digit of a number is lost on the way.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use cqlwire::codec::{ColumnType, UserType};
use cqlwire::value::CqlValue;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ParseError;
use super::literal::{Fields, is_made_of_others, parse};
use super::scalar::{EMPTY, has_empty_value};
use crate::name;

/// Reads a value; `null` is [`CqlValue::Null`].
pub(crate) fn parse_json(json: &str, ty: &ColumnType) -> Result<CqlValue, ParseError> {
    match json.trim() {
        "null" => Ok(CqlValue::Null),
        json => not_null(json, ty),
    }
}

fn not_null(json: &str, ty: &ColumnType) -> Result<CqlValue, ParseError> {
    let wrong = || ParseError::but(json, ty, allowed(ty));
    let text: Option<Cow<'_, str>> = match json.starts_with('"') {
        true => Some(serde_json::from_str::<String>(json).map_err(|_| wrong())?.into()),
        false => None,
    };
    if text.as_deref() == Some(EMPTY) && has_empty_value(ty) {
        return Ok(CqlValue::Empty);
    }
    if !is_made_of_others(ty) {
        let is_text = matches!(ty, ColumnType::Text | ColumnType::Ascii);
        return match text {
            Some(text) => parse(&text, ty),
            // A number is no text.
            None if is_text => Err(wrong()),
            None => parse(json, ty),
        };
    }
    match ty {
        ColumnType::List(element) => elements(json, ty, element).map(CqlValue::List),
        ColumnType::Set(element) => elements(json, ty, element).map(CqlValue::Set),
        ColumnType::Vector(element, dimension) => {
            let elements = elements(json, ty, element)?;
            if u32::try_from(elements.len()) != Ok(*dimension) {
                return Err(wrong());
            }
            Ok(CqlValue::Vector(elements))
        }
        ColumnType::Tuple(types) => tuple(json, ty, types),
        ColumnType::Map(key, value) => map(json, ty, key, value),
        ColumnType::UserType(user_type) => of_user_type(json, ty, user_type),
        _ => Err(wrong()),
    }
}

const fn allowed(ty: &ColumnType) -> &'static str {
    match ty {
        ColumnType::Text | ColumnType::Ascii => "a string",
        ColumnType::Vector(..) => "an array of as many elements as it has",
        ColumnType::List(_) | ColumnType::Set(_) => "an array",
        ColumnType::Tuple(_) => "an array of no more elements than it has",
        ColumnType::Map(..) => "an object",
        ColumnType::UserType(_) => "an object with the names of its fields",
        _ => "a JSON value",
    }
}

fn array<'a>(json: &'a str, ty: &ColumnType) -> Result<Vec<&'a RawValue>, ParseError> {
    serde_json::from_str(json).map_err(|_| ParseError::but(json, ty, allowed(ty)))
}

/// Those of a collection: none of them is null.
fn elements(
    json: &str,
    ty: &ColumnType,
    element: &ColumnType,
) -> Result<Vec<CqlValue>, ParseError> {
    let elements = array(json, ty)?.into_iter().enumerate();
    let values = elements
        .map(|(at, json)| not_null(json.get(), element).map_err(|error| error.in_element(at)));
    values.collect()
}

fn tuple(json: &str, ty: &ColumnType, types: &[ColumnType]) -> Result<CqlValue, ParseError> {
    let elements = array(json, ty)?;
    if elements.len() > types.len() {
        return Err(ParseError::but(json, ty, allowed(ty)));
    }
    let elements = elements.into_iter().zip(types).enumerate();
    let values = elements.map(|(at, (json, element))| {
        parse_json(json.get(), element).map_err(|error| error.in_element(at))
    });
    values.collect::<Result<_, _>>().map(CqlValue::Tuple)
}

fn object<'a>(json: &'a str, ty: &ColumnType) -> Result<Entries<'a>, ParseError> {
    serde_json::from_str(json).map_err(|_| ParseError::but(json, ty, allowed(ty)))
}

/// Keys are strings: what would be no string by itself is JSON in one, and what is one word is it
/// without quotes.
fn map(
    json: &str,
    ty: &ColumnType,
    key: &ColumnType,
    value: &ColumnType,
) -> Result<CqlValue, ParseError> {
    let entries = object(json, ty)?.0.into_iter().enumerate().map(|(at, (name, json))| {
        let key = match is_made_of_others(key) {
            true if name == EMPTY && has_empty_value(key) => Ok(CqlValue::Empty),
            true => not_null(&name, key),
            false => parse(&name, key),
        };
        let key = key.map_err(|error| error.in_element(at))?;
        let value = not_null(json.get(), value).map_err(|error| error.in_element(at))?;
        Ok((key, value))
    });
    entries.collect::<Result<_, _>>().map(CqlValue::Map)
}

fn of_user_type(
    json: &str,
    ty: &ColumnType,
    user_type: &Arc<UserType>,
) -> Result<CqlValue, ParseError> {
    let mut fields = Fields::new(user_type);
    for (name, json) in object(json, ty)?.0 {
        let name = Entries::name(&name);
        let exact = fields.find(&name, ty);
        let (at, field) = exact.or_else(|_| fields.find(&name.to_lowercase(), ty))?;
        let value = parse_json(json.get(), field).map_err(|error| error.in_field(&name))?;
        fields.set(at, value, ty)?;
    }
    Ok(fields.into_value())
}

/// The entries of an object, in its order, their values as they are.
#[derive(Debug)]
pub(crate) struct Entries<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl Entries<'_> {
    /// The name that a key stands for. One that is not in lower case is in quotes inside of its string.
    pub(crate) fn name(key: &str) -> Cow<'_, str> {
        match key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) {
            Some(inside) => name::unquoted(inside).into(),
            None => key.into(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    entries.push((name, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
