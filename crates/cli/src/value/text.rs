//! Values to text: what [`parse`](super::parse) reads.

use std::fmt::{Display, Write};

use cqlwire::value::CqlValue;

use super::scalar::EMPTY;
use crate::name::written;

/// Appends a value as text: a text as it is, everything else as CQL writes it. Null is `null`.
pub(crate) fn write_text(value: &CqlValue, out: &mut String) {
    match value {
        CqlValue::Text(text) => out.push_str(text),
        CqlValue::Timestamp(_) | CqlValue::Date(_) | CqlValue::Time(_) | CqlValue::Inet(_) => {
            write_word(value, out);
        }
        value => write_literal(value, out),
    }
}

/// The same inside of another value: what CQL wants in quotes stands in quotes.
fn write_literal(value: &CqlValue, out: &mut String) {
    match value {
        CqlValue::Text(text) => quote(text, out),
        CqlValue::Timestamp(_) | CqlValue::Date(_) | CqlValue::Time(_) | CqlValue::Inet(_) => {
            out.push('\'');
            write_word(value, out);
            out.push('\'');
        }
        CqlValue::List(values) | CqlValue::Vector(values) => write_all(values, ['[', ']'], out),
        CqlValue::Set(values) => write_all(values, ['{', '}'], out),
        CqlValue::Tuple(values) => write_all(values, ['(', ')'], out),
        CqlValue::Map(entries) => {
            write_each(entries.iter(), ['{', '}'], out, |(key, value), out| {
                write_literal(key, out);
                out.push_str(": ");
                write_literal(value, out);
            });
        }
        CqlValue::UserType(value) => {
            write_each(value.fields(), ['{', '}'], out, |(name, value), out| {
                out.push_str(&written(name));
                out.push_str(": ");
                write_literal(value, out);
            });
        }
        value => write_word(value, out),
    }
}

/// What is one word.
pub(super) fn write_word(value: &CqlValue, out: &mut String) {
    match value {
        CqlValue::Null => out.push_str("null"),
        CqlValue::Empty => out.push_str(EMPTY),
        CqlValue::Text(text) => out.push_str(text),
        CqlValue::Blob(bytes) | CqlValue::Custom(bytes) => write_bytes(bytes, out),
        CqlValue::Boolean(truth) => show(truth, out),
        CqlValue::TinyInt(number) => show(number, out),
        CqlValue::SmallInt(number) => show(number, out),
        CqlValue::Int(number) => show(number, out),
        CqlValue::BigInt(number) => show(number, out),
        CqlValue::Counter(counter) => show(&counter.0, out),
        CqlValue::Float(number) if number.is_nan() && number.to_bits() != f32::NAN.to_bits() => {
            write_bytes(&number.to_be_bytes(), out);
        }
        CqlValue::Double(number) if number.is_nan() && number.to_bits() != f64::NAN.to_bits() => {
            write_bytes(&number.to_be_bytes(), out);
        }
        // As servers write what is infinite; the others with the least digits that are the same number.
        CqlValue::Float(number) if number.is_infinite() => infinity(*number < 0.0, out),
        CqlValue::Double(number) if number.is_infinite() => infinity(*number < 0.0, out),
        CqlValue::Float(number) => show(&format_args!("{number:?}"), out),
        CqlValue::Double(number) => show(&format_args!("{number:?}"), out),
        CqlValue::Varint(number) => show(number, out),
        CqlValue::Decimal(number) => show(number, out),
        CqlValue::Uuid(uuid) => show(uuid, out),
        CqlValue::Inet(address) => show(address, out),
        CqlValue::Timestamp(time) => {
            let iso = time.to_string().replacen('T', " ", 1);
            out.push_str(iso.trim_end_matches('Z'));
            out.push_str("+0000");
        }
        CqlValue::Date(date) => show(date, out),
        CqlValue::Time(time) => show(time, out),
        CqlValue::Duration(duration) => show(duration, out),
        // What is made of others, and what a later driver knows.
        other => show(&format_args!("{other:?}"), out),
    }
}

/// To a `String`, which takes everything.
fn show(value: &dyn Display, out: &mut String) {
    let _infallible = write!(out, "{value}");
}

fn infinity(is_negative: bool, out: &mut String) {
    out.push_str(if is_negative { "-Infinity" } else { "Infinity" });
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push_str(EMPTY);
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend([byte >> 4, byte & 0xF].map(|half| DIGITS[usize::from(half) & 0xF]));
    }
}

fn write_all(values: &[CqlValue], brackets: [char; 2], out: &mut String) {
    write_each(values.iter(), brackets, out, write_literal);
}

pub(super) fn write_each<T>(
    values: impl Iterator<Item = T>,
    [open, close]: [char; 2],
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(value, out);
    }
    out.push(close);
}

/// A text in quotes; those in it are doubled.
fn quote(text: &str, out: &mut String) {
    out.push('\'');
    for c in text.chars() {
        if c == '\'' {
            out.push('\'');
        }
        out.push(c);
    }
    out.push('\'');
}
