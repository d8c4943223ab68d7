//! Taking the fuzzer's bytes apart: a few choices at the front, the bytes in question after them.

use cqlwire_codec::{Compression, ProtocolVersion};

/// Every version.
pub const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V5, ProtocolVersion::V4, ProtocolVersion::V3];

/// How bytes are cut into pieces.
#[derive(Clone, Copy, Debug)]
pub struct Cuts([u8; 4]);

/// Bytes that are taken from the front.
#[derive(Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte, or 0 after the last.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of three.
    pub fn version(&mut self) -> ProtocolVersion {
        VERSIONS[usize::from(self.byte() % 3)]
    }

    /// None, LZ4 or Snappy.
    pub fn compression(&mut self) -> Option<Compression> {
        match self.byte() % 3 {
            0 => None,
            1 => Some(Compression::Lz4),
            _ => Some(Compression::Snappy),
        }
    }

    /// A rule for cutting.
    pub fn cuts(&mut self) -> Cuts {
        Cuts([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

impl Cuts {
    /// The pieces, of so many bytes in turn; 0 stands for all that is left.
    pub fn pieces<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut sizes = self.0.into_iter().cycle();
        let mut rest = bytes;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let size = sizes.next().map_or(0, usize::from);
            let size = if size == 0 { rest.len() } else { size.min(rest.len()) };
            let (piece, after) = rest.split_at(size);
            rest = after;
            Some(piece)
        })
    }
}
