//! The cells of system tables.

use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::ColumnType;
use cqlwire_codec::wire::write;

use super::super::rows::cell;

pub(super) type Cell = Option<Bytes>;

pub(super) fn text(text: &str) -> Cell {
    cell(text)
}

pub(super) fn int(int: i32) -> Cell {
    cell(int.to_be_bytes())
}

pub(super) fn boolean(boolean: bool) -> Cell {
    cell([u8::from(boolean)])
}

pub(super) fn double(double: f64) -> Cell {
    cell(double.to_be_bytes())
}

pub(super) fn inet(address: IpAddr) -> Cell {
    match address {
        IpAddr::V4(address) => cell(address.octets()),
        IpAddr::V6(address) => cell(address.octets()),
    }
}

/// A list or a set.
pub(super) fn texts<S: AsRef<str>>(items: impl ExactSizeIterator<Item = S>) -> Cell {
    let mut out = BytesMut::new();
    count(&mut out, items.len());
    items.for_each(|item| item_of(&mut out, item.as_ref().as_bytes()));
    Some(out.freeze())
}

pub(super) fn map<V: AsRef<[u8]>, S: AsRef<str>>(
    entries: impl ExactSizeIterator<Item = (S, V)>,
) -> Cell {
    let mut out = BytesMut::new();
    count(&mut out, entries.len());
    for (key, value) in entries {
        item_of(&mut out, key.as_ref().as_bytes());
        item_of(&mut out, value.as_ref());
    }
    Some(out.freeze())
}

fn count(out: &mut BytesMut, items: usize) {
    write::int_length(out, "items", items).expect("a collection has under 2^31 items");
}

fn item_of(out: &mut BytesMut, item: &[u8]) {
    write::bytes(out, "item", Some(item)).expect("an item has under 2^31 bytes");
}

/// What a literal in a WHERE is as a cell of this type.
pub(super) fn literal(column_type: &ColumnType, text: &str) -> Cell {
    match column_type {
        ColumnType::Text => cell(text),
        ColumnType::Inet => text.parse().ok().and_then(inet),
        ColumnType::Int => text.parse().ok().and_then(int),
        ColumnType::Boolean => text.parse().ok().and_then(boolean),
        ColumnType::Uuid => uuid(text),
        _ => None,
    }
}

fn uuid(text: &str) -> Cell {
    let digits: String = text.chars().filter(|digit| *digit != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok()?;
    cell(number.to_be_bytes())
}
