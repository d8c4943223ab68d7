//! Partition keys, hashed column by column.

use super::Token;
use super::murmur3::{self, Murmur3};
use crate::wire::{RawValue, Reader};

/// Hashes the partition key of a table from the values of its columns, in their order.
///
/// A key of one column is its bytes. One of several has for each its length as a \[short\], its
/// bytes, and a byte 0.
#[derive(Clone, Debug)]
pub struct PartitionKeyHasher {
    murmur3: Murmur3,
    composite: bool,
}

impl PartitionKeyHasher {
    /// For a key of so many columns.
    pub fn new(columns: usize) -> Self {
        Self { murmur3: Murmur3::default(), composite: columns != 1 }
    }

    /// The next column's value. What is longer than 65,535 bytes is none of a partition key; of its
    /// length, only the low bits are hashed if there are several columns.
    pub fn column(&mut self, value: &[u8]) {
        if self.composite {
            let [.., high, low] = value.len().to_be_bytes();
            self.murmur3.write(&[high, low]);
        }
        self.murmur3.write(value);
        if self.composite {
            self.murmur3.write(&[0]);
        }
    }

    /// The token of the partition.
    pub fn finish(self) -> Token {
        if self.murmur3.length() == 0 {
            return Token::MIN;
        }
        placed(self.murmur3.finish())
    }
}

/// See [`Token::of_key`].
#[inline]
pub(super) fn of_whole(key: &[u8]) -> Token {
    if key.is_empty() { Token::MIN } else { placed(murmur3::hash(key)) }
}

/// Where a key of this hash is on the ring.
const fn placed(hash: i64) -> Token {
    match hash {
        // The ring begins there, so no partition may.
        i64::MIN => Token(i64::MAX),
        hash => Token(hash),
    }
}

/// See [`Token::of_bind_values`].
#[inline]
pub(super) fn token(values: &[u8], key: &[u16]) -> Option<Token> {
    match key {
        [] => None,
        [only] => Walk::over(values).value(usize::from(*only)).map(of_whole),
        several => of_several(values, several),
    }
}

#[inline(never)]
fn of_several(values: &[u8], key: &[u16]) -> Option<Token> {
    if key.is_sorted() {
        let mut walk = Walk::over(values);
        return hash(key.len(), key.iter().map(|position| walk.value(usize::from(*position))));
    }
    // Bound in another order than that of the key: rare enough to be looked up in a list.
    let mut reader = Reader::new(values);
    let most = key.iter().copied().max().map_or(0, usize::from);
    let found: Vec<_> = (0..=most).map_while(|_| reader.value("bind value").ok()).collect();
    hash(key.len(), key.iter().map(|position| found.get(usize::from(*position)).and_then(there)))
}

fn hash<'a>(columns: usize, values: impl Iterator<Item = Option<&'a [u8]>>) -> Option<Token> {
    let mut hasher = PartitionKeyHasher::new(columns);
    for value in values {
        hasher.column(value?);
    }
    Some(hasher.finish())
}

/// The bytes of a value that can be part of a key.
fn there<'a>(value: &RawValue<'a>) -> Option<&'a [u8]> {
    match value {
        RawValue::Bytes(bytes) if bytes.len() <= usize::from(u16::MAX) => Some(bytes),
        _ => None,
    }
}

/// A walk over bind values, forwards only.
struct Walk<'a> {
    reader: Reader<'a>,
    /// How many were read.
    position: usize,
    /// The one that was read last.
    last: &'a [u8],
}

impl<'a> Walk<'a> {
    const fn over(values: &'a [u8]) -> Self {
        Self { reader: Reader::new(values), position: 0, last: &[] }
    }

    /// The value at this position, not before the one asked for last.
    fn value(&mut self, position: usize) -> Option<&'a [u8]> {
        while self.position <= position {
            let value = self.reader.value("bind value").ok()?;
            self.position += 1;
            if self.position > position {
                self.last = there(&value)?;
            }
        }
        Some(self.last)
    }
}
