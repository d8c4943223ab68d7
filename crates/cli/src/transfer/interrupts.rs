//! Ctrl-C, heard from the beginning on: also while something else is done.

use std::io;
use std::pin::Pin;

type Interrupted = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// See the [module](self). From when it is first asked, the process is not ended by Ctrl-C any more.
pub(crate) struct Interrupts(Interrupted);

impl Interrupts {
    pub(crate) fn new() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// Waits for the next one. Dropped, it loses none.
    pub(crate) async fn next(&mut self) -> io::Result<()> {
        let interrupted = self.0.as_mut().await;
        self.0 = Box::pin(tokio::signal::ctrl_c());
        interrupted
    }
}
