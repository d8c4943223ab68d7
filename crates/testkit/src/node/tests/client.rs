//! A client that does what it is told, right or wrong.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::wire::{Reader, write};
use cqlwire_codec::{
    Compression, DecoderSettings, Direction, Envelope, EnvelopeDecoder, EnvelopeFlags,
    EnvelopeHeader, Opcode, ProtocolVersion, SegmentEncoder, StreamId,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// One connection.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
    pub(crate) version: ProtocolVersion,
    compression: Option<Compression>,
    decoder: EnvelopeDecoder,
    segments: Option<SegmentEncoder>,
    input: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Nothing sent yet.
    pub(crate) fn new(
        stream: S,
        version: ProtocolVersion,
        compression: Option<Compression>,
    ) -> Self {
        let settings = DecoderSettings { compression, ..DecoderSettings::default() };
        let decoder = EnvelopeDecoder::new(settings);
        Self { stream, version, compression, decoder, segments: None, input: BytesMut::new() }
    }

    /// Connected and ready, without credentials.
    pub(crate) async fn ready(
        stream: S,
        version: ProtocolVersion,
        compression: Option<Compression>,
    ) -> Self {
        let mut client = Self::new(stream, version, compression);
        assert_eq!(client.startup().await.header.opcode, Opcode::Ready);
        client
    }

    /// Sends STARTUP and switches to segments after its answer.
    pub(crate) async fn startup(&mut self) -> Envelope {
        let answer = self.ask(Opcode::Startup, 0, &startup(self.compression)).await;
        if self.version.uses_segments() {
            self.decoder.switch_to_segments(self.compression);
            self.segments = Some(SegmentEncoder::new(self.compression));
        }
        answer
    }

    /// A request as it goes over the wire.
    pub(crate) fn image(&mut self, opcode: Opcode, stream: i16, body: &[u8]) -> BytesMut {
        let header = EnvelopeHeader {
            version: self.version,
            direction: Direction::Request,
            flags: EnvelopeFlags::NONE,
            stream: StreamId::new(stream),
            opcode,
            length: body.len().try_into().unwrap(),
        };
        let mut envelope = BytesMut::from(&header.encode()[..]);
        envelope.put_slice(body);
        let Some(segments) = &mut self.segments else {
            return envelope;
        };
        let mut image = BytesMut::new();
        segments.encode(&envelope, &mut image, &mut Vec::new());
        image
    }

    pub(crate) async fn send(&mut self, opcode: Opcode, stream: i16, body: &[u8]) {
        let image = self.image(opcode, stream, body);
        self.stream.write_all(&image).await.unwrap();
    }

    /// The next response; `None` at the end of the stream, an error if what came is no response.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Envelope>> {
        loop {
            if let Some(envelope) =
                self.decoder.decode(&mut self.input).map_err(io::Error::other)?
            {
                return Ok(Some(envelope));
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                self.decoder.finish(&self.input).map_err(io::Error::other)?;
                return Ok(None);
            }
        }
    }

    pub(crate) async fn expect(&mut self) -> Envelope {
        self.next().await.unwrap().expect("a response")
    }

    pub(crate) async fn ask(&mut self, opcode: Opcode, stream: i16, body: &[u8]) -> Envelope {
        self.send(opcode, stream, body).await;
        self.expect().await
    }

    pub(crate) async fn query(&mut self, stream: i16, statement: &str) -> Envelope {
        let body = query(self.version, statement, None, None);
        self.ask(Opcode::Query, stream, &body).await
    }
}

/// The body of STARTUP.
pub(crate) fn startup(compression: Option<Compression>) -> BytesMut {
    let mut options = vec!["CQL_VERSION", "3.0.0"];
    if let Some(compression) = compression {
        options.extend(["COMPRESSION", compression.name()]);
    }
    let mut body = BytesMut::new();
    body.put_u16((options.len() / 2).try_into().unwrap());
    options.iter().for_each(|option| write::string(&mut body, "option", option).unwrap());
    body
}

/// The body of `AUTH_RESPONSE`.
pub(crate) fn credentials(user: &str, password: &str) -> BytesMut {
    let mut body = BytesMut::new();
    let token = format!("\0{user}\0{password}");
    write::bytes(&mut body, "token", Some(token.as_bytes())).unwrap();
    body
}

/// The body of QUERY.
pub(crate) fn query(
    version: ProtocolVersion,
    statement: &str,
    page_size: Option<i32>,
    paging_state: Option<&[u8]>,
) -> BytesMut {
    let mut body = BytesMut::new();
    write::long_string(&mut body, "statement", statement).unwrap();
    parameters(version, &[], page_size, paging_state, false, &mut body);
    body
}

/// The body of EXECUTE.
pub(crate) fn execute(
    version: ProtocolVersion,
    id: &[u8],
    metadata_id: &[u8],
    values: &[&[u8]],
    skip_metadata: bool,
) -> BytesMut {
    let mut body = BytesMut::new();
    write::short_bytes(&mut body, "id", id).unwrap();
    if version >= ProtocolVersion::V5 {
        write::short_bytes(&mut body, "metadata id", metadata_id).unwrap();
    }
    parameters(version, values, None, None, skip_metadata, &mut body);
    body
}

fn parameters(
    version: ProtocolVersion,
    values: &[&[u8]],
    page_size: Option<i32>,
    paging_state: Option<&[u8]>,
    skip_metadata: bool,
    body: &mut BytesMut,
) {
    let flags = i32::from(!values.is_empty())
        | i32::from(skip_metadata) << 1
        | i32::from(page_size.is_some()) << 2
        | i32::from(paging_state.is_some()) << 3;
    body.put_u16(1);
    if version >= ProtocolVersion::V5 {
        body.put_i32(flags);
    } else {
        body.put_u8(flags.try_into().unwrap());
    }
    if !values.is_empty() {
        body.put_u16(values.len().try_into().unwrap());
        values.iter().for_each(|value| write::bytes(body, "value", Some(value)).unwrap());
    }
    if let Some(size) = page_size {
        body.put_i32(size);
    }
    if let Some(state) = paging_state {
        write::bytes(body, "paging state", Some(state)).unwrap();
    }
}

/// The body of PREPARE.
pub(crate) fn prepare(version: ProtocolVersion, statement: &str) -> BytesMut {
    let mut body = BytesMut::new();
    write::long_string(&mut body, "statement", statement).unwrap();
    if version >= ProtocolVersion::V5 {
        body.put_i32(0);
    }
    body
}

/// The body of REGISTER.
pub(crate) fn register(events: &[&str]) -> BytesMut {
    let mut body = BytesMut::new();
    write::string_list(&mut body, "events", events).unwrap();
    body
}

/// The kind of a RESULT.
pub(crate) fn result_kind(envelope: &Envelope) -> i32 {
    assert_eq!(envelope.header.opcode, Opcode::Result);
    Reader::new(&envelope.body).int("kind").unwrap()
}

/// The code and the text of an ERROR.
pub(crate) fn error_of(envelope: &Envelope) -> (i32, String) {
    assert_eq!(envelope.header.opcode, Opcode::Error);
    let mut reader = Reader::new(&envelope.body);
    (reader.int("code").unwrap(), reader.string("message").unwrap().to_owned())
}

/// A page, taken apart.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) flags: i32,
    pub(crate) paging_state: Option<Bytes>,
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<Option<Bytes>>>,
}

/// Takes a RESULT of rows apart, with columns that name keyspace and table each.
pub(crate) fn page_of(envelope: &Envelope) -> Page {
    assert_eq!(result_kind(envelope), 2);
    let mut reader = Reader::new(&envelope.body[4..]);
    let flags = reader.int("flags").unwrap();
    let width = reader.count("columns").unwrap();
    let state = if flags & 0x02 != 0 { reader.bytes("state").unwrap() } else { None };
    let paging_state = state.map(Bytes::copy_from_slice);
    if flags & 0x08 != 0 {
        reader.short_bytes("metadata id").unwrap();
    }
    let described = if flags & 0x04 != 0 { 0 } else { width };
    let mut types = cqlwire_codec::TypeReader::default();
    let mut name = || {
        reader.string("keyspace").unwrap();
        reader.string("table").unwrap();
        let name = reader.string("name").unwrap().to_owned();
        types.read(&mut reader).unwrap();
        name
    };
    let names = (0..described).map(|_| name()).collect();
    let count = reader.count("rows").unwrap();
    let mut cell = || reader.bytes("cell").unwrap().map(Bytes::copy_from_slice);
    let rows = (0..count).map(|_| (0..width).map(|_| cell()).collect()).collect();
    assert_eq!(reader.remaining(), 0);
    Page { flags, paging_state, names, rows }
}
