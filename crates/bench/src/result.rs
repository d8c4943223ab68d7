//! What can go wrong: anything, and then the run is over.

/// Whatever went wrong; its text says what.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a step of a benchmark.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether what came is what was to come.
///
/// # Errors
///
/// It is not; `what` says what was expected.
#[inline]
pub fn ensure(holds: bool, what: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(what.into()) }
}
