//! Which result a position is one in.

use std::hash::Hasher;

use twox_hash::XxHash64;

/// What tells one result from another: a hash of the statement's text and its keyspace, and one of
/// the values that it was executed with. 64 bits each, by XXH64, which is the same in every
/// release, on every machine.
///
/// It finds mistakes, not forgery: whoever wants to can make a position up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    pub(super) statement: u64,
    pub(super) values: u64,
}

impl Fingerprint {
    /// Of this text in this keyspace, with these values as they go over the wire, each after its
    /// name if it has one.
    ///
    /// The text counts as it is written: with another space in it, it is another one.
    pub fn new<'a>(
        text: &str,
        keyspace: Option<&str>,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let keyspace = keyspace.map(str::as_bytes);
        let statement = hash(std::iter::once(text.as_bytes()).chain(keyspace));
        Self { statement, values: hash(values) }
    }
}

/// Each with its length before it, so that no two lists give the same bytes.
fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = XxHash64::with_seed(0);
    for part in parts {
        hasher.write(&(part.len() as u64).to_be_bytes());
        hasher.write(part);
    }
    hasher.finish()
}
