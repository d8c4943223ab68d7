//! A connection of a capture: two directions of TCP, and the conversation in them.

use std::time::SystemTime;

use cqlwire::codec::Direction;

use super::packet::Piece;
use super::stream::{Got, Stream};
use crate::decode::conversation::{Conversation, Said};
use crate::decode::message::Reader;
use crate::decode::show::Place;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    client: Stream,
    server: Stream,
    conversation: Conversation,
    is_reset: bool,
}

impl Connection {
    pub(super) fn new(number: u64, conversation: Conversation) -> Self {
        let (client, server) = (Stream::default(), Stream::default());
        Self { number, client, server, conversation, is_reset: false }
    }

    pub(super) const fn place(&self, at: Option<SystemTime>) -> Place {
        Place { connection: self.number, at }
    }

    /// How many bytes it holds of what is not complete.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held() + self.conversation.held()
    }

    /// Have both ends said that they are done, and has all of that been seen?
    pub(super) fn is_over(&self) -> bool {
        self.is_reset || (self.client.is_over() && self.server.is_over())
    }

    fn streams(&mut self, direction: Direction) -> (&mut Stream, &mut Stream) {
        match direction {
            Direction::Request => (&mut self.client, &mut self.server),
            Direction::Response => (&mut self.server, &mut self.client),
        }
    }

    pub(super) fn take(
        &mut self,
        direction: Direction,
        piece: &Piece<'_>,
        at: Option<SystemTime>,
        reader: &mut Reader,
        out: &mut Vec<Said>,
    ) {
        self.is_reset |= piece.is_reset;
        let (own, other) = self.streams(direction);
        let mut got = own.take(piece);
        let mut got_other = Vec::new();
        if let Some(seen) = piece.acknowledged {
            // What the other end has had and the capture has not will not come any more.
            got_other = other.acknowledge(seen);
        }
        let other_direction = opposite(direction);
        self.pass_on(other_direction, &mut got_other, at, reader, out);
        self.pass_on(direction, &mut got, at, reader, out);
    }

    fn pass_on(
        &mut self,
        direction: Direction,
        got: &mut Vec<Got>,
        at: Option<SystemTime>,
        reader: &mut Reader,
        out: &mut Vec<Said>,
    ) {
        for got in got.drain(..) {
            match got {
                Got::Bytes(bytes) => self.conversation.take(direction, &bytes, at, reader, out),
                Got::Missing(bytes) => {
                    let what = format!(
                        "{bytes} bytes are missing in the capture; looking for the next message"
                    );
                    out.push(Said::Trouble(direction, what));
                    self.conversation.lose(direction);
                }
            }
        }
    }

    /// There is no more room for what it holds: what is missing is taken for lost.
    pub(super) fn give_up(
        &mut self,
        direction: Direction,
        most_held: usize,
        at: Option<SystemTime>,
        reader: &mut Reader,
        out: &mut Vec<Said>,
    ) {
        let mut got = self.streams(direction).0.give_up();
        if got.is_empty() {
            let mib = most_held >> 20;
            let what = format!("over {mib} MiB are not complete; looking for the next message");
            out.push(Said::Trouble(direction, what));
            self.conversation.lose(direction);
        }
        self.pass_on(direction, &mut got, at, reader, out);
    }

    /// It is over, or the capture is.
    pub(super) fn end(&mut self, reader: &mut Reader, out: &mut Vec<Said>) {
        for direction in [Direction::Request, Direction::Response] {
            let mut got = self.streams(direction).0.give_up();
            self.pass_on(direction, &mut got, None, reader, out);
        }
        self.conversation.end(out);
    }
}

const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Request => Direction::Response,
        Direction::Response => Direction::Request,
    }
}
