//! Writing: each notation appended to the caller's buffer.
//!
//! What can be too long names itself, for the error. A length that is not known beforehand is
//! written as zero and patched, so that nothing is encoded twice or elsewhere first.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};

use super::CustomPayload;
use crate::EncodeError;

/// A \[short\] that counts bytes or items, 0 to 65,535.
///
/// # Errors
///
/// A larger count: [`EncodeError::TooLong`], as for all that follow. Nothing was appended.
#[inline]
pub fn short_length(
    out: &mut BytesMut,
    what: &'static str,
    length: usize,
) -> Result<(), EncodeError> {
    let limit = usize::from(u16::MAX);
    let short = u16::try_from(length).map_err(|_| EncodeError::TooLong { what, length, limit })?;
    out.put_u16(short);
    Ok(())
}

/// An \[int\] that counts bytes or items, 0 to 2^31 - 1.
///
/// # Errors
///
/// A larger count. Nothing was appended.
pub fn int_length(
    out: &mut BytesMut,
    what: &'static str,
    length: usize,
) -> Result<(), EncodeError> {
    out.put_slice(&int_length_bytes(what, length)?);
    Ok(())
}

fn int_length_bytes(what: &'static str, length: usize) -> Result<[u8; 4], EncodeError> {
    let limit = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
    let int = i32::try_from(length).map_err(|_| EncodeError::TooLong { what, length, limit })?;
    Ok(int.to_be_bytes())
}

/// A \[string\]: a \[short\] length and UTF-8.
///
/// # Errors
///
/// More than 65,535 bytes. Nothing was appended.
pub fn string(out: &mut BytesMut, what: &'static str, text: &str) -> Result<(), EncodeError> {
    short_bytes(out, what, text.as_bytes())
}

/// A \[long string\]: an \[int\] length and UTF-8.
///
/// # Errors
///
/// More than 2^31 - 1 bytes. Nothing was appended.
pub fn long_string(out: &mut BytesMut, what: &'static str, text: &str) -> Result<(), EncodeError> {
    bytes(out, what, Some(text.as_bytes()))
}

/// \[short bytes\]: a \[short\] length and the bytes.
///
/// # Errors
///
/// More than 65,535 bytes. Nothing was appended.
#[inline]
pub fn short_bytes(out: &mut BytesMut, what: &'static str, data: &[u8]) -> Result<(), EncodeError> {
    short_length(out, what, data.len())?;
    out.put_slice(data);
    Ok(())
}

/// \[bytes\]: an \[int\] length and the bytes; `None` is null, length -1.
///
/// # Errors
///
/// More than 2^31 - 1 bytes. Nothing was appended.
pub fn bytes(
    out: &mut BytesMut,
    what: &'static str,
    data: Option<&[u8]>,
) -> Result<(), EncodeError> {
    let Some(data) = data else {
        out.put_i32(-1);
        return Ok(());
    };
    int_length(out, what, data.len())?;
    out.put_slice(data);
    Ok(())
}

/// An \[inetaddr\]: a \[byte\] that is 4 or 16, and as many bytes.
pub fn inetaddr(out: &mut BytesMut, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            out.put_u8(4);
            out.put_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            out.put_u8(16);
            out.put_slice(&address.octets());
        }
    }
}

/// An \[inet\]: an \[inetaddr\] and the port as an \[int\].
pub fn inet(out: &mut BytesMut, address: SocketAddr) {
    inetaddr(out, address.ip());
    out.put_i32(i32::from(address.port()));
}

/// A \[string list\]: a \[short\] and as many \[string\]s.
///
/// # Errors
///
/// More than 65,535 of them, or a longer one. What was appended until then stays.
pub fn string_list<S: AsRef<str>>(
    out: &mut BytesMut,
    what: &'static str,
    list: &[S],
) -> Result<(), EncodeError> {
    short_length(out, what, list.len())?;
    list.iter().try_for_each(|item| string(out, what, item.as_ref()))
}

/// A \[bytes map\]: a \[short\] and as many pairs of \[string\] and \[bytes\].
///
/// # Errors
///
/// More than 65,535 of them, or a longer key. What was appended until then stays.
pub fn bytes_map(
    out: &mut BytesMut,
    what: &'static str,
    map: &CustomPayload,
) -> Result<(), EncodeError> {
    short_length(out, what, map.len())?;
    map.iter().try_for_each(|(key, value)| {
        string(out, what, key)?;
        bytes(out, what, value.as_ref().map(Bytes::as_ref))
    })
}

/// What `body` appends, preceded by its length as an \[int\].
///
/// # Errors
///
/// What `body` fails with, and more than 2^31 - 1 bytes. What was appended until then stays.
pub fn measured<E: From<EncodeError>>(
    out: &mut BytesMut,
    what: &'static str,
    body: impl FnOnce(&mut BytesMut) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.put_i32(0);
    body(out)?;
    let length = int_length_bytes(what, out.len() - start - size_of::<i32>())?;
    patch(out, start, length);
    Ok(())
}

/// Overwrites what stands at `at`.
pub(crate) fn patch<const N: usize>(out: &mut BytesMut, at: usize, with: [u8; N]) {
    if let Some(place) = out.get_mut(at..at + N) {
        place.copy_from_slice(&with);
    }
}
