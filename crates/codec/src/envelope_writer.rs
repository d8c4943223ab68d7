//! Writing one envelope: header, body, and the compression of v3 and v4, into the caller's buffer.

use bytes::{BufMut, BytesMut};

use crate::envelope::{EnvelopeFlags, EnvelopeHeader, HEADER_LEN};
use crate::framing::{Compression, compress_body};
use crate::wire::write::patch;
use crate::{EncodeError, ProtocolVersion};

/// The longest body that the length in a header can say, in bytes.
const LONGEST_BODY: usize = 0x7FFF_FFFF;

/// Appends an envelope whose body is what `body` appends. The length in `header` is found out
/// here, and so is whether the body ends up compressed.
///
/// On an error `out` is as it was.
#[inline]
pub(crate) fn write_envelope(
    out: &mut BytesMut,
    header: EnvelopeHeader,
    compression: Option<Compression>,
    max_body_bytes: Option<usize>,
    body: impl FnOnce(&mut BytesMut) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.put_bytes(0, HEADER_LEN);
    let limit = max_body_bytes.unwrap_or(LONGEST_BODY).min(LONGEST_BODY);
    let written = body(out).and_then(|()| finish(out, start, header, compression, limit));
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Compresses the body if that is asked for, and writes the header.
#[inline]
fn finish(
    out: &mut BytesMut,
    start: usize,
    mut header: EnvelopeHeader,
    compression: Option<Compression>,
    limit: usize,
) -> Result<(), EncodeError> {
    let body = start + HEADER_LEN;
    let length = out.len() - body;
    let too_long = || EncodeError::TooLong { what: "body of an envelope", length, limit };
    if length > limit {
        return Err(too_long());
    }
    let compression = compression.filter(|_| !header.version.uses_segments());
    if compression.is_some_and(|compression| compress_body(compression, out, body)) {
        header.flags |= EnvelopeFlags::COMPRESSED;
    }
    header.length = u32::try_from(out.len() - body).map_err(|_| too_long())?;
    patch(out, start, header.encode());
    Ok(())
}

/// Refuses what a version does not have.
pub(crate) fn require_version(
    what: &'static str,
    version: ProtocolVersion,
    since: ProtocolVersion,
) -> Result<(), EncodeError> {
    if version < since {
        return Err(EncodeError::NotInVersion { what, version });
    }
    Ok(())
}
