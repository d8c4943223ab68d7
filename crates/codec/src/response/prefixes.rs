//! What may stand before the message of a response: the id of a trace, warnings, a custom payload,
//! in this order (v5 §2.4.1.2).

use uuid::Uuid;

use crate::wire::Reader;
use crate::{
    CustomPayload, DecodeError, DecodeErrorKind, EnvelopeFlags, EnvelopeHeader, ProtocolVersion,
};

/// What came before the message of a response. Rare, so it takes a word where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes(Option<Box<Present>>);

/// Not all of it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Present {
    tracing_id: Option<Uuid>,
    warnings: Vec<String>,
    custom_payload: Option<CustomPayload>,
}

impl Prefixes {
    /// Nothing came before the message.
    pub const NONE: Self = Self(None);

    /// These. Warnings and the custom payload exist in v4 and newer.
    pub fn new(
        tracing_id: Option<Uuid>,
        warnings: Vec<String>,
        custom_payload: Option<CustomPayload>,
    ) -> Self {
        if tracing_id.is_none() && warnings.is_empty() && custom_payload.is_none() {
            return Self::NONE;
        }
        Self(Some(Box::new(Present { tracing_id, warnings, custom_payload })))
    }

    /// What [`new`](Self::new) takes.
    pub fn into_parts(self) -> (Option<Uuid>, Vec<String>, Option<CustomPayload>) {
        let Some(present) = self.0 else { return (None, Vec::new(), None) };
        (present.tracing_id, present.warnings, present.custom_payload)
    }

    /// The id under which the server traces the request, in `system_traces`.
    pub fn tracing_id(&self) -> Option<Uuid> {
        self.0.as_ref()?.tracing_id
    }

    /// What the server would have the client's operators know.
    pub fn warnings(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |present| &present.warnings)
    }

    /// What the server's query handler sent along.
    pub fn custom_payload(&self) -> Option<&CustomPayload> {
        self.0.as_ref()?.custom_payload.as_ref()
    }

    pub(super) fn read(
        header: &EnvelopeHeader,
        reader: &mut Reader<'_>,
    ) -> Result<Self, DecodeError> {
        if header.flags.announce_prefixes() { read_some(header, reader) } else { Ok(Self::NONE) }
    }
}

#[cold]
fn read_some(header: &EnvelopeHeader, reader: &mut Reader<'_>) -> Result<Prefixes, DecodeError> {
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
    Ok(Prefixes::new(tracing_id, warnings, payload))
}

/// Passes over what the flags announce, without a look at what it says.
pub(super) fn skip(header: &EnvelopeHeader, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    let flags = header.flags;
    if !flags.announce_prefixes() {
        return Ok(());
    }
    if flags.contains(EnvelopeFlags::TRACING) {
        reader.uuid("id of a trace")?;
    }
    if flags.contains(EnvelopeFlags::WARNING) {
        for _ in 0..reader.short("warnings")? {
            reader.short_bytes("warning")?;
        }
    }
    if flags.contains(EnvelopeFlags::CUSTOM_PAYLOAD) {
        for _ in 0..reader.short("custom payload")? {
            reader.short_bytes("custom payload")?;
            reader.bytes("custom payload")?;
        }
    }
    Ok(())
}
