//! Writing: each notation appended to the caller's buffer.
//!
//! What can be too long names itself, for the error. A length that is not known beforehand is
//! written as zero and patched, so that nothing is encoded twice or elsewhere first.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};

use super::CustomPayload;
use crate::EncodeError;

/// A \[short\] that counts bytes or items.
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

/// An \[int\] that counts bytes or items.
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

/// A \[string\].
pub fn string(out: &mut BytesMut, what: &'static str, text: &str) -> Result<(), EncodeError> {
    short_bytes(out, what, text.as_bytes())
}

/// A \[long string\].
pub fn long_string(out: &mut BytesMut, what: &'static str, text: &str) -> Result<(), EncodeError> {
    bytes(out, what, Some(text.as_bytes()))
}

/// \[short bytes\].
pub fn short_bytes(out: &mut BytesMut, what: &'static str, data: &[u8]) -> Result<(), EncodeError> {
    short_length(out, what, data.len())?;
    out.put_slice(data);
    Ok(())
}

/// \[bytes\]; `None` is null, length -1.
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

/// An \[inetaddr\].
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

/// An \[inet\].
pub fn inet(out: &mut BytesMut, address: SocketAddr) {
    inetaddr(out, address.ip());
    out.put_i32(i32::from(address.port()));
}

/// A \[string list\].
pub fn string_list<S: AsRef<str>>(
    out: &mut BytesMut,
    what: &'static str,
    list: &[S],
) -> Result<(), EncodeError> {
    short_length(out, what, list.len())?;
    list.iter().try_for_each(|item| string(out, what, item.as_ref()))
}

/// A \[bytes map\].
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
