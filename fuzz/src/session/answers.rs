//! What the server does: a few bytes for each request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire::codec::{EnvelopeFlags, Opcode, StreamId};
use cqlwire_testkit::node::{Prime, Received};

use crate::input::Input;
use crate::responses::OPCODES;

/// What is left of the bytes, and what was made of those before.
#[derive(Debug, Default)]
pub(super) struct Answers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    used: usize,
    /// What it said of the protocol was wrong: its own checks of the client are too.
    of_protocol: bool,
    /// What it said of itself and its peers was.
    of_cluster: bool,
}

impl Answers {
    pub(super) fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { bytes, ..State::default() }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It does well from now on.
    pub(super) fn heal(&self) {
        self.state().bytes.clear();
    }

    pub(super) fn has_lied_about_the_protocol(&self) -> bool {
        self.state().of_protocol
    }

    pub(super) fn has_lied_about_the_cluster(&self) -> bool {
        self.state().of_cluster
    }

    /// What a request gets; `None` is what a server that does well would say.
    pub(super) fn answer(&self, received: &Received) -> Option<Prime> {
        let mut state = self.state();
        let State { bytes, used, of_protocol, of_cluster } = &mut *state;
        let mut input = Input(bytes.get(*used..).filter(|rest| !rest.is_empty())?);
        let before = input.rest().len();
        let answer = one(&mut input, received);
        *used += before - input.rest().len();
        if let Some((_, Truth::Lie)) = &answer {
            *of_protocol |= !matches!(
                received.opcode,
                Opcode::Query | Opcode::Execute | Opcode::Batch | Opcode::Prepare
            );
            *of_cluster |= *of_protocol || is_of_cluster(received);
        }
        answer.map(|(prime, _)| prime)
    }
}

fn is_of_cluster(received: &Received) -> bool {
    received.statements.iter().any(|text| text.contains("system"))
}

/// Does the client hear anything that is not so?
enum Truth {
    Said,
    Lie,
}

fn one(input: &mut Input<'_>, received: &Received) -> Option<(Prime, Truth)> {
    let prime = Prime::any();
    let code = [0x0000, 0x1001, 0x1002, 0x1100, 0x1200, 0x2200, 0x2500, 0x7777];
    Some(match input.byte() % 16 {
        0..=3 => return None,
        4 => (prime.error(code[usize::from(input.byte() % 8)], "any"), Truth::Lie),
        5 => (prime.silence(), Truth::Said),
        6 => (prime.after(Duration::from_millis(u64::from(input.byte()) * 20)), Truth::Said),
        7 => (prime.close(), Truth::Said),
        8 => (prime.reset(), Truth::Said),
        9 => (prime.half_close(), Truth::Said),
        10 => (prime.cut_after(input.byte().into()), Truth::Said),
        11 => (prime.flip(input.byte().into(), input.byte()), Truth::Lie),
        12 => (prime.twice(), Truth::Lie),
        13 => (prime.on_stream(stream(input, received)), Truth::Lie),
        14 => (prime.garbage(some(input)), Truth::Lie),
        _ => (raw(input), Truth::Lie),
    })
}

fn stream(input: &mut Input<'_>, received: &Received) -> StreamId {
    let near = i16::from(input.byte()) - 128;
    StreamId::new(received.stream.raw().wrapping_add(near))
}

/// An envelope with any body: how long it is, and that much.
fn raw(input: &mut Input<'_>) -> Prime {
    let opcode = OPCODES[usize::from(input.byte()) % OPCODES.len()];
    let flags = EnvelopeFlags::from_bits(input.byte()).without(EnvelopeFlags::COMPRESSED);
    Prime::any().raw(opcode, flags, some(input))
}

fn some(input: &mut Input<'_>) -> Vec<u8> {
    let length = usize::from(input.byte()).min(input.rest().len());
    let (some, rest) = input.rest().split_at(length);
    *input = Input(rest);
    some.to_vec()
}
