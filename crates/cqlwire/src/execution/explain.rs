//! A result, and beside it what happened on the way to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Execution;
use crate::error::Result;
use crate::history::{AskedReport, RequestReport};
use crate::result::QueryResult;

/// The future of a result, and of what happened on the way to it: see [`Execution::explain`].
///
/// # Cancel safety
///
/// That of the [`Execution`].
#[must_use = "nothing is sent until this is awaited"]
pub struct Explaining<'a, V> {
    execution: Execution<'a, V>,
    asked: Arc<AskedReport>,
}

/// A result, or the error, and what happened on the way to it. As text it is a table for people.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explained {
    /// What the execution gives if it is awaited.
    pub result: Result<QueryResult>,
    /// What happened; `None` if the session was closed, so that nothing did.
    pub report: Option<RequestReport>,
}

impl<'a, V> Execution<'a, V> {
    /// Gives, beside the result, what happened on the way to it: which hosts have its partition and
    /// how much they had to do, whether its text was known, each attempt and each wait, with its
    /// time, and of each attempt when it was queued, written, answered and decoded. For people who wonder
    /// why a request is slow, or goes where it goes.
    ///
    /// ```no_run
    /// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
    /// let explained = session.query("SELECT * FROM shop.users WHERE id = ?", (7_i64,)).explain().await;
    /// println!("{explained}");
    /// # Ok(()) }
    /// ```
    ///
    /// ```text
    /// SELECT * FROM shop.users WHERE id = ?
    ///      +12.1µs  its statement was prepared before
    ///      +20.4µs  its partition (token -5059672542150441186) is at 10.0.0.1:9042 (3 in flight),
    ///               10.0.0.2:9042 (0 in flight)
    ///      +41.0µs  sent to 10.0.0.2:9042
    ///      +41.0µs  67 bytes queued at 10.0.0.2:9042
    ///      +58.3µs  written to 10.0.0.2:9042
    ///     +880.7µs  first byte from 10.0.0.2:9042
    ///     +901.5µs  response of 96 bytes from 10.0.0.2:9042
    ///     +903.8µs  decoded what came from 10.0.0.2:9042
    ///     +905.2µs  done
    /// ```
    ///
    /// It costs what an [observer](crate::Observer) of requests costs, for this one request.
    #[doc(alias = "ExecutionInfo")]
    pub fn explain(mut self) -> Explaining<'a, V> {
        let asked = Arc::default();
        self.rare().asked = Some(Arc::clone(&asked));
        Explaining { execution: self, asked }
    }
}

#[cfg(feature = "blocking")]
impl<'a, V> Explaining<'a, V> {
    pub(crate) const fn execution(&self) -> &Execution<'a, V> {
        &self.execution
    }
}

impl<V> Future for Explaining<'_, V> {
    type Output = Explained;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Explained> {
        let result = ready!(Pin::new(&mut self.execution).poll(context));
        Poll::Ready(Explained { result, report: self.asked.take() })
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.report, &self.result) {
            (Some(report), _) => report.fmt(f),
            (None, Ok(_)) => Ok(()),
            (None, Err(error)) => writeln!(f, "{error}"),
        }
    }
}

impl<V> fmt::Debug for Explaining<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Explaining").field(&self.execution).finish()
    }
}
