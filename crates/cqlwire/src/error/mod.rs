//! The error of this crate: what failed, on which hosts, for how long, and whether it may have been
//! done all the same.

mod advice;
mod attempt;
mod kind;
mod limit;
#[cfg(feature = "blocking")]
mod unserved;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{CustomPayload, Prefixes, StatementKind};
use cqlwire_stream::Position;
use uuid::Uuid;

pub use attempt::{Attempt, AttemptFailure};
pub use kind::{ErrorKind, TimeoutPhase};
pub use limit::RequestLimit;
#[cfg(feature = "blocking")]
pub use unserved::Unserved;

/// What can go wrong, whichever call it goes wrong in.
///
/// Cheap to clone. [`kind`](Self::kind) says what happened, [`attempts`](Self::attempts) what was
/// tried before, host by host; questions that programs ask (is it a timeout, may it be retried, may
/// it have been applied) have methods of their own, so that nobody has to read the text.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    /// What the statement does, as far as is known.
    statement: StatementKind,
    /// It ended with the PREPARE that has to come first: the statement itself was not sent then.
    of_prepare: bool,
    attempts: Vec<Attempt>,
    elapsed: Option<Duration>,
    /// Of a stream: where what did not come begins.
    resume: Option<Position>,
}

/// What a call of this crate gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self::after(kind, StatementKind::Unknown, Vec::new(), None)
    }

    /// An error that other attempts came before.
    pub(crate) fn after(
        kind: ErrorKind,
        statement: StatementKind,
        attempts: Vec<Attempt>,
        elapsed: Option<Duration>,
    ) -> Self {
        // What could not even be said was not waited for.
        let elapsed = elapsed.filter(|_| !matches!(kind, ErrorKind::Encode(_)));
        let (of_prepare, resume) = (false, None);
        Self { inner: Arc::new(Inner { kind, statement, of_prepare, attempts, elapsed, resume }) }
    }

    /// The same error, of the PREPARE that has to come before the statement.
    pub(crate) fn of_prepare(mut self) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.of_prepare = true;
        }
        self
    }

    /// The same error, as something else.
    pub(crate) fn map_kind(mut self, change: impl FnOnce(ErrorKind) -> ErrorKind) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            let kind = std::mem::replace(&mut inner.kind, ErrorKind::SessionClosed);
            inner.kind = change(kind);
        }
        self
    }

    /// The same error, of a page that begins there.
    pub(crate) fn resuming_at(mut self, position: Position) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.resume = Some(position);
        }
        self
    }

    /// The same error, of a statement that does this.
    pub(crate) fn of(mut self, statement: StatementKind) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.statement = statement;
        }
        self
    }

    /// The same error, after other executions of the request that failed before.
    pub(crate) fn after_others(mut self, others: Vec<Self>) -> Self {
        // Nobody else has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.inner)
            && !others.is_empty()
        {
            let others = others.into_iter().flat_map(Self::into_attempts);
            inner.attempts = others.chain(inner.attempts.drain(..)).collect();
        }
        self
    }

    /// Its attempts, and what it is itself as the last of them.
    fn into_attempts(self) -> impl Iterator<Item = Attempt> {
        let inner = Arc::unwrap_or_clone(self.inner);
        let host = inner.kind.host().or_else(|| Some(Arc::clone(&inner.attempts.last()?.host)));
        let failure = AttemptFailure::Execution(Box::new(inner.kind));
        let failure = match inner.of_prepare {
            true => AttemptFailure::Prepare(Box::new(failure)),
            false => failure,
        };
        let last = Attempt { host: host.unwrap_or_else(|| "no host".into()), failure };
        inner.attempts.into_iter().chain([last])
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
        match self.kind() {
            ErrorKind::NoHostAvailable { plan_was_empty } => {
                *plan_was_empty || self.attempts().iter().any(Attempt::is_retryable)
            }
            kind => kind.is_retryable(),
        }
    }

    /// What the server would have the client's operators know, if it was one that failed.
    pub fn warnings(&self) -> &[String] {
        self.prefixes().map_or(&[], Prefixes::warnings)
    }

    /// The id under which the server traces the request, in `system_traces`, if it was one that
    /// failed.
    pub fn tracing_id(&self) -> Option<Uuid> {
        self.prefixes()?.tracing_id()
    }

    /// What the server's query handler sent along, if it was a server that failed.
    pub fn custom_payload(&self) -> Option<&CustomPayload> {
        self.prefixes()?.custom_payload()
    }

    fn prefixes(&self) -> Option<&Prefixes> {
        match self.kind() {
            ErrorKind::Server { prefixes, .. } => Some(prefixes),
            _ => None,
        }
    }

    /// May anything of the request have been applied, or still be applied? `false` means that
    /// nothing was, and nothing will be; so it is of a statement that only reads.
    pub fn may_have_been_applied(&self) -> bool {
        let of = self.inner.statement;
        // Reading changes nothing.
        let by_kind = || !self.inner.of_prepare && self.kind().may_have_been_applied(of);
        of != StatementKind::Read
            && (by_kind()
                || self.attempts().iter().any(|attempt| attempt.may_have_been_applied(of)))
    }
}

impl fmt::Debug for Error {
    /// As a program that ends with it shows it: what happened, and below it each attempt. `{:#?}`
    /// shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.inner.fmt(f);
        }
        self.headline(f)?;
        self.each_attempt().iter().try_for_each(|attempt| write!(f, "\n  {attempt}"))
    }
}

impl Error {
    /// What is said of the attempts: once of those of which it is the same, and how many they were.
    fn each_attempt(&self) -> Vec<String> {
        let mut times: HashMap<String, u32> = HashMap::new();
        let mut order = Vec::new();
        for text in self.attempts().iter().map(ToString::to_string) {
            let count = times.entry(text.clone()).or_default();
            *count += 1;
            if *count == 1 {
                order.push(text);
            }
        }
        let counted = |text: String| match times.get(&text) {
            Some(count) if *count > 1 => format!("{text} ({count} times)"),
            _ => text,
        };
        order.into_iter().map(counted).collect()
    }

    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.kind(), f)?;
        match self.elapsed() {
            Some(elapsed) => write!(f, " (after {elapsed:.1?})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    /// One line: what happened, after how long, and what was tried.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        for (number, attempt) in self.each_attempt().iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            f.write_str(attempt)?;
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

#[cfg(feature = "blocking")]
impl From<Unserved> for Error {
    fn from(why: Unserved) -> Self {
        Self::new(ErrorKind::Unserved(why))
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
