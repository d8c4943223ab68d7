//! Values to JSON: what `SELECT JSON` gives.

use std::fmt::Write;

use cqlwire::value::CqlValue;

use super::text::{write_each, write_word};
use crate::name::quoted;

/// Appends a value as JSON.
pub(crate) fn write_json(value: &CqlValue, out: &mut String) {
    match value {
        CqlValue::Null => out.push_str("null"),
        CqlValue::List(values)
        | CqlValue::Set(values)
        | CqlValue::Vector(values)
        | CqlValue::Tuple(values) => write_each(values.iter(), ['[', ']'], out, write_json),
        CqlValue::Map(entries) => {
            write_each(entries.iter(), ['{', '}'], out, |(key, value), out| {
                write_key(key, out);
                out.push_str(": ");
                write_json(value, out);
            });
        }
        CqlValue::UserType(value) => {
            write_each(value.fields(), ['{', '}'], out, |(name, value), out| {
                write_json_name(name, out);
                out.push_str(": ");
                write_json(value, out);
            });
        }
        value => {
            let start = out.len();
            if is_string(value, start, out) {
                let text = out.split_off(start);
                write_string(&text, out);
            }
        }
    }
}

/// Writes it as text; whether that has to be a string.
fn is_string(value: &CqlValue, start: usize, out: &mut String) -> bool {
    if let CqlValue::Timestamp(time) = value {
        out.push_str(&time.to_string().replacen('T', " ", 1));
        return true;
    }
    write_word(value, out);
    match value {
        CqlValue::Float(number) => !number.is_finite(),
        CqlValue::Double(number) => !number.is_finite(),
        // In hexadecimal, where there are too many digits.
        CqlValue::Varint(_) | CqlValue::Decimal(_) => {
            out.get(start..).is_some_and(|text| text.starts_with("0x"))
        }
        CqlValue::Boolean(_)
        | CqlValue::TinyInt(_)
        | CqlValue::SmallInt(_)
        | CqlValue::Int(_)
        | CqlValue::BigInt(_)
        | CqlValue::Counter(_) => false,
        _ => true,
    }
}

/// A key of an object: what is no string by itself is the JSON of it in a string.
fn write_key(key: &CqlValue, out: &mut String) {
    let start = out.len();
    write_json(key, out);
    if !out.get(start..).is_some_and(|json| json.starts_with('"')) {
        let json = out.split_off(start);
        write_string(&json, out);
    }
}

/// A name as a key: in quotes inside of the string, if it is not in lower case, as servers have it.
pub(crate) fn write_json_name(name: &str, out: &mut String) {
    if name.to_lowercase() == name && !name.contains('"') {
        write_string(name, out);
    } else {
        write_string(&quoted(name), out);
    }
}

fn write_string(text: &str, out: &mut String) {
    // A `String` takes everything.
    let _infallible = write!(out, "{}", serde_json::Value::from(text));
}
