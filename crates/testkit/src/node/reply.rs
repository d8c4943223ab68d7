//! What a node answers, and how that looks in an envelope.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::wire::write;
use cqlwire_codec::{
    ColumnSpec, Direction, EncodeError, EnvelopeFlags, EnvelopeHeader, HEADER_LEN, Opcode,
    Prefixes, ProtocolVersion, StreamId,
};

/// The cells of one row, encoded; `None` is null.
pub type Row = Vec<Option<Bytes>>;

/// One answer.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Error {
        code: i32,
        message: String,
        detail: Bytes,
    },
    Ready,
    Authenticate(Arc<str>),
    AuthChallenge(Bytes),
    AuthSuccess,
    Supported(Vec<(&'static str, Vec<String>)>),
    Void,
    SetKeyspace(String),
    Rows(RowsReply),
    Prepared(PreparedReply),
    /// A body that a test wrote itself.
    Raw {
        opcode: Opcode,
        flags: EnvelopeFlags,
        body: Bytes,
    },
    /// What stands before it, as far as the version has that.
    After(Box<(Prefixes, Self)>),
}

/// One page.
#[derive(Clone, Debug)]
pub(super) struct RowsReply {
    pub(super) columns: Arc<[ColumnSpec]>,
    pub(super) metadata: MetadataForm,
    pub(super) paging_state: Option<Bytes>,
    pub(super) rows: Vec<Row>,
}

/// How much of its metadata a page carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MetadataForm {
    Full,
    Skipped,
    /// v5: the client's id is out of date, this is the new one.
    Changed(Bytes),
}

/// The answer to PREPARE.
#[derive(Clone, Debug)]
pub(super) struct PreparedReply {
    pub(super) id: Bytes,
    pub(super) metadata_id: Bytes,
    pub(super) bind: Arc<[ColumnSpec]>,
    pub(super) partition_key: Vec<u16>,
    pub(super) columns: Arc<[ColumnSpec]>,
}

/// The flags of the metadata of a result (v5 §4.2.5.2).
mod metadata_flag {
    pub(super) const HAS_MORE_PAGES: i32 = 0x02;
    pub(super) const NO_METADATA: i32 = 0x04;
    pub(super) const METADATA_CHANGED: i32 = 0x08;
}

impl Reply {
    pub(super) fn error(code: i32, message: impl Into<String>) -> Self {
        Self::Error { code, message: message.into(), detail: Bytes::new() }
    }

    pub(super) const fn opcode(&self) -> Opcode {
        match self {
            Self::Error { .. } => Opcode::Error,
            Self::Ready => Opcode::Ready,
            Self::Authenticate(_) => Opcode::Authenticate,
            Self::AuthChallenge(_) => Opcode::AuthChallenge,
            Self::AuthSuccess => Opcode::AuthSuccess,
            Self::Supported(_) => Opcode::Supported,
            Self::Void | Self::SetKeyspace(_) | Self::Rows(_) | Self::Prepared(_) => Opcode::Result,
            Self::Raw { opcode, .. } => *opcode,
            Self::After(answer) => answer.1.opcode(),
        }
    }

    fn flags(&self, version: ProtocolVersion) -> EnvelopeFlags {
        match self {
            Self::Raw { flags, .. } => *flags,
            Self::After(answer) => flags_of(&answer.0, version),
            _ => EnvelopeFlags::NONE,
        }
    }

    /// The whole envelope, uncompressed.
    ///
    /// # Panics
    ///
    /// If a test primed what the protocol cannot say.
    pub(super) fn envelope(&self, version: ProtocolVersion, stream: StreamId) -> BytesMut {
        let mut body = BytesMut::new();
        self.write_body(version, &mut body).expect("a primed answer can be encoded");
        let header = EnvelopeHeader {
            version,
            direction: Direction::Response,
            flags: self.flags(version),
            stream,
            opcode: self.opcode(),
            length: u32::try_from(body.len()).expect("a primed answer is under 4 GiB"),
        };
        let mut envelope = BytesMut::with_capacity(HEADER_LEN + body.len());
        envelope.put_slice(&header.encode());
        envelope.unsplit(body);
        envelope
    }

    fn write_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Error { code, message, detail } => {
                out.put_i32(*code);
                write::string(out, "error message", message)?;
                out.put_slice(detail);
            }
            Self::Ready => {}
            Self::Authenticate(class) => write::string(out, "authenticator", class)?,
            Self::AuthChallenge(token) => write::bytes(out, "token", Some(token))?,
            Self::AuthSuccess => write::bytes(out, "token", None)?,
            Self::Supported(options) => {
                write::short_length(out, "options", options.len())?;
                for (key, values) in options {
                    write::string(out, "option", key)?;
                    write::string_list(out, "option", values)?;
                }
            }
            Self::Void => out.put_i32(1),
            Self::SetKeyspace(keyspace) => {
                out.put_i32(3);
                write::string(out, "keyspace", keyspace)?;
            }
            Self::Rows(rows) => rows.write(version, out)?,
            Self::Prepared(prepared) => prepared.write(version, out)?,
            Self::Raw { body, .. } => out.put_slice(body),
            Self::After(answer) => {
                let (prefixes, reply) = &**answer;
                write_prefixes(prefixes, version, out)?;
                reply.write_body(version, out)?;
            }
        }
        Ok(())
    }
}

fn flags_of(prefixes: &Prefixes, version: ProtocolVersion) -> EnvelopeFlags {
    let mut flags = EnvelopeFlags::NONE;
    if prefixes.tracing_id().is_some() {
        flags |= EnvelopeFlags::TRACING;
    }
    if version >= ProtocolVersion::V4 && !prefixes.warnings().is_empty() {
        flags |= EnvelopeFlags::WARNING;
    }
    if version >= ProtocolVersion::V4 && prefixes.custom_payload().is_some() {
        flags |= EnvelopeFlags::CUSTOM_PAYLOAD;
    }
    flags
}

/// Those that the flags announce (v5 §2.4.1.2).
fn write_prefixes(
    prefixes: &Prefixes,
    version: ProtocolVersion,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let flags = flags_of(prefixes, version);
    if let Some(id) = prefixes.tracing_id() {
        out.put_slice(id.as_bytes());
    }
    if flags.contains(EnvelopeFlags::WARNING) {
        write::string_list(out, "warnings", prefixes.warnings())?;
    }
    match prefixes.custom_payload() {
        Some(payload) if flags.contains(EnvelopeFlags::CUSTOM_PAYLOAD) => {
            write::bytes_map(out, "custom payload", payload)
        }
        _ => Ok(()),
    }
}

impl RowsReply {
    fn write(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_i32(2);
        let mut flags = match self.metadata {
            MetadataForm::Full => 0,
            MetadataForm::Skipped => metadata_flag::NO_METADATA,
            MetadataForm::Changed(_) => metadata_flag::METADATA_CHANGED,
        };
        if self.paging_state.is_some() {
            flags |= metadata_flag::HAS_MORE_PAGES;
        }
        out.put_i32(flags);
        write::int_length(out, "columns", self.columns.len())?;
        if let Some(state) = &self.paging_state {
            write::bytes(out, "paging state", Some(state))?;
        }
        if let MetadataForm::Changed(id) = &self.metadata {
            write::short_bytes(out, "id of the result metadata", id)?;
        }
        if self.metadata != MetadataForm::Skipped {
            write_columns(&self.columns, version, out)?;
        }
        write::int_length(out, "rows", self.rows.len())?;
        let mut cells = self.rows.iter().flatten();
        cells.try_for_each(|cell| write::bytes(out, "cell", cell.as_deref()))
    }
}

impl PreparedReply {
    fn write(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        out.put_i32(4);
        write::short_bytes(out, "id of a prepared statement", &self.id)?;
        if version >= ProtocolVersion::V5 {
            write::short_bytes(out, "id of the result metadata", &self.metadata_id)?;
        }
        out.put_i32(0);
        write::int_length(out, "bind markers", self.bind.len())?;
        if version >= ProtocolVersion::V4 {
            write::int_length(out, "partition key", self.partition_key.len())?;
            self.partition_key.iter().for_each(|index| out.put_u16(*index));
        }
        write_columns(&self.bind, version, out)?;
        let none = self.columns.is_empty();
        out.put_i32(if none { metadata_flag::NO_METADATA } else { 0 });
        write::int_length(out, "columns", self.columns.len())?;
        write_columns(&self.columns, version, out)
    }
}

/// Each column with its keyspace and table, so that they may differ.
fn write_columns(
    columns: &[ColumnSpec],
    version: ProtocolVersion,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    columns.iter().try_for_each(|column| {
        write::string(out, "keyspace", &column.keyspace)?;
        write::string(out, "table", &column.table)?;
        write::string(out, "column", &column.name)?;
        column.column_type.write_option(version, out)
    })
}
