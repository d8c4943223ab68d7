//! What there is to decode, told by its first bytes: a capture, hexadecimal digits, or the bytes
//! themselves.

mod hex;

use std::fs::File;
use std::io::{self, Read};

use cqlwire::codec::Direction;

use crate::exit::Failure;

/// See the [module](self).
pub(super) enum Input {
    /// A capture, which is read as it comes.
    Capture(Capture),
    /// Bytes of one connection.
    Bytes(Vec<Piece>),
}

/// The two formats of captures.
pub(super) enum Capture {
    Pcap(Source),
    PcapNg(Source),
}

/// Where a capture comes from.
pub(super) type Source = Box<dyn Read + Send>;

/// Bytes of one sender, if it is known which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) direction: Option<Direction>,
    pub(super) bytes: Vec<u8>,
}

impl Input {
    /// Opens it. Of what is no capture, at most so many bytes are read.
    pub(super) fn open(arguments: &[String], most_bytes: usize) -> Result<Self, Failure> {
        match arguments {
            [] => Self::read(Box::new(io::stdin()), most_bytes),
            [one] if one == "-" => Self::read(Box::new(io::stdin()), most_bytes),
            [file] if !hex::is_digits(file) => {
                let failed = |error: Failure| error.within(file);
                let opened = File::open(file).map_err(|error| failed(error.into()))?;
                Self::read(Box::new(opened), most_bytes).map_err(failed)
            }
            digits => hex::read(&digits.join(" ")).map(Self::Bytes),
        }
    }

    pub(super) fn read(mut source: Source, most_bytes: usize) -> Result<Self, Failure> {
        let mut head = Vec::new();
        fill(&mut source, &mut head, PCAP_HEADER)?;
        let capture = kind(&head);
        if let Some(Kind::PcapNg { first_block }) = capture {
            fill(&mut source, &mut head, first_block.min(LONGEST_HEAD))?;
        }
        let mut whole: Source = Box::new(io::Cursor::new(head).chain(source));
        match capture {
            Some(Kind::Pcap) => return Ok(Self::Capture(Capture::Pcap(whole))),
            Some(Kind::PcapNg { .. }) => return Ok(Self::Capture(Capture::PcapNg(whole))),
            None => {}
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(most_bytes).unwrap_or(u64::MAX);
        whole.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() > most_bytes {
            return Err(Failure::usage(
                "it is no capture, and has more bytes than --memory lets it have",
            ));
        }
        Self::of(bytes)
    }

    fn of(bytes: Vec<u8>) -> Result<Self, Failure> {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        let pieces = match std::str::from_utf8(&bytes) {
            // Comments may be in any language.
            Ok(text) if bytes.iter().all(|byte| is_text(byte) || !byte.is_ascii()) => {
                hex::read(text)?
            }
            _ => vec![Piece { direction: None, bytes }],
        };
        match pieces.iter().all(|piece| piece.bytes.is_empty()) {
            true => Err(Failure::usage("there is nothing to decode")),
            false => Ok(Self::Bytes(pieces)),
        }
    }
}

/// How long the header of pcap is. Who reads captures wants all of it with the first read.
const PCAP_HEADER: usize = 24;

/// How much of the first block of pcapng is read to begin with, at most.
const LONGEST_HEAD: usize = 64 << 10;

/// Reads until so many bytes are there, or there are no more.
fn fill(source: &mut Source, head: &mut Vec<u8>, least: usize) -> io::Result<()> {
    let mut part = [0; 4096];
    while head.len() < least {
        match source.read(&mut part)? {
            0 => break,
            read => head.extend(part.get(..read).unwrap_or_default()),
        }
    }
    Ok(())
}

enum Kind {
    Pcap,
    PcapNg { first_block: usize },
}

/// What kind of capture begins so, if it is one.
fn kind(head: &[u8]) -> Option<Kind> {
    /// In microseconds or nanoseconds, in either order of bytes.
    const PCAP: [u32; 4] = [0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1];
    const PCAPNG: u32 = 0x0A0D_0D0A;
    const LITTLE_ENDIAN: &[u8] = &[0x4D, 0x3C, 0x2B, 0x1A];
    let magic = u32::from_be_bytes(*head.first_chunk()?);
    if PCAP.contains(&magic) {
        return Some(Kind::Pcap);
    }
    let length = head.get(4..)?.first_chunk().filter(|_| magic == PCAPNG)?;
    let length = match head.get(8..12)? == LITTLE_ENDIAN {
        true => u32::from_le_bytes(*length),
        false => u32::from_be_bytes(*length),
    };
    Some(Kind::PcapNg { first_block: usize::try_from(length).unwrap_or(usize::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(input: &[u8]) -> Option<Vec<u8>> {
        match Input::read(Box::new(io::Cursor::new(input.to_vec())), 64).unwrap() {
            Input::Capture(_) => None,
            Input::Bytes(pieces) => {
                Some(pieces.into_iter().flat_map(|piece| piece.bytes).collect())
            }
        }
    }

    #[test]
    fn the_first_bytes_tell_what_it_is() {
        assert_eq!(bytes(b"84 00\n"), Some(vec![0x84, 0]));
        assert_eq!(bytes(b"\x84\x00\x00"), Some(vec![0x84, 0, 0]));
        assert_eq!(bytes(b"\xD4\xC3\xB2\xA1...."), None);
        assert_eq!(bytes(b"\x0A\x0D\x0D\x0A........"), None);
        let refusal = |input: &[u8]| {
            let read = Input::read(Box::new(io::Cursor::new(input.to_vec())), 64);
            read.err().unwrap().to_string()
        };
        assert!(refusal(&[0x84; 65]).contains("--memory"));
        assert!(refusal(b" \n").contains("nothing to decode"));
        assert!(
            Input::open(&["no such file".to_owned()], 64)
                .err()
                .unwrap()
                .to_string()
                .starts_with("no such file: ")
        );
    }
}
