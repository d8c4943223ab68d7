//! Waiting for what a session describes.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_stream::StreamRow;

use super::iter::{Iter, Pages, Rows};
use super::park::wait;
use crate::batch::BatchExecution;
use crate::error::{Error, Result, Unserved};
use crate::execution::{Execution, Explained, Explaining, Pages as PageStream, RowStream};
use crate::load::{Load, LoadError, LoadProgress};
use crate::result::QueryResult;
use crate::shared::Shared;

/// What a [blocking session](super::Session) describes, and can be waited for: bring it into scope, and call
/// `wait()` where async code has `.await`.
///
/// ```no_run
/// use std::time::Duration;
/// use cqlwire::blocking::{Session, Wait};
///
/// # fn example(session: Session) -> cqlwire::Result<()> {
/// let insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)")?;
/// let second = Duration::from_secs(1);
/// session.execute(&insert, (1_i64, "Ada")).timeout(second).idempotent(true).wait()?;
///
/// let mut batch = session.batch().unlogged();
/// batch.add(&insert, (2_i64, "Grace"))?.add(&insert, (3_i64, "Edsger"))?;
/// batch.execute().wait()?;
///
/// let all = session.query("SELECT id, name FROM shop.users", ()).page_size(1_000);
/// for page in all.pages().wait() {
///     for user in page?.rows::<(i64, &str)>()? {
///         let (id, name) = user?;
///         println!("{id}: {name}");
///     }
/// }
/// # Ok(()) }
/// ```
///
/// Of what an async session describes it is refused ([`NotBlocking`](crate::Unserved::NotBlocking)): the
/// runtime that it needs may be that of the very thread.
pub trait Wait: Sealed {
    /// What it comes to.
    type Output;

    /// Waits for it on this thread: of a result until it is there, within its deadline; of pages and
    /// rows, [`next`](Iterator::next) does.
    ///
    /// A panic of the user's, of a hook or a type of rows, goes through it as through any call, and leaves
    /// nothing behind.
    fn wait(self) -> Self::Output;
}

/// No one else's: what is waited for has to end by itself.
#[expect(unnameable_types, reason = "so that nobody else can implement what it seals")]
pub trait Sealed {}

impl<V> Sealed for Execution<'_, V> {}

impl<V> Wait for Execution<'_, V> {
    type Output = Result<QueryResult>;

    fn wait(self) -> Self::Output {
        let (shared, limit) = (self.shared(), self.timeout_of_whole());
        ended(shared, Some(limit), self)
    }
}

impl<V> Sealed for Explaining<'_, V> {}

impl<V> Wait for Explaining<'_, V> {
    type Output = Explained;

    fn wait(self) -> Self::Output {
        let (shared, limit) = (self.execution().shared(), self.execution().timeout_of_whole());
        let unserved = |why: Unserved| Explained { result: Err(why.into()), report: None };
        wait(shared, Some(limit), self).unwrap_or_else(unserved)
    }
}

impl Sealed for BatchExecution<'_> {}

impl Wait for BatchExecution<'_> {
    type Output = Result<QueryResult>;

    fn wait(self) -> Self::Output {
        let (shared, limit) = (self.shared(), self.timeout_of_whole());
        ended(shared, Some(limit), self)
    }
}

impl<R> Sealed for Load<'_, R> {}

impl<R> Wait for Load<'_, R> {
    type Output = Result<LoadProgress, LoadError<R>>;

    fn wait(mut self) -> Self::Output {
        // Each of its requests has a deadline.
        wait(self.shared(), None, &mut self).unwrap_or_else(|why| {
            let (error, progress) = (Error::from(why), self.progress());
            let stopped = Some(error.clone());
            Err(LoadError { error, stopped, failures: Vec::new(), progress })
        })
    }
}

impl Sealed for PageStream {}

impl Wait for PageStream {
    type Output = Pages;

    fn wait(self) -> Self::Output {
        let shared = Arc::clone(self.source().shared());
        Iter::new(self, shared)
    }
}

impl<T> Sealed for RowStream<T> {}

impl<T: StreamRow> Wait for RowStream<T> {
    type Output = Rows<T>;

    fn wait(self) -> Self::Output {
        let shared = Arc::clone(self.source().shared());
        Iter::new(self, shared)
    }
}

/// Waits for a future that may fail.
pub(super) fn ended<T>(
    shared: &Shared,
    limit: Option<Duration>,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    wait(shared, limit, future).unwrap_or_else(|why| Err(why.into()))
}
