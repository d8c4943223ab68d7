//! The error of this crate: what failed, on which hosts, for how long, and whether it may have been
//! done all the same.

mod attempt;
mod kind;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_stream::Position;

pub use attempt::{Attempt, AttemptFailure};
pub use kind::{ErrorKind, TimeoutPhase};

/// What can go wrong, whichever call it goes wrong in.
///
/// Cheap to clone. [`kind`](Self::kind) says what happened, [`attempts`](Self::attempts) what was
/// tried before, host by host; questions that programs ask (is it a timeout, may it be retried, may
/// it have been applied) have methods of their own, so that nobody has to read the text.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    attempts: Vec<Attempt>,
    elapsed: Option<Duration>,
    /// Of a stream: where what did not come begins.
    resume: Option<Position>,
}

/// What a call of this crate gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self::after(kind, Vec::new(), None)
    }

    /// An error that other attempts came before.
    pub(crate) fn after(
        kind: ErrorKind,
        attempts: Vec<Attempt>,
        elapsed: Option<Duration>,
    ) -> Self {
        // What could not even be said was not waited for.
        let elapsed = elapsed.filter(|_| !matches!(kind, ErrorKind::Encode(_)));
        Self { inner: Arc::new(Inner { kind, attempts, elapsed, resume: None }) }
    }

    /// The same error, of a page that begins there.
    pub(crate) fn resuming_at(mut self, position: Position) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.resume = Some(position);
        }
        self
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }

    /// The hosts that were tried, or skipped, in order, each with what it came to.
    pub fn attempts(&self) -> &[Attempt] {
        &self.inner.attempts
    }

    /// How long it took, from the call to the error; `None` if nothing was waited for.
    pub fn elapsed(&self) -> Option<Duration> {
        self.inner.elapsed
    }

    /// Of a stream: where another stream of the same statement and values goes on, with the page
    /// that did not come, or with the row that could not be read. All rows before it have been
    /// given out.
    pub fn resume_position(&self) -> Option<&Position> {
        self.inner.resume.as_ref()
    }

    /// Was it a deadline of this client that passed? (For a timeout among the servers, see the
    /// codes of [`ErrorKind::Server`].)
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout { .. })
    }

    /// Has the session been closed?
    pub fn is_closed(&self) -> bool {
        matches!(self.kind(), ErrorKind::SessionClosed)
    }

    /// Could the same request succeed a moment later, without anybody changing anything? Whether
    /// it is safe to send it again is another question: see
    /// [`may_have_been_applied`](Self::may_have_been_applied).
    pub fn is_retryable(&self) -> bool {
        self.kind().is_retryable()
    }

    /// If the request was a write: may it have been done, or still be done? `false` means that it
    /// was not and will not be.
    pub fn may_have_been_applied(&self) -> bool {
        self.kind().may_have_been_applied()
            || self.attempts().iter().any(Attempt::may_have_been_applied)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Display for Error {
    /// One line: what happened, after how long, and what was tried.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)?;
        if let Some(elapsed) = self.elapsed() {
            write!(f, " (after {elapsed:.1?})")?;
        }
        for (number, attempt) in self.attempts().iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            attempt.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    /// The cause underneath: that of the error itself, or else that of the last attempt.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let of_attempt = || self.attempts().last().map(|attempt| attempt as _);
        std::error::Error::source(self.kind()).or_else(of_attempt)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<cqlwire_codec::ValueError> for Error {
    fn from(error: cqlwire_codec::ValueError) -> Self {
        Self::new(ErrorKind::Value { page: None, row: None, error })
    }
}

impl From<cqlwire_stream::StreamError> for Error {
    fn from(error: cqlwire_stream::StreamError) -> Self {
        Self::new(ErrorKind::from(error))
    }
}
