//! A buffer for each thread to encode requests into, so that a request allocates none.

use std::cell::RefCell;

use bytes::BytesMut;

/// A buffer that one large request has grown beyond this is not kept.
const LARGEST_KEPT: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// The buffer of this thread; an empty one if it is in use, or the thread is ending.
pub(crate) fn take() -> BytesMut {
    SCRATCH.try_with(RefCell::take).unwrap_or_default()
}

/// Keeps a buffer for the next request of this thread.
pub(crate) fn give_back(buffer: BytesMut) {
    if buffer.capacity() <= LARGEST_KEPT {
        // A thread that is ending needs none.
        drop(SCRATCH.try_with(|scratch| scratch.replace(buffer)));
    }
}
