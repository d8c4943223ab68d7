//! `cqlwire decode`: bytes of the protocol to messages that a person reads. No server is asked.
//!
//! `input/` says what the bytes are. Those of a capture are put together by `capture/`; `conversation.rs` is
//! one connection, whose two directions `side.rs` cuts into envelopes, and `framing.rs` finds where one
//! begins. `message/` reads what each says into a tree of `field.rs`, with what `statements.rs` knows from
//! messages before it, and `show/` writes that. The codec decodes: nothing here does so a second time.

mod args;
mod capture;
mod conversation;
mod field;
mod framing;
mod input;
mod message;
mod show;
mod side;
mod statements;
#[cfg(test)]
mod tests;

use std::io::Write;

use cqlwire::codec::{Compression, Direction, EnvelopeHeader, HEADER_LEN};

pub(crate) use self::args::Args;
use self::capture::{Follower, Packets};
use self::conversation::Conversation;
use self::input::{Input, Piece};
use self::message::Reader;
use self::show::{Place, Show};
use crate::connect::ConnectionArgs;
use crate::exit::Failure;
use crate::output::{self, Look};

/// Shows what the bytes say. Interrupted, it just ends.
pub(crate) fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let input = Input::open(&args.input, args.memory << 20)?;
    decode(input, connection.compression, args, Look::of_stdout(), Box::new(output::stdout()))
}

fn decode(
    input: Input,
    compression: Option<Compression>,
    args: &Args,
    look: Look,
    out: Box<dyn Write>,
) -> Result<(), Failure> {
    let reader = Reader::new(args.rows, args.show_secrets);
    let show = Show::new(args, look, out);
    match input {
        Input::Bytes(pieces) => pieces_of_one(&pieces, compression, reader, show),
        Input::Capture(capture) => {
            let packets = Packets::new(capture)?;
            let memory = args.memory << 20;
            let mut follower = Follower::new(&args.port, compression, memory, reader, show);
            match follower.run(packets)? {
                0 => {
                    let ports: Vec<String> = args.port.iter().map(u16::to_string).collect();
                    let ports = ports.join(" or ");
                    Err(Failure::refused(format_args!(
                        "the capture has no packets of port {ports}; --port says another"
                    )))
                }
                _ => Ok(()),
            }
        }
    }
}

/// How many bytes of a connection are taken before what they say is shown.
const AT_ONCE: usize = 64 << 10;

/// Takes bytes of one sender, and shows what they say.
type Take<'a> = dyn FnMut(&mut Conversation, Direction, &[u8]) -> Result<(), Failure> + 'a;

/// Bytes of one connection, perhaps from its beginning.
fn pieces_of_one(
    pieces: &[Piece],
    compression: Option<Compression>,
    mut reader: Reader,
    mut show: Show,
) -> Result<(), Failure> {
    // What begins as no segment is taken for an envelope: if it is none, it is said why.
    let is_segment = pieces.first().is_some_and(|first| framing::is_segment(&first.bytes));
    let mut conversation = match is_segment {
        true => Conversation::under_way(compression),
        false => Conversation::new(compression),
    };
    let place = Place { connection: 0, at: None };
    // What messages say takes more room than they do: it is shown as they come.
    let mut take = |conversation: &mut Conversation, from, bytes: &[u8]| -> Result<(), Failure> {
        for part in bytes.chunks(AT_ONCE) {
            let mut said = Vec::new();
            conversation.take(from, part, None, &mut reader, &mut said);
            said.iter().try_for_each(|said| show.said(&place, said))?;
        }
        Ok(())
    };
    for piece in pieces {
        match piece.direction {
            Some(from) => take(&mut conversation, from, &piece.bytes)?,
            None => mixed(&mut conversation, &piece.bytes, &mut take)?,
        }
    }
    let mut said = Vec::new();
    conversation.end(&mut said);
    said.iter().try_for_each(|said| show.said(&place, said))?;
    Ok(show.flush()?)
}

/// Who has sent the envelope at the front, and how long it is.
fn bare_envelope(bytes: &[u8]) -> Option<(Direction, usize)> {
    let header = EnvelopeHeader::decode(bytes.first_chunk()?).ok()?;
    let length = usize::try_from(header.length).ok()?;
    Some((header.direction, length.saturating_add(HEADER_LEN)))
}

/// Takes bytes of which it is not said who has sent them: envelopes say it themselves, as long as they
/// are bare.
fn mixed(
    conversation: &mut Conversation,
    bytes: &[u8],
    take: &mut Take<'_>,
) -> Result<(), Failure> {
    let mut rest = bytes;
    while !conversation.has_segments()
        && let Some((from, length)) = bare_envelope(rest)
    {
        let (envelope, behind) = rest.split_at(length.min(rest.len()));
        take(conversation, from, envelope)?;
        rest = behind;
    }
    if !rest.is_empty() {
        let from = conversation.guess(rest).unwrap_or(Direction::Response);
        take(conversation, from, rest)?;
    }
    Ok(())
}
