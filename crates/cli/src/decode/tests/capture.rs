//! Captures as tcpdump writes them: packets of Ethernet, IPv4 and TCP in a file of pcap.

use cqlwire::codec::Direction;
use etherparse::PacketBuilder;

use super::wire::Sent;

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 9042);

/// Where the numbers of TCP begin: they begin anew within the session.
const FIRST: [u32; 2] = [u32::MAX - 100, u32::MAX - 5000];

/// The packets of one connection, each a millisecond after the one before.
#[derive(Clone)]
pub(super) struct Packets(pub(super) Vec<Vec<u8>>);

/// How far each direction has got.
struct Numbers([u32; 2]);

impl Numbers {
    fn packet(&mut self, from: Direction, flags: Flags, payload: &[u8]) -> Vec<u8> {
        let (own, other) = match from {
            Direction::Request => (0, 1),
            Direction::Response => (1, 0),
        };
        let ((source, source_port), (target, target_port)) =
            if own == 0 { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4(source, target, 64);
        let builder = builder.tcp(source_port, target_port, self.0[own], 1 << 15);
        let builder = match flags {
            Flags::Syn if own == 0 => builder.syn(),
            Flags::Syn => builder.syn().ack(self.0[other]),
            Flags::Fin => builder.fin().ack(self.0[other]),
            Flags::None => builder.ack(self.0[other]),
        };
        let taken = u32::try_from(payload.len()).unwrap() + u32::from(flags != Flags::None);
        self.0[own] = self.0[own].wrapping_add(taken);
        let mut packet = Vec::new();
        builder.write(&mut packet, payload).unwrap();
        packet
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Flags {
    None,
    Syn,
    Fin,
}

impl Packets {
    /// What was sent, cut into packets of at most so many bytes.
    pub(super) fn of(sent: &Sent, most: usize) -> Self {
        let mut numbers = Numbers(FIRST);
        let (client, server) = (Direction::Request, Direction::Response);
        let mut packets = vec![
            numbers.packet(client, Flags::Syn, &[]),
            numbers.packet(server, Flags::Syn, &[]),
            numbers.packet(client, Flags::None, &[]),
        ];
        for (from, bytes) in sent {
            packets.extend(bytes.chunks(most).map(|part| numbers.packet(*from, Flags::None, part)));
        }
        packets.push(numbers.packet(client, Flags::Fin, &[]));
        packets.push(numbers.packet(server, Flags::Fin, &[]));
        Self(packets)
    }

    /// Which packet is the first that has this in it.
    pub(super) fn find(&self, bytes: &[u8]) -> usize {
        let has = |packet: &Vec<u8>| packet.windows(bytes.len()).any(|window| window == bytes);
        self.0.iter().position(has).unwrap()
    }

    /// As a file, of which each packet has only its front.
    pub(super) fn pcap(&self, front: usize) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend(0xA1B2_C3D4_u32.to_le_bytes());
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]);
        file.extend(1_u32.to_le_bytes());
        for (packet, at) in self.0.iter().zip(0..) {
            let kept = packet.get(..front).unwrap_or(packet);
            let lengths = [kept.len(), packet.len()].map(|length| u32::try_from(length).unwrap());
            for number in [1_700_000_000 + at / 1000, at % 1000 * 1000, lengths[0], lengths[1]] {
                file.extend(number.to_le_bytes());
            }
            file.extend(kept);
        }
        file
    }
}
