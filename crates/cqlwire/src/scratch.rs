//! An envelope for each thread to encode requests into, so that a request allocates none.

use std::cell::Cell;

use bytes::BytesMut;
use cqlwire_codec::{ProtocolVersion, RequestEnvelope};

/// An envelope that one large request has grown beyond this is not kept.
const LARGEST_KEPT: usize = 64 << 10;

/// Most requests are no larger than this, so that a first one does not grow its buffer bit by bit.
const USUAL: usize = 256;

thread_local! {
    static SCRATCH: Cell<Option<RequestEnvelope>> = const { Cell::new(None) };
}

/// The envelope of this thread, whatever is in it; another one if it is in use, or the thread is
/// ending.
pub(crate) fn take() -> RequestEnvelope {
    SCRATCH.try_with(Cell::take).ok().flatten().unwrap_or_else(another)
}

#[cold]
fn another() -> RequestEnvelope {
    RequestEnvelope::options_in(BytesMut::with_capacity(USUAL), ProtocolVersion::V5)
}

/// Keeps an envelope for the next request of this thread.
pub(crate) fn give_back(envelope: RequestEnvelope) {
    if envelope.capacity() <= LARGEST_KEPT {
        // A thread that is ending needs none.
        drop(SCRATCH.try_with(|scratch| scratch.replace(Some(envelope))));
    }
}
