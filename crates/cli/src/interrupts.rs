//! Ctrl-C and SIGTERM, heard from the beginning on: also while something else is done.

use std::io;
use std::pin::Pin;

use crate::exit::Exit;

type Interrupted = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// See the [module](self). From then on the process is not ended by SIGTERM any more, and from when it is
/// first asked not by Ctrl-C.
pub(crate) struct Interrupts {
    interrupted: Interrupted,
    terminations: Terminations,
}

impl Interrupts {
    pub(crate) fn new() -> io::Result<Self> {
        let interrupted = Box::pin(tokio::signal::ctrl_c());
        Ok(Self { interrupted, terminations: Terminations::new()? })
    }

    /// Waits for the next one, and says what the process ends with for it. Dropped, it loses none.
    pub(crate) async fn next(&mut self) -> io::Result<Exit> {
        tokio::select! {
            interrupted = self.interrupted.as_mut() => {
                self.interrupted = Box::pin(tokio::signal::ctrl_c());
                interrupted.map(|()| Exit::Interrupted)
            }
            () = self.terminations.next() => Ok(Exit::Terminated),
        }
    }
}

/// What asks the process to end.
#[cfg(unix)]
struct Terminations(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Terminations {
    fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Where there is none, it never comes.
#[cfg(not(unix))]
struct Terminations;

#[cfg(not(unix))]
impl Terminations {
    #[allow(clippy::unnecessary_wraps)]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    /// The only test of this binary that gets signals: each is for the whole process.
    #[tokio::test]
    async fn both_are_heard_and_told_from_each_other() {
        let mut interrupts = Interrupts::new().unwrap();
        // Ctrl-C is heard once it was asked for.
        let first = tokio::time::timeout(Duration::from_millis(1), interrupts.next()).await;
        assert!(first.is_err());
        for (signal, exit) in [
            (Signal::SIGTERM, Exit::Terminated),
            (Signal::SIGINT, Exit::Interrupted),
            (Signal::SIGTERM, Exit::Terminated),
        ] {
            kill(Pid::this(), signal).unwrap();
            let next = tokio::time::timeout(Duration::from_secs(10), interrupts.next()).await;
            assert_eq!(next.unwrap().unwrap(), exit);
        }
    }
}
