//! Work that gives way: a large schema takes tens of milliseconds, and on a runtime of one thread
//! no response of anybody would be read meanwhile.

use tokio::task::yield_now;

/// How much is done at a time, in bytes that were looked at: some hundred rows, or 0.2 ms.
const SLICE: usize = 32 << 10;

/// What a row costs apart from its bytes, in the same unit.
const ROW: usize = 64;

/// How much of a slice there is left.
#[derive(Debug)]
pub(super) struct Slices {
    left: usize,
}

impl Slices {
    pub(super) const fn new() -> Self {
        Self { left: SLICE }
    }

    /// Counts a row of so many bytes that was dealt with. At the end of a slice all others have
    /// their turn.
    pub(super) async fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes.saturating_add(ROW));
        if self.left == 0 {
            self.left = SLICE;
            yield_now().await;
        }
    }
}
