//! What clients are put under: so many requests in flight, so many a second, a load, a scan, or many
//! at once.

mod closed;
mod open;
mod rows;
mod scan;
mod streams;
mod watch;

use std::time::Duration;

pub use self::closed::closed_round;
pub use self::open::open_round;
pub use self::rows::load_round;
pub use self::scan::scan_round;
pub use self::streams::streams_round;
pub use self::watch::{ScanWatch, StreamsWatch};
use crate::measure::HeapProbe;

/// How one round is run.
#[derive(Copy, Clone, Debug)]
pub struct RoundSettings {
    /// How long is measured. A fifth of it, and some, comes before to warm up.
    pub measured: Duration,
    /// Whoever knows what the allocator was asked for.
    pub probe: HeapProbe,
}

impl RoundSettings {
    /// How long to run before measuring.
    pub fn warm_up(&self) -> Duration {
        self.measured / 5 + Duration::from_millis(20)
    }
}
