//! Reads a captured conversation and says in words what was said.
//!
//! ```text
//! cargo run -p cqlwire-codec --example sniff [FILE]
//! ```
//!
//! A line of the capture is `>` (client to server) or `<` (server to client) and hexadecimal digits;
//! where the bytes are cut into lines does not matter. Anything else is a comment. Without a file,
//! the conversation beside this example is read: a client of v5 with LZ4 reads two rows.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use bytes::BytesMut;
use cqlwire_codec::request::{self, RequestMessage};
use cqlwire_codec::{
    Agreement, DecoderSettings, Direction, Envelope, EnvelopeDecoder, FramingError, Handshake,
    Response, ResultResponse, Row, RowIter, Rows, decode_response,
};

type Failure = Box<dyn std::error::Error>;

/// Begins a line of what the client sent, and of what the server did.
const CLIENT: char = '>';
const SERVER: char = '<';

/// One direction of the conversation.
struct Side {
    decoder: EnvelopeDecoder,
    buffer: BytesMut,
}

impl Side {
    fn new(direction: Direction) -> Self {
        let settings = DecoderSettings { direction, ..DecoderSettings::default() };
        Self { decoder: EnvelopeDecoder::new(settings), buffer: BytesMut::new() }
    }

    /// The next envelope that is complete. The switch to segments may lie between two of them.
    fn next(&mut self) -> Result<Option<Envelope>, FramingError> {
        self.decoder.decode(&mut self.buffer)
    }
}

/// Both directions, and what they have agreed on.
struct Sniffer {
    client: Side,
    server: Side,
    handshake: Handshake,
}

impl Sniffer {
    fn new() -> Self {
        Self {
            client: Side::new(Direction::Request),
            server: Side::new(Direction::Response),
            handshake: Handshake::default(),
        }
    }

    /// Takes bytes of one direction, and says what is complete by now.
    fn take(&mut self, mark: char, bytes: &[u8], out: &mut impl io::Write) -> Result<(), Failure> {
        self.side(mark).buffer.extend_from_slice(bytes);
        while let Some(envelope) = self.side(mark).next()? {
            self.tell(mark, &envelope, out)?;
        }
        Ok(())
    }

    fn side(&mut self, mark: char) -> &mut Side {
        if mark == CLIENT { &mut self.client } else { &mut self.server }
    }

    fn tell(
        &mut self,
        mark: char,
        envelope: &Envelope,
        out: &mut impl io::Write,
    ) -> Result<(), Failure> {
        let header = &envelope.header;
        write!(out, "{mark} {} stream {:<5} {:<14}", header.version, header.stream, header.opcode)?;
        if mark == CLIENT {
            writeln!(out, " {}", request_in_words(envelope)?)?;
            if let Some(asked) = self.handshake.request(envelope) {
                self.client.decoder.set_compression(asked.compression);
                self.server.decoder.set_compression(asked.compression);
            }
        } else {
            writeln!(out, " {}", response_in_words(envelope)?)?;
            if let Some(agreement) = self.handshake.response(header) {
                self.switch(agreement);
                writeln!(out, "= {agreement:?}")?;
            }
        }
        Ok(())
    }

    /// From the very next byte on, in both directions.
    fn switch(&mut self, agreement: Agreement) {
        for side in [&mut self.client, &mut self.server] {
            side.decoder.expect_version(agreement.version);
            if agreement.version.uses_segments() {
                side.decoder.switch_to_segments(agreement.compression);
            }
        }
    }
}

fn request_in_words(envelope: &Envelope) -> Result<String, Failure> {
    Ok(match request::decode(envelope)? {
        RequestMessage::Startup(options) => format!("{options:?}"),
        RequestMessage::Options => String::new(),
        RequestMessage::Register(events) => format!("{events:?}"),
        // A secret, or half of one.
        RequestMessage::AuthResponse(token) => {
            format!("{} bytes", token.map_or(0, |token| token.len()))
        }
        RequestMessage::Query { statement, parameters } => {
            format!("{statement:?} at {}", parameters.consistency)
        }
        RequestMessage::Prepare { statement, .. } => format!("{statement:?}"),
        RequestMessage::Execute { id, parameters, .. } => {
            let values: Vec<_> = parameters.values.iter().map(|bound| &bound.value).collect();
            format!("{id:?} with {values:?} at {}", parameters.consistency)
        }
        RequestMessage::Batch(batch) => format!("of {} statements", batch.statements.len()),
        other => format!("{other:?}"),
    })
}

fn response_in_words(envelope: &Envelope) -> Result<String, Failure> {
    Ok(match decode_response(envelope)?.response {
        Response::Error(error) => error.to_string(),
        Response::Ready => String::new(),
        Response::Authenticate { authenticator } => authenticator,
        Response::Supported(supported) => format!("{:?}", supported.all()),
        Response::Event(event) => format!("{event:?}"),
        Response::AuthChallenge(_) | Response::AuthSuccess(_) => "a token".to_owned(),
        Response::Result(ResultResponse::Rows(rows)) => rows_in_words(&rows)?,
        Response::Result(ResultResponse::Prepared(prepared)) => {
            let markers = prepared.bind.columns.iter();
            let markers: Vec<_> =
                markers.map(|m| format!("{} {}", m.name, m.column_type)).collect();
            format!("prepared as {:?}, binds {markers:?}", prepared.id)
        }
        Response::Result(other) => format!("{other:?}"),
    })
}

fn rows_in_words(rows: &Rows) -> Result<String, Failure> {
    let mut words = format!("{} rows", rows.row_count);
    let Some(columns) = &rows.metadata.columns else {
        return Ok(format!("{words}, described elsewhere"));
    };
    for row in RowIter::<Row<'_>>::new(columns, rows.row_count, &rows.content)? {
        let mut cells = row?.cells();
        words.push_str("\n     ");
        while let Some(cell) = cells.raw()? {
            let value = cell
                .bytes
                .map_or_else(|| "null".to_owned(), |bytes| bytes.escape_ascii().to_string());
            write!(words, " {} {} = {value};", cell.column.name, cell.column.column_type)?;
        }
    }
    Ok(words)
}

fn from_hex(digits: &str) -> Result<Vec<u8>, Failure> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}

fn main() -> Result<(), Failure> {
    let capture = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => include_str!("sniff.hex").to_owned(),
    };
    let mut out = io::stdout().lock();
    let mut sniffer = Sniffer::new();
    for line in capture.lines() {
        let mark = line.chars().next().filter(|mark| [CLIENT, SERVER].contains(mark));
        if let Some(mark) = mark {
            sniffer.take(mark, &from_hex(line.trim_start_matches(mark))?, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}
