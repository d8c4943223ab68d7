//! Packets to what they carry: Ethernet, Linux's "any" and loopback, IPv4 and IPv6, TCP.

use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::Linktype;

/// One packet of a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) at: Option<SystemTime>,
    pub(super) link: Linktype,
    pub(super) bytes: &'a [u8],
}

/// What it carries of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// The other direction was seen up to there.
    pub(super) acknowledged: Option<u32>,
    /// SYN: the connection begins, and the number of its first byte is the next one.
    pub(super) is_first: bool,
    /// FIN: this direction ends.
    pub(super) is_last: bool,
    pub(super) is_reset: bool,
    pub(super) payload: &'a [u8],
    /// How much longer it was on the wire, where the capture has only its front.
    pub(super) missing: u32,
}

impl Piece<'_> {
    /// Is it the first of a connection?
    pub(super) const fn begins(&self) -> bool {
        self.is_first && self.acknowledged.is_none()
    }
}

/// Of Linux's "any", how long the header is, and where in it the type of what follows is.
const SLL: (usize, usize) = (16, 14);
const SLL2: (usize, usize) = (20, 0);

impl<'a> Packet<'a> {
    /// What it carries, if that is TCP.
    pub(super) fn piece(&self) -> Option<Piece<'a>> {
        let sliced = match self.link {
            Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(self.bytes).ok()?,
            Linktype::LINUX_SLL => self.behind(SLL)?,
            Linktype(276) => self.behind(SLL2)?,
            // A family of addresses, in the order of bytes of whoever captured.
            Linktype::NULL | Linktype::LOOP => from_ip(self.bytes.get(4..)?)?,
            Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 | Linktype(12 | 14) => {
                from_ip(self.bytes)?
            }
            _ => return None,
        };
        of(&sliced)
    }

    fn behind(&self, (header, at): (usize, usize)) -> Option<LaxSlicedPacket<'a>> {
        let ether_type = u16::from_be_bytes(*self.bytes.get(at..)?.first_chunk()?);
        Some(LaxSlicedPacket::from_ether_type(EtherType(ether_type), self.bytes.get(header..)?))
    }

    /// Are packets of this link read?
    pub(super) const fn is_known(link: Linktype) -> bool {
        matches!(link.0, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
    }
}

fn from_ip(bytes: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    LaxSlicedPacket::from_ip(bytes).ok()
}

fn of<'a>(packet: &LaxSlicedPacket<'a>) -> Option<Piece<'a>> {
    let Some(TransportSlice::Tcp(tcp)) = &packet.transport else { return None };
    let (from, to, length): (IpAddr, IpAddr, usize) = match packet.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let length = usize::from(header.total_len()).checked_sub(header.slice().len());
            (header.source_addr().into(), header.destination_addr().into(), length.unwrap_or(0))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let extensions = ip.extensions().slice().len();
            let length = usize::from(header.payload_length()).saturating_sub(extensions);
            (header.source_addr().into(), header.destination_addr().into(), length)
        }
        LaxNetSlice::Arp(_) => return None,
    };
    let payload = tcp.payload();
    // Of packets that the network card is to cut, the length may not be there yet.
    let missing = length.saturating_sub(usize::from(tcp.data_offset()) * 4 + payload.len());
    Some(Piece {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        is_first: tcp.syn(),
        is_last: tcp.fin(),
        is_reset: tcp.rst(),
        payload,
        missing: u32::try_from(missing).unwrap_or(0),
    })
}
