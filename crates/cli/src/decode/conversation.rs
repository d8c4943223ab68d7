//! One connection: both directions, the handshake that says how they go on, and the requests that are
//! not answered yet.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use cqlwire::codec::{
    Agreement, Arrival, Compression, Direction, Envelope, EnvelopeHeader, Handshake, Opcode,
    Oversized,
};

use super::field::Fields;
use super::framing::{self, Framing};
use super::message::{Asked, Reader};
use super::side::{Known, Next, Side};

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Conversation {
    client: Side,
    server: Side,
    known: Known,
    handshake: Handshake,
    /// By their streams, so that there are never more than streams.
    in_flight: HashMap<i16, Request>,
    /// Was anything answered? Not in a capture of one direction alone.
    has_answers: bool,
}

#[derive(Clone, Debug)]
struct Request {
    opcode: Opcode,
    at: Option<SystemTime>,
    asked: Asked,
}

/// Something to show.
#[derive(Debug)]
pub(super) enum Said {
    Message(Box<Message>),
    /// An envelope that is too large to be held.
    Oversized(Oversized),
    /// Bytes of this direction that say nothing, or say it not to us.
    Trouble(Direction, String),
}

/// A message with what it says.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) header: EnvelopeHeader,
    /// Of a response, the request that it answers, if that was seen.
    pub(super) answers: Option<Opcode>,
    /// How long after the request it came, where there are times.
    pub(super) latency: Option<Duration>,
    pub(super) fields: Fields,
}

impl Conversation {
    /// One that is seen from its first byte on. Single envelopes in it are compressed so, if somebody
    /// knows: its handshake may say something else.
    pub(super) fn new(compression: Option<Compression>) -> Self {
        Self {
            client: Side::new(Direction::Request, compression),
            server: Side::new(Direction::Response, compression),
            known: Known { agreed: None, compression },
            handshake: Handshake::default(),
            in_flight: HashMap::new(),
            has_answers: false,
        }
    }

    /// One whose beginning was not seen.
    pub(super) fn under_way(compression: Option<Compression>) -> Self {
        let mut conversation = Self::new(compression);
        conversation.client.lose();
        conversation.server.lose();
        conversation
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Request => &mut self.client,
            Direction::Response => &mut self.server,
        }
    }

    /// How many bytes it holds of what is not complete.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held()
    }

    /// Takes bytes of one direction.
    pub(super) fn take(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        at: Option<SystemTime>,
        reader: &mut Reader,
        out: &mut Vec<Said>,
    ) {
        self.side(direction).take(bytes);
        loop {
            let side = match direction {
                Direction::Request => &mut self.client,
                Direction::Response => &mut self.server,
            };
            let said = match side.next(&mut self.known) {
                None => return,
                Some(Next::Arrival(Arrival::Envelope(envelope))) => {
                    self.message(&envelope, at, reader, out)
                }
                Some(Next::Arrival(Arrival::Oversized(oversized))) => Said::Oversized(oversized),
                Some(Next::Lost(error)) => {
                    let what = format!("{error}; looking for the next message");
                    Said::Trouble(direction, what)
                }
                Some(Next::GivenUp(error)) => Said::Trouble(direction, error.to_string()),
                Some(Next::Found { passed: 0 }) => continue,
                Some(Next::Found { passed }) => {
                    let what = format!("{passed} bytes before the next message are passed over");
                    Said::Trouble(direction, what)
                }
            };
            out.push(said);
        }
    }

    /// Bytes of one direction were missed.
    pub(super) fn lose(&mut self, direction: Direction) {
        self.side(direction).lose();
    }

    /// It is over: what is left of it.
    pub(super) fn end(&mut self, out: &mut Vec<Said>) {
        for direction in [Direction::Request, Direction::Response] {
            let left = self.side(direction).left();
            if left > 0 {
                let what = format!("the last {left} bytes are no whole message");
                out.push(Said::Trouble(direction, what));
            }
        }
    }

    /// Has it agreed on segments?
    pub(super) const fn has_segments(&self) -> bool {
        matches!(self.known.agreed, Some((_, Framing::Segments(_))))
    }

    /// Of bytes whose sender is not known: who it is.
    pub(super) fn guess(&self, bytes: &[u8]) -> Option<Direction> {
        let agreed = self.known.agreed.map(|(_, framing)| framing);
        let framings = agreed.as_ref().map_or(Framing::ALL.as_slice(), std::slice::from_ref);
        framing::guess(bytes, framings)
    }

    fn message(
        &mut self,
        envelope: &Envelope,
        at: Option<SystemTime>,
        reader: &mut Reader,
        out: &mut Vec<Said>,
    ) -> Said {
        let (header, stream) = (envelope.header, envelope.header.stream.raw());
        if header.direction == Direction::Request {
            let (fields, asked) = reader.request(envelope);
            let request = Request { opcode: header.opcode, at, asked };
            let before = self.in_flight.insert(stream, request);
            if let Some(before) = before.filter(|_| self.has_answers) {
                let what = format!(
                    "stream {stream} is used again: its {} was not answered",
                    before.opcode
                );
                out.push(Said::Trouble(Direction::Request, what));
            }
            self.follow_request(envelope);
            return Said::Message(Box::new(Message {
                header,
                answers: None,
                latency: None,
                fields,
            }));
        }
        self.has_answers = true;
        let request = self.in_flight.remove(&stream);
        let answers = request.as_ref().map(|request| request.opcode);
        let began = request.as_ref().and_then(|request| request.at);
        let latency = began.zip(at).and_then(|(began, at)| at.duration_since(began).ok());
        let asked = request.map(|request| request.asked).unwrap_or_default();
        let fields = reader.response(envelope, &asked);
        if let Some(agreement) = self.handshake.response(&header) {
            self.switch(agreement);
        }
        Said::Message(Box::new(Message { header, answers, latency, fields }))
    }

    fn follow_request(&mut self, envelope: &Envelope) {
        if let Some(asked) = self.handshake.request(envelope) {
            self.known.compression = asked.compression;
            self.client.set_compression(asked.compression);
            self.server.set_compression(asked.compression);
        }
    }

    /// From the very next byte on, in both directions.
    fn switch(&mut self, agreement: Agreement) {
        let framing = match agreement.version.uses_segments() {
            true => Framing::Segments(agreement.compression),
            false => Framing::Bare,
        };
        self.known.compression = agreement.compression;
        self.known.agreed = Some((agreement.version, framing));
        self.client.switch(&self.known);
        self.server.switch(&self.known);
    }
}
