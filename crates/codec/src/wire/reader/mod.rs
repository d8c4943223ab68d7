//! Reading: a cursor over bytes that checks every step.

mod notations;

use uuid::Uuid;

pub use self::notations::RawValue;
use crate::{DecodeError, DecodeErrorKind};

/// A cursor over the bytes of a body. Every read names what it reads, for the error.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A cursor at the first of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How many bytes have been read.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// How many bytes have not been read yet.
    pub const fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// An error about `what`, which begins at the cursor.
    pub const fn error(&self, what: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { what, at: self.position, kind }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// Fewer bytes left; the cursor stays.
    pub fn take(&mut self, what: &'static str, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, _)) = self.rest().split_at_checked(count) else {
            let remaining = self.remaining();
            return Err(
                self.error(what, DecodeErrorKind::UnexpectedEnd { needed: count, remaining })
            );
        };
        self.position += count;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    ///
    /// Fewer bytes left; the cursor stays.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let Some(taken) = self.rest().first_chunk() else {
            let remaining = self.remaining();
            return Err(self.error(what, DecodeErrorKind::UnexpectedEnd { needed: N, remaining }));
        };
        self.position += N;
        Ok(*taken)
    }

    /// A \[byte\]: 1 byte, 0 to 255.
    ///
    /// # Errors
    ///
    /// No byte left.
    pub fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_be_bytes)
    }

    /// A \[short\]: 2 bytes, 0 to 65,535.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn short(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// An \[int\]: 4 bytes, signed.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn int(&mut self, what: &'static str) -> Result<i32, DecodeError> {
        self.array(what).map(i32::from_be_bytes)
    }

    /// A \[long\]: 8 bytes, signed.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn long(&mut self, what: &'static str) -> Result<i64, DecodeError> {
        self.array(what).map(i64::from_be_bytes)
    }

    /// A \[uuid\]: 16 bytes.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn uuid(&mut self, what: &'static str) -> Result<Uuid, DecodeError> {
        self.array(what).map(Uuid::from_bytes)
    }

    /// An \[int\] that counts something: 0 to 2^31 - 1.
    ///
    /// # Errors
    ///
    /// Fewer than 4 bytes left, and a number below zero.
    pub fn count(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let at = self.position;
        let value = self.int(what)?;
        let contradiction = DecodeErrorKind::Contradiction { value: i64::from(value) };
        usize::try_from(value).map_err(|_| DecodeError { what, at, kind: contradiction })
    }

    /// For how many items to make room when so many are declared: as much memory as there are bytes
    /// left, at most. What is larger in memory than on the wire grows as it is read.
    ///
    /// Counts are nested (a tuple of tuples of 65,535 elements each): without this, a few hundred
    /// kilobytes would ask for hundreds of megabytes before the second level is found to be empty.
    pub const fn room<T>(&self, declared: usize) -> usize {
        let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        let room = self.remaining() / size;
        if declared < room { declared } else { room }
    }

    /// A \[short\] and as many items. Room is made for no more of them than [`room`](Self::room)
    /// allows.
    ///
    /// # Errors
    ///
    /// Fewer bytes left, and the first error of an item.
    pub fn list<T>(
        &mut self,
        what: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.short(what)?;
        let mut items = Vec::with_capacity(self.room::<T>(usize::from(count)));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }
}
