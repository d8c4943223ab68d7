//! How the envelopes of a connection are framed, and where in bytes that nobody has seen the beginning
//! of one of them begins.

use bytes::BytesMut;
use cqlwire::codec::{
    Compression, DecoderSettings, Direction, EnvelopeDecoder, EnvelopeFlags, EnvelopeHeader,
    HEADER_LEN, Opcode, ProtocolVersion,
};

/// How envelopes follow each other.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// One after the other: all of v3 and v4, and the handshake of v5.
    Bare,
    /// In segments, with or without LZ4.
    Segments(Option<Compression>),
}

impl Framing {
    /// Every one that there is, the likelier ones first: what is a segment by its checksum is one.
    pub(super) const ALL: [Self; 3] =
        [Self::Segments(Some(Compression::Lz4)), Self::Segments(None), Self::Bare];

    /// A decoder that begins with the next byte.
    pub(super) fn decoder(
        self,
        direction: Direction,
        compression: Option<Compression>,
    ) -> EnvelopeDecoder {
        let settings = DecoderSettings { direction, compression, ..DecoderSettings::default() };
        let mut decoder = EnvelopeDecoder::new(settings);
        if let Self::Segments(compression) = self {
            decoder.switch_to_segments(compression);
        }
        decoder
    }

    /// How many bytes it takes to tell whether something begins there.
    const fn needs(self) -> usize {
        match self {
            Self::Bare => HEADER_LEN,
            Self::Segments(None) => 6,
            Self::Segments(Some(_)) => 8,
        }
    }

    /// Does something of this kind begin here, by its looks? `None` while too little of it is there.
    fn begins(
        self,
        bytes: &[u8],
        direction: Direction,
        version: Option<ProtocolVersion>,
    ) -> Option<bool> {
        let head = bytes.get(..self.needs())?;
        Some(match self {
            Self::Bare => head.first_chunk().is_some_and(|header| {
                EnvelopeHeader::decode(header)
                    .is_ok_and(|header| is_likely(&header, direction, version))
            }),
            // The header has a checksum of its own.
            Self::Segments(_) => {
                self.decoder(direction, None).decode(&mut BytesMut::from(head)).is_ok()
            }
        })
    }
}

/// The longest body that is believed of a header found among other bytes: a wrong one would swallow
/// all that follows.
const MOST_BELIEVED: u32 = 32 << 20;

fn is_likely(
    header: &EnvelopeHeader,
    direction: Direction,
    version: Option<ProtocolVersion>,
) -> bool {
    // On v5, what stands bare is of the handshake; others lie within segments.
    let may_be_bare = !header.version.uses_segments()
        || matches!(
            header.opcode,
            Opcode::Startup
                | Opcode::Options
                | Opcode::Supported
                | Opcode::Ready
                | Opcode::Authenticate
        );
    let is_known_version = version.is_none_or(|version| version == header.version);
    let stream = header.stream.raw();
    may_be_bare
        && is_known_version
        && header.direction == direction
        && header.flags.bits() < EnvelopeFlags::USE_BETA.bits()
        && header.length <= MOST_BELIEVED
        && (stream >= 0 || header.opcode == Opcode::Event)
}

/// Where in these bytes something begins, and in which of the framings. `Err` is how many bytes at the
/// front are certainly of no use; what follows them is too short to tell.
pub(super) fn find(
    bytes: &[u8],
    framings: &[Framing],
    direction: Direction,
    version: Option<ProtocolVersion>,
) -> Result<(usize, Framing), usize> {
    for at in 0..bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let mut is_too_short = false;
        for framing in framings {
            match framing.begins(rest, direction, version) {
                Some(true) => return Ok((at, *framing)),
                Some(false) => {}
                None => is_too_short = true,
            }
        }
        if is_too_short {
            return Err(at);
        }
    }
    Err(bytes.len())
}

/// How much is looked at to tell what it is.
const LOOKED_AT: usize = 256 << 10;

/// Do these bytes begin with a segment, whoever has sent it?
pub(super) fn is_segment(bytes: &[u8]) -> bool {
    let mut segments = Framing::ALL.iter().filter(|framing| **framing != Framing::Bare);
    segments.any(|framing| framing.begins(bytes, Direction::Response, None) == Some(true))
}

/// Who has sent bytes that begin with something of one of these framings.
pub(super) fn guess(bytes: &[u8], framings: &[Framing]) -> Option<Direction> {
    let bytes = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let directions = [Direction::Response, Direction::Request];
    let begins = |framing: &Framing, direction| match framing {
        Framing::Bare => bytes
            .first()
            .is_some_and(|first| (first & 0x80 != 0) == (direction == Direction::Response)),
        Framing::Segments(_) => {
            let mut decoder = framing.decoder(direction, None);
            bytes.len() >= framing.needs() && decoder.decode(&mut BytesMut::from(bytes)).is_ok()
        }
    };
    let mut all = framings.iter().flat_map(|framing| directions.map(|from| (framing, from)));
    all.find(|(framing, from)| begins(framing, *from)).map(|(_, from)| from)
}

/// The compression of a whole envelope that says it is compressed: by trying.
pub(super) fn compression_of(envelope: &[u8], direction: Direction) -> Option<Compression> {
    let all = [Compression::Lz4, Compression::Snappy];
    all.into_iter().find(|compression| {
        let mut decoder = Framing::Bare.decoder(direction, Some(*compression));
        decoder.decode(&mut BytesMut::from(envelope)).is_ok_and(|found| found.is_some())
    })
}
