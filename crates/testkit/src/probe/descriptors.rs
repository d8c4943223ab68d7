//! The open descriptors of the process: files, sockets, and what the runtime keeps for itself.

use tokio::sync::{Mutex, MutexGuard};

/// Where the system lists them.
const LISTING: &str = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };

/// One test at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Proof that no other test which asks for it runs in this process.
#[derive(Debug)]
pub struct Alone {
    _turn: MutexGuard<'static, ()>,
}

/// Waits for a turn by itself.
///
/// Descriptors are counted for the whole process, so in a test binary where one test counts them,
/// every test that opens any has to ask for its turn.
pub async fn alone() -> Alone {
    Alone { _turn: ALONE.lock().await }
}

/// How many descriptors the process has open.
///
/// # Panics
///
/// Where the system lists them neither under `/proc/self/fd` nor under `/dev/fd`.
pub fn descriptors() -> usize {
    let listing = std::fs::read_dir(LISTING).expect("the system lists the descriptors");
    // Listing them takes one more.
    listing.count().saturating_sub(1)
}
