//! Where changes are handed on as they happen.

use std::fmt;
use std::sync::Arc;

/// Is handed each change where it happens, on a task that others wait for: it must not block.
pub struct Sink<T>(Arc<dyn Fn(T) + Send + Sync>);

impl<T> Sink<T> {
    /// One that calls this.
    pub fn new(sink: impl Fn(T) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// This has changed.
    pub fn hand_on(&self, change: T) {
        (self.0)(change);
    }
}

impl<T> Clone for Sink<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Sink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
