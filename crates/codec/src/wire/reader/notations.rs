//! What is made of numbers and bytes: texts, values, addresses, maps (v5 §3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;

use super::Reader;
use crate::wire::CustomPayload;
use crate::{Consistency, DecodeError, DecodeErrorKind};

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
}
