//! Waits that need a timer, wherever they are awaited.

use std::future::Future;
use std::pin::Pin;

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

/// A wait that needs a timer: on the runtime that it is awaited on, or outside of tokio on `home`.
pub(crate) fn timed<F>(home: &Handle, waiting: F) -> Timed<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    if Handle::try_current().is_ok() {
        return Box::pin(async move { Some(waiting.await) });
    }
    timed_at_home(home, waiting)
}
