//! What may stand before the message of a response: the id of a trace, warnings, a custom payload,
//! in this order (v5 §2.4.1.2).

use uuid::Uuid;

use crate::wire::Reader;
use crate::{
    CustomPayload, DecodeError, DecodeErrorKind, EnvelopeFlags, EnvelopeHeader, ProtocolVersion,
};

type Prefix = (Option<Uuid>, Vec<String>, Option<CustomPayload>);

pub(super) fn read(
    header: &EnvelopeHeader,
    reader: &mut Reader<'_>,
) -> Result<Prefix, DecodeError> {
    let flags = header.flags;
    let tracing_id = if flags.contains(EnvelopeFlags::TRACING) {
        Some(reader.uuid("id of a trace")?)
    } else {
        None
    };
    let warned = flags.contains(EnvelopeFlags::WARNING);
    let loaded = flags.contains(EnvelopeFlags::CUSTOM_PAYLOAD);
    if (warned || loaded) && header.version < ProtocolVersion::V4 {
        let kind = DecodeErrorKind::NotInVersion(header.version);
        return Err(reader.error("warnings or custom payload", kind));
    }
    let warnings = if warned {
        reader.list("warnings", |reader| reader.lossy_string("warning"))?
    } else {
        Vec::new()
    };
    let payload = if loaded { Some(reader.bytes_map("custom payload")?) } else { None };
    Ok((tracing_id, warnings, payload))
}
