//! A user's function that hears how a stream gets on.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cqlwire_stream::Progress;

use crate::request_log::RequestLog;

/// See [`Streaming::on_progress`](super::Streaming::on_progress).
#[derive(Clone)]
pub(super) struct Hook(Arc<dyn Fn(&Progress) + Send + Sync>);

impl Hook {
    pub(super) fn new(hook: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    /// Calls it; false if it panicked. A stream that is dropped while its task panics calls it too,
    /// where a second panic would end the process.
    pub(super) fn call(&self, progress: &Progress, log: &RequestLog) -> bool {
        let called = catch_unwind(AssertUnwindSafe(|| (self.0)(progress)));
        if let Err(payload) = &called {
            log.hook_panicked(&**payload);
        }
        called.is_ok()
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}
