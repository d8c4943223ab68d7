//! Why the thread of a blocking session does not serve whoever waits.

use std::fmt;
use std::sync::Arc;

/// Why the thread that serves a [blocking session](crate::blocking) does not serve whoever waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unserved {
    /// The system has none: it says why. Nothing was sent.
    NoThread(Arc<str>),
    /// It is the thread that was to wait: nobody would serve it meanwhile. Nothing was sent.
    OwnThread,
    /// The session is an async one: it has no such thread, and what it describes is awaited. Nothing
    /// was sent.
    NotBlocking,
    /// It has ended without the session being closed. What was under way may have been done.
    Ended,
    /// It is there and does nothing any more: something blocks it, or the process was forked. What
    /// was under way may have been done.
    StandsStill,
}

impl Unserved {
    pub(crate) fn no_thread(error: &std::io::Error) -> Self {
        Self::NoThread(error.to_string().into())
    }

    pub(super) const fn may_have_been_applied(&self) -> bool {
        matches!(self, Self::Ended | Self::StandsStill)
    }
}

impl fmt::Display for Unserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoThread(why) => {
                return write!(f, "there is no thread for the session: {why}");
            }
            Self::OwnThread => "the thread that serves the session cannot wait for itself",
            Self::NotBlocking => {
                "only what a blocking session describes can be waited for: await this"
            }
            Self::Ended => "the thread that serves the session has ended",
            Self::StandsStill => "the thread that serves the session stands still",
        })
    }
}
