//! Reading: a cursor over bytes that checks every step.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use uuid::Uuid;

use super::CustomPayload;
use crate::{Consistency, DecodeError, DecodeErrorKind};

/// A cursor over the bytes of a body. Every read names what it reads, for the error.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

/// A \[value\] (v4 §3): bytes, or one of the two ways of not being there.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RawValue<'a> {
    /// Length -1.
    Null,
    /// Length -2, v4 and newer: leave the column as it is.
    Unset,
    /// Any other length, 0 included.
    Bytes(&'a [u8]),
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

    /// A \[string\]: a \[short\] length, and as many bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// Fewer bytes left, and bytes that are not UTF-8.
    pub fn string(&mut self, what: &'static str) -> Result<&'a str, DecodeError> {
        let at = self.position;
        let bytes = self.short_bytes(what)?;
        std::str::from_utf8(bytes).map_err(|_| DecodeError {
            what,
            at,
            kind: DecodeErrorKind::NotUtf8,
        })
    }

    /// A \[string\] for people (error texts, warnings): what is not UTF-8 in it is replaced.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn lossy_string(&mut self, what: &'static str) -> Result<String, DecodeError> {
        self.short_bytes(what).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// A \[long string\]: an \[int\] length, and as many bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// Fewer bytes left, a length below zero, and bytes that are not UTF-8.
    pub fn long_string(&mut self, what: &'static str) -> Result<&'a str, DecodeError> {
        let at = self.position;
        let length = self.count(what)?;
        std::str::from_utf8(self.take(what, length)?).map_err(|_| DecodeError {
            what,
            at,
            kind: DecodeErrorKind::NotUtf8,
        })
    }

    /// \[short bytes\]: a \[short\] length, and as many bytes.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn short_bytes(&mut self, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.short(what)?;
        self.take(what, usize::from(length))
    }

    /// \[bytes\]: an \[int\] length, and as many bytes; any negative length is null, `None`.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn bytes(&mut self, what: &'static str) -> Result<Option<&'a [u8]>, DecodeError> {
        match usize::try_from(self.int(what)?) {
            Ok(length) => self.take(what, length).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// A \[value\] (v4 §3): as \[bytes\], but a length of -2 is "unset".
    ///
    /// # Errors
    ///
    /// Fewer bytes left, and a length below -2.
    pub fn value(&mut self, what: &'static str) -> Result<RawValue<'a>, DecodeError> {
        let at = self.position;
        match self.int(what)? {
            -1 => Ok(RawValue::Null),
            -2 => Ok(RawValue::Unset),
            length => {
                let kind = DecodeErrorKind::Unknown { value: i64::from(length) };
                let length = usize::try_from(length).map_err(|_| DecodeError { what, at, kind })?;
                self.take(what, length).map(RawValue::Bytes)
            }
        }
    }

    /// A \[consistency\]: a \[short\]; a level that is not known keeps its code.
    ///
    /// # Errors
    ///
    /// Fewer bytes left.
    pub fn consistency(&mut self, what: &'static str) -> Result<Consistency, DecodeError> {
        self.short(what).map(Consistency::from_code)
    }

    /// An \[inetaddr\]: a \[byte\] that is 4 or 16, and as many bytes.
    ///
    /// # Errors
    ///
    /// Fewer bytes left, and any other size.
    pub fn inetaddr(&mut self, what: &'static str) -> Result<IpAddr, DecodeError> {
        let at = self.position;
        match self.byte(what)? {
            4 => self.array(what).map(|bytes: [u8; 4]| Ipv4Addr::from(bytes).into()),
            16 => self.array(what).map(|bytes: [u8; 16]| Ipv6Addr::from(bytes).into()),
            size => {
                let kind = DecodeErrorKind::Unknown { value: i64::from(size) };
                Err(DecodeError { what, at, kind })
            }
        }
    }

    /// An \[inet\]: an \[inetaddr\], and an \[int\] that is a port, 0 to 65,535.
    ///
    /// # Errors
    ///
    /// As [`inetaddr`](Self::inetaddr), and a number that is no port.
    pub fn inet(&mut self, what: &'static str) -> Result<SocketAddr, DecodeError> {
        let address = self.inetaddr(what)?;
        let at = self.position;
        let port = self.int(what)?;
        let kind = DecodeErrorKind::Unknown { value: i64::from(port) };
        let port = u16::try_from(port).map_err(|_| DecodeError { what, at, kind })?;
        Ok(SocketAddr::new(address, port))
    }

    /// A \[string list\]: a \[short\], and as many \[string\]s.
    ///
    /// # Errors
    ///
    /// As [`string`](Self::string), of any of them.
    pub fn string_list(&mut self, what: &'static str) -> Result<Vec<String>, DecodeError> {
        self.list(what, |reader| reader.string(what).map(str::to_owned))
    }

    /// A \[bytes map\]: a \[short\], and as many pairs of \[string\] and \[bytes\]. Of a key that
    /// comes twice the last value counts.
    ///
    /// # Errors
    ///
    /// Fewer bytes left, and a key that is not UTF-8.
    pub fn bytes_map(&mut self, what: &'static str) -> Result<CustomPayload, DecodeError> {
        let count = self.short(what)?;
        let entry = |_| {
            let key = self.string(what)?.to_owned();
            Ok((key, self.bytes(what)?.map(Bytes::copy_from_slice)))
        };
        (0..count).map(entry).collect()
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
