//! Waits that need a timer, wherever they are awaited.

#[cfg(feature = "blocking")]
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

#[cfg(feature = "blocking")]
use tokio::runtime::EnterGuard;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

/// What a wait came to; `None` if its runtime is gone.
pub(crate) type Timed<T> = Pin<Box<dyn Future<Output = Option<T>> + Send>>;

/// The same on `home`, wherever it is awaited: for what is awaited by several, of whom each may go,
/// and its runtime with it.
pub(crate) fn timed_at_home<F>(home: &Handle, waiting: F) -> Timed<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let task = AbortOnDropHandle::new(home.spawn(waiting));
    Box::pin(async move { task.await.ok() })
}

/// A wait that needs a timer: on the runtime that it is awaited on, or outside of tokio, and on a thread
/// that blocks, on `home`.
pub(crate) fn timed<F>(home: &Handle, waiting: F) -> Timed<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    if !blocks() && Handle::try_current().is_ok() {
        return Box::pin(async move { Some(waiting.await) });
    }
    timed_at_home(home, waiting)
}

#[cfg(feature = "blocking")]
thread_local! {
    static BLOCKS: Cell<bool> = const { Cell::new(false) };
}

/// While it is there, this thread polls a future by itself, and blocks meanwhile: whatever runtime it
/// belongs to may not run, so that its timers are those of `home`, as long as that is there.
#[cfg(feature = "blocking")]
pub(crate) struct Blocks<'a> {
    before: bool,
    _home: EnterGuard<'a>,
}

#[cfg(feature = "blocking")]
impl<'a> Blocks<'a> {
    #[inline]
    pub(crate) fn enter(home: &'a Handle) -> Self {
        let _home = home.enter();
        Self { before: BLOCKS.replace(true), _home }
    }
}

#[cfg(feature = "blocking")]
impl Drop for Blocks<'_> {
    fn drop(&mut self) {
        BLOCKS.set(self.before);
    }
}

#[cfg(feature = "blocking")]
fn blocks() -> bool {
    BLOCKS.get()
}

#[cfg(not(feature = "blocking"))]
const fn blocks() -> bool {
    false
}

#[cfg(all(test, feature = "blocking"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[tokio::test]
    async fn a_thread_blocks_until_that_is_over_also_in_a_panic() {
        let home = Handle::current();
        let blocked = catch_unwind(AssertUnwindSafe(|| {
            let _blocks = Blocks::enter(&home);
            drop(Blocks::enter(&home));
            assert!(blocks(), "within another");
            panic!("of the user's");
        }));
        assert!(blocked.is_err() && !blocks());
    }
}
