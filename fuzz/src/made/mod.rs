//! Messages made of the fuzzer's bytes: any that a version can say.

mod errors;
mod requests;
mod responses;
mod types;

use arbitrary::{Result, Unstructured};
use bytes::Bytes;
use cqlwire_codec::{Consistency, CustomPayload, ProtocolVersion};

/// Makes messages of one version. Once the bytes are used up, everything is empty or zero.
#[derive(Debug)]
pub struct Made<'a> {
    from: Unstructured<'a>,
    version: ProtocolVersion,
    longest: usize,
}

impl<'a> Made<'a> {
    /// Of these bytes.
    pub fn new(bytes: &'a [u8], version: ProtocolVersion) -> Self {
        Self { from: Unstructured::new(bytes), version, longest: 70_000 }
    }

    /// The same with nothing in it over so many bytes.
    #[must_use]
    pub const fn up_to(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    fn is(&self, at_least: ProtocolVersion) -> bool {
        self.version >= at_least
    }

    fn flag(&mut self) -> Result<bool> {
        self.from.arbitrary()
    }

    fn int(&mut self) -> Result<i32> {
        self.from.arbitrary()
    }

    fn short(&mut self) -> Result<u16> {
        self.from.arbitrary()
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> Result<T> {
        self.from.choose(choices).cloned()
    }

    /// A short text, or none.
    fn text(&mut self) -> Result<String> {
        let length = self.from.int_in_range(0..=24)?;
        let bytes = self.from.bytes(length.min(self.from.len()))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The name of a keyspace, which is one word: in the class of a vector it stands as it is.
    fn word(&mut self) -> Result<String> {
        let text = self.text()?;
        let word = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_');
        Ok(std::iter::once('k').chain(word).collect())
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let most = if self.from.ratio(1, 40)? { self.longest } else { 40 };
        let length = self.from.int_in_range(0..=most)?;
        let some = self.from.bytes(length.min(self.from.len()))?;
        // Long ones do not have to be paid for byte by byte.
        let mut bytes = some.to_vec();
        bytes.resize(length, 0xA5);
        Ok(bytes.into())
    }

    /// Bytes that a \[short bytes\] can hold.
    fn id(&mut self) -> Result<Bytes> {
        let bytes = self.bytes()?;
        Ok(bytes.slice(..bytes.len().min(65_535)))
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { make(self).map(Some) } else { Ok(None) }
    }

    /// Something that older versions do not have.
    fn since<T>(
        &mut self,
        first: ProtocolVersion,
        make: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.is(first) { self.maybe(make) } else { Ok(None) }
    }

    fn list<T>(
        &mut self,
        most: usize,
        mut make: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.from.int_in_range(0..=most)?;
        (0..count).map(|_| make(self)).collect()
    }

    fn texts(&mut self) -> Result<Vec<String>> {
        self.list(4, Self::text)
    }

    fn consistency(&mut self) -> Result<Consistency> {
        let code = if self.from.ratio(1, 10)? { self.short()? } else { self.short()? % 11 };
        Ok(Consistency::from_code(code))
    }

    fn payload(&mut self) -> Result<Option<CustomPayload>> {
        self.since(ProtocolVersion::V4, |made| {
            let entries = made.list(3, |made| Ok((made.text()?, made.maybe(Self::bytes)?)))?;
            Ok(entries.into_iter().collect())
        })
    }
}
