//! The packets of a capture, pcap or pcapng, read as they come.

use std::time::{Duration, SystemTime};

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{LegacyPcapReader, Linktype, PcapBlockOwned, PcapError, PcapNGReader};

use super::packet::Packet;
use crate::decode::input::Capture;
use crate::exit::Failure;
use crate::output;

/// How much is read at a time.
const BUFFER: usize = 256 << 10;

/// The longest block of a capture: a packet with all that belongs to it.
const LONGEST_BLOCK: usize = 16 << 20;

/// How many interfaces a capture may have.
const MOST_INTERFACES: usize = 10_000;

/// See the [module](self).
pub(in crate::decode) struct Packets {
    reader: Box<dyn PcapReaderIterator + Send>,
    interfaces: Vec<Interface>,
    buffer: usize,
}

#[derive(Copy, Clone, Debug)]
struct Interface {
    link: Linktype,
    /// Parts of a second.
    resolution: u64,
    offset: i64,
}

/// What there is next.
pub(super) enum Step<'a> {
    Packet(Packet<'a>),
    /// The next packet may take a while.
    Waiting,
}

type Take<'a> = dyn FnMut(Step<'_>) -> Result<(), Failure> + 'a;

impl Packets {
    pub(in crate::decode) fn new(capture: Capture) -> Result<Self, Failure> {
        let reader: Box<dyn PcapReaderIterator + Send> = match capture {
            Capture::Pcap(source) => {
                Box::new(LegacyPcapReader::new(BUFFER, source).map_err(|error| wrong(&error))?)
            }
            Capture::PcapNg(source) => {
                Box::new(PcapNGReader::new(BUFFER, source).map_err(|error| wrong(&error))?)
            }
        };
        Ok(Self { reader, interfaces: Vec::new(), buffer: BUFFER })
    }

    /// Reads all packets.
    pub(super) fn read(mut self, take: &mut Take<'_>) -> Result<(), Failure> {
        loop {
            let more = match self.reader.next() {
                Ok((bytes, block)) => {
                    if let Some(packet) = packet(&block, &mut self.interfaces)? {
                        take(Step::Packet(packet))?;
                    }
                    self.reader.consume(bytes);
                    continue;
                }
                Err(PcapError::Eof) => return Ok(()),
                Err(PcapError::Incomplete(_)) => true,
                Err(PcapError::BufferTooSmall) => false,
                Err(error) => return Err(wrong(&error)),
            };
            if !more {
                self.grow()?;
            }
            take(Step::Waiting)?;
            self.reader.refill().map_err(|error| wrong(&error))?;
        }
    }

    fn grow(&mut self) -> Result<(), Failure> {
        self.buffer *= 2;
        if self.buffer > LONGEST_BLOCK || !self.reader.grow(self.buffer) {
            let mib = LONGEST_BLOCK >> 20;
            return Err(Failure::refused(format_args!(
                "the capture has a block of over {mib} MiB"
            )));
        }
        Ok(())
    }
}

fn wrong(error: &PcapError<&[u8]>) -> Failure {
    Failure::refused(match error {
        PcapError::Eof | PcapError::UnexpectedEof | PcapError::Incomplete(_) => {
            "the capture is cut off: it ends in the middle of a packet"
        }
        PcapError::ReadError => "the capture cannot be read any further",
        _ => "the capture is broken: what follows is neither pcap nor pcapng",
    })
}

/// What of a block is a packet; blocks that say how packets are to be read are kept.
fn packet<'a>(
    block: &PcapBlockOwned<'a>,
    interfaces: &mut Vec<Interface>,
) -> Result<Option<Packet<'a>>, Failure> {
    match block {
        PcapBlockOwned::LegacyHeader(header) => {
            let resolution = if header.is_nanosecond_precision() { NANOS } else { MICROS };
            add(interfaces, Interface { link: header.network, resolution, offset: 0 })?;
            Ok(None)
        }
        PcapBlockOwned::Legacy(packet) => {
            let Some(interface) = interfaces.first() else { return Ok(None) };
            let ticks = u64::from(packet.ts_sec).saturating_mul(interface.resolution);
            let ticks = ticks.saturating_add(packet.ts_usec.into());
            Ok(Some(interface.packet(packet.data, Some(ticks))))
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            interfaces.clear();
            Ok(None)
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(described)) => {
            let resolution = resolution(described.if_tsresol);
            let (link, offset) = (described.linktype, described.if_tsoffset);
            add(interfaces, Interface { link, resolution, offset })?;
            Ok(None)
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let at = usize::try_from(packet.if_id).ok();
            let interface = at.and_then(|at| interfaces.get(at));
            let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            let bytes = front(packet.data, packet.caplen);
            Ok(interface.map(|interface| interface.packet(bytes, Some(ticks))))
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            let bytes = front(packet.data, packet.origlen);
            Ok(interfaces.first().map(|interface| interface.packet(bytes, None)))
        }
        PcapBlockOwned::NG(_) => Ok(None),
    }
}

fn add(interfaces: &mut Vec<Interface>, interface: Interface) -> Result<(), Failure> {
    if interfaces.len() >= MOST_INTERFACES {
        let message = format_args!("the capture has over {MOST_INTERFACES} interfaces");
        return Err(Failure::refused(message));
    }
    if !Packet::is_known(interface.link) {
        output::notice(&format!(
            "packets of link type {} are passed over: not known here",
            interface.link.0
        ));
    }
    interfaces.push(interface);
    Ok(())
}

const MICROS: u64 = 1_000_000;
const NANOS: u64 = 1_000_000_000;

/// Parts of a second: a power of 10, or of 2 if the top bit is set.
fn resolution(said: u8) -> u64 {
    let power = u32::from(said & 0x7F);
    let parts = if said & 0x80 == 0 { 10_u64.checked_pow(power) } else { 2_u64.checked_pow(power) };
    parts.unwrap_or(MICROS)
}

/// Data without what fills it up to whole words.
fn front(data: &[u8], length: u32) -> &[u8] {
    usize::try_from(length).ok().and_then(|length| data.get(..length)).unwrap_or(data)
}

impl Interface {
    fn packet<'a>(&self, bytes: &'a [u8], ticks: Option<u64>) -> Packet<'a> {
        let at = ticks.and_then(|ticks| self.time(ticks));
        Packet { at, link: self.link, bytes }
    }

    fn time(&self, ticks: u64) -> Option<SystemTime> {
        let seconds = i64::try_from(ticks / self.resolution).ok()?.checked_add(self.offset)?;
        let part =
            u128::from(ticks % self.resolution) * u128::from(NANOS) / u128::from(self.resolution);
        let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(part).ok()?);
        // Of times that have no date of four digits, nothing can be written.
        (seconds < END_OF_DATES).then(|| SystemTime::UNIX_EPOCH.checked_add(since)).flatten()
    }
}

/// The first second of the year 10000.
const END_OF_DATES: i64 = 253_402_300_800;
