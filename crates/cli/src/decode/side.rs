//! One direction of a connection: bytes as they were sent to envelopes. Where bytes are missing or wrong,
//! the next envelope that begins behind them is looked for.
//!
//! ```text
//!          bytes are wrong or missing              something begins here
//!   in step ───────────────────────────▶ searching ─────────────────────▶ trying
//!      ▲                                      ▲                            │ │
//!      │                                      └────────────────────────────┘ │
//!      │                                          it is wrong                │
//!      └─────────────────────────────────────────────────────────────────────┘
//!                                  it is whole
//! ```

use bytes::{Buf, BytesMut};
use cqlwire::codec::{
    Arrival, Compression, Direction, EnvelopeDecoder, EnvelopeFlags, EnvelopeHeader, FramingError,
    HEADER_LEN, ProtocolVersion,
};

use super::framing::{self, Framing};

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// By the handshake: what is not known so is guessed.
    pub(super) agreed: Option<(ProtocolVersion, Framing)>,
    /// Of single envelopes: what STARTUP asked for, or what was found to be.
    pub(super) compression: Option<Compression>,
}

impl Known {
    fn framings(&self) -> &[Framing] {
        match &self.agreed {
            Some((_, framing)) => std::slice::from_ref(framing),
            None => &Framing::ALL,
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Side {
    direction: Direction,
    decoder: EnvelopeDecoder,
    buffer: BytesMut,
    state: State,
    /// What was found whole after it was searched for.
    found: Option<Arrival>,
    /// How many bytes have come, and how many were looked at to guess a compression.
    taken: usize,
    tried: usize,
}

/// How often each byte may be looked at to guess a compression: what is no envelope at all may look like many
/// that are compressed, each with all that follows.
const MOST_TRIED: usize = 8;

/// While nothing is in step, so many bytes were passed over.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    InStep,
    Searching {
        passed: usize,
    },
    Trying {
        passed: usize,
    },
    /// It is another protocol.
    GivenUp,
}

/// What there is next.
#[derive(Debug)]
pub(super) enum Next {
    Arrival(Arrival),
    /// From here on nothing can be told, until something begins.
    Lost(FramingError),
    /// The same, and nothing will.
    GivenUp(FramingError),
    /// Something begins here, and so many bytes before it were passed over.
    Found {
        passed: usize,
    },
}

impl Side {
    /// One that is seen from its first byte on.
    pub(super) fn new(direction: Direction, compression: Option<Compression>) -> Self {
        let decoder = Framing::Bare.decoder(direction, compression);
        let (buffer, state, found) = (BytesMut::new(), State::InStep, None);
        Self { direction, decoder, buffer, state, found, taken: 0, tried: 0 }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.state != State::GivenUp {
            self.taken = self.taken.saturating_add(bytes.len());
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Bytes were missed: what comes is looked through.
    pub(super) fn lose(&mut self) {
        let held = self.held();
        self.buffer = BytesMut::new();
        self.search(held);
    }

    fn search(&mut self, more: usize) {
        // Lets go of what the decoder holds, too.
        self.decoder = Framing::Bare.decoder(self.direction, None);
        self.state = match self.state {
            State::GivenUp => State::GivenUp,
            State::InStep => State::Searching { passed: more },
            State::Searching { passed } | State::Trying { passed } => {
                State::Searching { passed: passed + more }
            }
        };
    }

    /// How many bytes it holds of what is not complete.
    pub(super) fn held(&self) -> usize {
        match self.decoder.finish(&self.buffer) {
            Err(FramingError::CutEnvelope { present }) => present,
            _ => self.buffer.len(),
        }
    }

    /// What is left at its end: bytes of an envelope that is not whole, or in which none was found.
    pub(super) fn left(&self) -> usize {
        match self.state {
            State::InStep => self.held(),
            State::Searching { passed } | State::Trying { passed } => passed + self.held(),
            State::GivenUp => 0,
        }
    }

    /// The very next byte is framed as it was agreed.
    pub(super) fn switch(&mut self, known: &Known) {
        if let (State::InStep, Some((version, framing))) = (self.state, known.agreed) {
            self.decoder = framing.decoder(self.direction, known.compression);
            self.decoder.expect_version(version);
        }
    }

    /// Single envelopes may be compressed so from now on.
    pub(super) const fn set_compression(&mut self, compression: Option<Compression>) {
        self.decoder.set_compression(compression);
    }

    /// What comes next, as far as it is there.
    pub(super) fn next(&mut self, known: &mut Known) -> Option<Next> {
        if let Some(found) = self.found.take() {
            return Some(Next::Arrival(found));
        }
        loop {
            match self.state {
                State::GivenUp => return None,
                State::InStep => return self.next_in_step(known),
                State::Searching { passed } => self.find(passed, known)?,
                State::Trying { passed } => match self.attempt(known)? {
                    Ok(arrival) => {
                        self.found = Some(arrival);
                        self.state = State::InStep;
                        return Some(Next::Found { passed });
                    }
                    Err(bytes) => self.search(bytes),
                },
            }
        }
    }

    fn next_in_step(&mut self, known: &mut Known) -> Option<Next> {
        self.learn_compression(known);
        let error = match self.decoder.decode_or_skip(&mut self.buffer) {
            Ok(arrival) => return arrival.map(Next::Arrival),
            Err(error) => error,
        };
        if matches!(error, FramingError::NotCql { .. } | FramingError::VersionTooOld { .. }) {
            self.buffer = BytesMut::new();
            self.state = State::GivenUp;
            return Some(Next::GivenUp(error));
        }
        self.search(0);
        Some(Next::Lost(error))
    }

    /// Looks for where something begins; `None` if nothing does in what is there.
    fn find(&mut self, passed: usize, known: &Known) -> Option<()> {
        let version = known.agreed.map(|(version, _)| version);
        match framing::find(&self.buffer, known.framings(), self.direction, version) {
            Ok((at, framing)) => {
                self.buffer.advance(at);
                self.decoder = framing.decoder(self.direction, known.compression);
                self.state = State::Trying { passed: passed + at };
                Some(())
            }
            Err(useless) => {
                self.buffer.advance(useless);
                self.state = State::Searching { passed: passed + useless };
                None
            }
        }
    }

    /// Decodes what seems to begin; if it is wrong, so many bytes are of no use.
    fn attempt(&mut self, known: &mut Known) -> Option<Result<Arrival, usize>> {
        self.learn_compression(known);
        let before = self.buffer.len();
        match self.decoder.decode_or_skip(&mut self.buffer) {
            Ok(arrival) => arrival.map(Ok),
            Err(_) => Some(Err(self.pass_over(before))),
        }
    }

    /// Passes over what is wrong: what the decoder took of so many bytes, or one if it took none.
    fn pass_over(&mut self, before: usize) -> usize {
        if self.buffer.len() == before && before > 0 {
            self.buffer.advance(1);
        }
        before - self.buffer.len()
    }

    /// Where the handshake was not seen, the first compressed envelope tells the compression.
    fn learn_compression(&mut self, known: &mut Known) {
        if known.compression.is_some() || known.agreed.is_some() {
            return;
        }
        let header = self.buffer.first_chunk().map(EnvelopeHeader::decode);
        let Some(Ok(header)) = header else { return };
        let is_compressed = header.flags.contains(EnvelopeFlags::COMPRESSED);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let whole = self.buffer.get(..length.saturating_add(HEADER_LEN));
        if let (true, Some(whole)) = (is_compressed && !header.version.uses_segments(), whole) {
            self.tried = self.tried.saturating_add(whole.len());
            if self.tried > self.taken.saturating_mul(MOST_TRIED) {
                return;
            }
            known.compression = framing::compression_of(whole, self.direction);
            self.decoder.set_compression(known.compression);
        }
    }
}
