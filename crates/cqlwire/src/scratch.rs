//! A buffer for each thread to encode requests into, so that a request allocates none.

use std::cell::Cell;

use bytes::BytesMut;

/// A buffer that one large request has grown beyond this is not kept.
const LARGEST_KEPT: usize = 64 << 10;

/// Most requests are no larger than this, so that a first one does not grow its buffer bit by bit.
const USUAL: usize = 256;

thread_local! {
    static SCRATCH: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The buffer of this thread; an empty one if it is in use, or the thread is ending.
pub(crate) fn take() -> BytesMut {
    let buffer = SCRATCH.try_with(Cell::take).unwrap_or_default();
    if buffer.capacity() == 0 { BytesMut::with_capacity(USUAL) } else { buffer }
}

/// Keeps a buffer for the next request of this thread.
pub(crate) fn give_back(buffer: BytesMut) {
    if buffer.capacity() <= LARGEST_KEPT {
        // A thread that is ending needs none.
        drop(SCRATCH.try_with(|scratch| scratch.replace(buffer)));
    }
}
