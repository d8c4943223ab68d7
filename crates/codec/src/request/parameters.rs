//! What QUERY, EXECUTE and (in part) BATCH have in common: consistency, flags, and the fields that
//! the flags announce, in an order that never changes.

use bytes::{BufMut, BytesMut};

use crate::envelope_writer::require_version;
use crate::wire::write::{self, patch};
use crate::wire::{RawValue, Reader};
use crate::{
    ColumnSpec, Consistency, EncodeError, EncodeValues, PagingState, ProtocolVersion,
    SerialConsistency,
};

/// The bits of the flags (v5 §4.1.4): one byte in v3 and v4, an int in v5.
pub(super) mod flag {
    pub(in crate::request) const VALUES: i32 = 0x01;
    pub(in crate::request) const SKIP_METADATA: i32 = 0x02;
    pub(in crate::request) const PAGE_SIZE: i32 = 0x04;
    pub(in crate::request) const PAGING_STATE: i32 = 0x08;
    pub(in crate::request) const SERIAL_CONSISTENCY: i32 = 0x10;
    pub(in crate::request) const TIMESTAMP: i32 = 0x20;
    pub(in crate::request) const NAMES: i32 = 0x40;
    pub(in crate::request) const KEYSPACE: i32 = 0x80;
    pub(in crate::request) const NOW_IN_SECONDS: i32 = 0x100;
}

/// The values and the options of a QUERY or an EXECUTE (v5 §4.1.4).
#[derive(Debug)]
pub struct QueryParameters<'a, V: ?Sized> {
    /// How many replicas must agree.
    pub consistency: Consistency,
    /// The bind values; `&()` for none.
    pub values: &'a V,
    /// The bind markers of a prepared statement; empty for a QUERY.
    pub columns: &'a [ColumnSpec],
    /// Asks for rows without metadata. Only for EXECUTE, and safe only on v5, where the server
    /// notices that the client's metadata is out of date.
    pub skip_metadata: bool,
    /// How many rows a page is to have, at least 1; `None` for all rows at once.
    pub page_size: Option<i32>,
    /// Where to continue: what the page before came with.
    pub paging_state: Option<&'a PagingState>,
    /// The consistency of the Paxos phase of a conditional statement.
    pub serial_consistency: Option<SerialConsistency>,
    /// The write time, in microseconds since 1970; anything but `i64::MIN`.
    pub timestamp_micros: Option<i64>,
    /// The keyspace of unqualified names, if not that of the connection (v5).
    pub keyspace: Option<&'a str>,
    /// What the server is to take for now, in seconds since 1970, where TTLs matter (v5).
    pub now_in_seconds: Option<i32>,
}

impl<'a, V: ?Sized> QueryParameters<'a, V> {
    /// These values at this consistency, and no option.
    pub const fn new(consistency: Consistency, values: &'a V) -> Self {
        Self {
            consistency,
            values,
            columns: &[],
            skip_metadata: false,
            page_size: None,
            paging_state: None,
            serial_consistency: None,
            timestamp_micros: None,
            keyspace: None,
            now_in_seconds: None,
        }
    }
}

impl<V: EncodeValues + ?Sized> QueryParameters<'_, V> {
    #[inline]
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        out.put_u16(self.consistency.code());
        let flags_at = put_flags_later(version, out);
        let mut flags = put_values(self.values, self.columns, version, out)?;
        if self.skip_metadata {
            flags |= flag::SKIP_METADATA;
        }
        if let Some(page_size) = self.page_size {
            if page_size <= 0 {
                let why = "a page has at least one row";
                return Err(EncodeError::Invalid { what: "page size", why });
            }
            out.put_i32(page_size);
            flags |= flag::PAGE_SIZE;
        }
        if let Some(state) = self.paging_state {
            write::bytes(out, "paging state", Some(state.as_bytes()))?;
            flags |= flag::PAGING_STATE;
        }
        flags |= self.tail().encode(version, out)?;
        patch_flags(version, out, flags_at, flags);
        Ok(())
    }

    fn tail(&self) -> Tail<'_> {
        Tail {
            serial_consistency: self.serial_consistency,
            timestamp_micros: self.timestamp_micros,
            keyspace: self.keyspace,
            now_in_seconds: self.now_in_seconds,
        }
    }
}

/// The options that a BATCH has too.
#[derive(Debug)]
pub(super) struct Tail<'a> {
    pub(super) serial_consistency: Option<SerialConsistency>,
    pub(super) timestamp_micros: Option<i64>,
    pub(super) keyspace: Option<&'a str>,
    pub(super) now_in_seconds: Option<i32>,
}

impl Tail<'_> {
    /// Appends what is there and gives the flags of it.
    #[inline]
    pub(super) fn encode(
        &self,
        version: ProtocolVersion,
        out: &mut BytesMut,
    ) -> Result<i32, EncodeError> {
        let mut flags = 0;
        if let Some(serial) = self.serial_consistency {
            out.put_u16(serial.code());
            flags |= flag::SERIAL_CONSISTENCY;
        }
        if let Some(timestamp) = self.timestamp_micros {
            if timestamp == i64::MIN {
                let why = "servers keep the smallest timestamp for themselves";
                return Err(EncodeError::Invalid { what: "timestamp", why });
            }
            out.put_i64(timestamp);
            flags |= flag::TIMESTAMP;
        }
        if let Some(keyspace) = self.keyspace {
            require_version("keyspace of a request", version, ProtocolVersion::V5)?;
            write::string(out, "keyspace of a request", keyspace)?;
            flags |= flag::KEYSPACE;
        }
        if let Some(now) = self.now_in_seconds {
            require_version("now_in_seconds", version, ProtocolVersion::V5)?;
            out.put_i32(now);
            flags |= flag::NOW_IN_SECONDS;
        }
        Ok(flags)
    }
}

/// Leaves room for the flags, and says where.
#[inline]
pub(super) fn put_flags_later(version: ProtocolVersion, out: &mut BytesMut) -> usize {
    let at = out.len();
    out.put_bytes(0, if version >= ProtocolVersion::V5 { 4 } else { 1 });
    at
}

/// Fills in the flags. Those that do not fit the one byte of v3 and v4 have been refused before.
#[inline]
pub(super) fn patch_flags(version: ProtocolVersion, out: &mut BytesMut, at: usize, flags: i32) {
    let int = flags.to_be_bytes();
    if version >= ProtocolVersion::V5 {
        patch(out, at, int);
    } else {
        let [.., byte] = int;
        patch(out, at, [byte]);
    }
}

/// Appends the values with their number, or nothing if there are none, and gives the flags of it.
#[inline]
fn put_values<V: EncodeValues + ?Sized>(
    values: &V,
    columns: &[ColumnSpec],
    version: ProtocolVersion,
    out: &mut BytesMut,
) -> Result<i32, EncodeError> {
    let start = out.len();
    let named = values.named(columns);
    let count = put_counted_values(values, columns, out)?;
    if count == 0 {
        out.truncate(start);
        return Ok(0);
    }
    if version < ProtocolVersion::V4 {
        let written = out.get(start + size_of::<u16>()..).unwrap_or_default();
        refuse_unset(written, count, named, version)?;
    }
    Ok(if named { flag::VALUES | flag::NAMES } else { flag::VALUES })
}

/// Appends the number of the values and the values.
#[inline]
pub(super) fn put_counted_values<V: EncodeValues + ?Sized>(
    values: &V,
    columns: &[ColumnSpec],
    out: &mut BytesMut,
) -> Result<usize, EncodeError> {
    let start = out.len();
    out.put_u16(0);
    let count = values.encode_values(columns, out)?;
    let limit = usize::from(u16::MAX);
    let too_many = |_| EncodeError::TooLong { what: "bind values", length: count, limit };
    let short = u16::try_from(count).map_err(too_many)?;
    patch(out, start, short.to_be_bytes());
    Ok(count)
}

/// A server of v3 reads every negative length as null: what was to be left alone it would delete.
#[inline(never)]
pub(super) fn refuse_unset(
    written: &[u8],
    count: usize,
    named: bool,
    version: ProtocolVersion,
) -> Result<(), EncodeError> {
    let malformed = |_| EncodeError::Invalid { what: "bind values", why: "not of the wire format" };
    let mut reader = Reader::new(written);
    for _ in 0..count {
        if named {
            reader.string("name of a value").map_err(malformed)?;
        }
        if reader.value("bind value").map_err(malformed)? == RawValue::Unset {
            return Err(EncodeError::NotInVersion { what: "an unset value", version });
        }
    }
    Ok(())
}
