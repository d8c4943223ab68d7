//! The open descriptors of the process: files, sockets, and what the runtime keeps for itself.

use std::collections::BTreeSet;

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

/// How many descriptors the process has open: files, and sockets and pipes each counted once.
///
/// What a runtime keeps for itself (its epoll and eventfd, its own copy of the signal pipe) is left
/// out: other tests of the process start and end theirs at any time.
///
/// # Panics
///
/// Where the system lists them neither under `/proc/self/fd` nor under `/dev/fd`.
pub fn descriptors() -> usize {
    let listing = std::fs::read_dir(LISTING).expect("the system lists the descriptors");
    let targets = listing.filter_map(Result::ok).map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let target = std::fs::read_link(entry.path());
        match target {
            Ok(target) => identity(&name, &target.to_string_lossy()),
            Err(_) => name,
        }
    });
    let open: BTreeSet<String> = targets.filter(|target| !is_of_runtime(target)).collect();
    // Listing them takes one more.
    open.len().saturating_sub(1)
}

/// What makes a descriptor another one: for sockets and pipes their inode, so that copies are one.
fn identity(name: &str, target: &str) -> String {
    if target.starts_with("socket:") || target.starts_with("pipe:") || is_of_runtime(target) {
        return target.to_owned();
    }
    format!("{name} {target}")
}

fn is_of_runtime(target: &str) -> bool {
    target.starts_with("anon_inode:")
}
