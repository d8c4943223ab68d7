//! A capture to conversations: packets to what they carry (`packet.rs`), by connection, each direction
//! put together again (`stream.rs`).

mod connection;
mod file;
mod packet;
mod stream;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use cqlwire::codec::{Compression, Direction};

use self::connection::Connection;
pub(super) use self::file::Packets;
use self::file::Step;
use self::packet::{Packet, Piece};
use super::conversation::{Conversation, Said};
use super::message::Reader;
use super::show::{Place, Show};
use crate::exit::Failure;

/// How many connections are followed at a time. The one that began first is let go of first.
const MOST_CONNECTIONS: usize = 10_000;

/// Client and server.
type Ends = (SocketAddr, SocketAddr);

/// See the [module](self).
pub(super) struct Follower<'a> {
    ports: &'a [u16],
    compression: Option<Compression>,
    /// How many bytes are held of what is not complete, in all connections together.
    most_held: usize,
    held: usize,
    connections: HashMap<Ends, Connection>,
    /// The oldest first. Some of them are over.
    order: VecDeque<(Ends, u64)>,
    began: u64,
    reader: Reader,
    show: Show,
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        ports: &'a [u16],
        compression: Option<Compression>,
        most_held: usize,
        reader: Reader,
        show: Show,
    ) -> Self {
        Self {
            ports,
            compression,
            most_held,
            held: 0,
            connections: HashMap::new(),
            order: VecDeque::new(),
            began: 0,
            reader,
            show,
        }
    }

    /// Follows all packets, and says how many were of CQL.
    pub(super) fn run(&mut self, packets: Packets) -> Result<u64, Failure> {
        let mut of_cql = 0;
        let read = packets.read(&mut |step| {
            match step {
                Step::Waiting => self.show.flush()?,
                Step::Packet(packet) => {
                    if let Some(piece) = packet.piece() {
                        of_cql += u64::from(self.take(&packet, &piece)?);
                    }
                }
            }
            Ok(())
        });
        // What came before a capture broke off is worth having.
        self.end()?;
        read.map(|()| of_cql)
    }

    /// Takes what a packet carries. Is it of CQL?
    fn take(&mut self, packet: &Packet<'_>, piece: &Piece<'_>) -> Result<bool, Failure> {
        let (direction, ends) = if self.ports.contains(&piece.to.port()) {
            (Direction::Request, (piece.from, piece.to))
        } else if self.ports.contains(&piece.from.port()) {
            (Direction::Response, (piece.to, piece.from))
        } else {
            return Ok(false);
        };
        if piece.begins() && direction == Direction::Request {
            // The same ends once more: another connection.
            self.close(&ends)?;
        }
        if !self.connections.contains_key(&ends) {
            // The last words of one that is over.
            if piece.payload.is_empty() && !piece.begins() {
                return Ok(true);
            }
            self.open(ends, piece.begins())?;
        }
        let Some(connection) = self.connections.get_mut(&ends) else { return Ok(true) };
        let (mut said, before) = (Vec::new(), connection.held());
        connection.take(direction, piece, packet.at, &mut self.reader, &mut said);
        self.held = (self.held + connection.held()).saturating_sub(before);
        if self.held > self.most_held {
            self.held = self.held.saturating_sub(connection.held());
            connection.give_up(direction, self.most_held, packet.at, &mut self.reader, &mut said);
            self.held += connection.held();
        }
        let (place, is_over) = (connection.place(packet.at), connection.is_over());
        self.show_all(&place, &said)?;
        if is_over {
            self.close(&ends)?;
        }
        Ok(true)
    }

    fn open(&mut self, ends: Ends, from_its_beginning: bool) -> Result<(), Failure> {
        while self.connections.len() >= MOST_CONNECTIONS
            && let Some((oldest, began)) = self.order.pop_front()
        {
            if self.connections.get(&oldest).is_some_and(|open| open.number == began) {
                self.close(&oldest)?;
            }
        }
        self.began += 1;
        let conversation = match from_its_beginning {
            true => Conversation::new(None),
            false => Conversation::under_way(self.compression),
        };
        let connection = Connection::new(self.began, conversation);
        self.show.connection(&connection.place(None), ends, from_its_beginning)?;
        self.connections.insert(ends, connection);
        self.order.push_back((ends, self.began));
        // Those that are over would otherwise stay in it.
        if self.order.len() > 2 * MOST_CONNECTIONS {
            let open = &self.connections;
            self.order.retain(|(ends, began)| open.get(ends).is_some_and(|it| it.number == *began));
        }
        Ok(())
    }

    fn close(&mut self, ends: &Ends) -> Result<(), Failure> {
        let Some(mut connection) = self.connections.remove(ends) else { return Ok(()) };
        self.held = self.held.saturating_sub(connection.held());
        let mut said = Vec::new();
        connection.end(&mut self.reader, &mut said);
        self.show_all(&connection.place(None), &said)
    }

    /// The capture is over.
    fn end(&mut self) -> Result<(), Failure> {
        while let Some((ends, began)) = self.order.pop_front() {
            if self.connections.get(&ends).is_some_and(|open| open.number == began) {
                self.close(&ends)?;
            }
        }
        Ok(self.show.flush()?)
    }

    fn show_all(&mut self, place: &Place, said: &[Said]) -> Result<(), Failure> {
        Ok(said.iter().try_for_each(|said| self.show.said(place, said))?)
    }
}
