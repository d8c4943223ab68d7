//! The one place through which users' code is called while a connection is made: whatever panics in
//! it is the cause of a failed attempt, and ends nothing else.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::{ConnectCause, SessionLog, UserCode};

/// How often it is said at most that users' code panics as it is given up.
const EVERY: Duration = Duration::from_secs(60);

/// Calls users' code that returns at once.
pub(crate) fn call<T>(whose: UserCode, code: impl FnOnce() -> T) -> Result<T, ConnectCause> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| panicked(whose, &*payload))
}

/// Users' code that is awaited: its polls are caught, and its drop too, whenever that is.
pub(crate) fn awaited<F: Future>(whose: UserCode, future: F, log: &SessionLog) -> Awaited<F> {
    Awaited { whose, future: Some(Box::pin(future)), log: log.clone() }
}

/// See [`awaited`].
pub(crate) struct Awaited<F> {
    whose: UserCode,
    future: Option<Pin<Box<F>>>,
    log: SessionLog,
}

impl<F> Awaited<F> {
    fn drop_caught(&mut self) -> Result<(), ConnectCause> {
        let future = self.future.take();
        call(self.whose, || drop(future))
    }
}

impl<F: Future> Future for Awaited<F> {
    type Output = Result<F::Output, ConnectCause>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let whose = self.whose;
        let Some(future) = self.future.as_mut() else { return Poll::Pending };
        let polled = call(whose, || future.as_mut().poll(context));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(self.drop_caught().map(|()| output)),
            Err(cause) => {
                // What a second panic says adds nothing.
                self.drop_caught().unwrap_or_default();
                Poll::Ready(Err(cause))
            }
        }
    }
}

impl<F> Drop for Awaited<F> {
    fn drop(&mut self) {
        if let Err(cause) = self.drop_caught() {
            as_given_up(self.whose, &cause, &self.log);
        }
    }
}

/// Users' code panicked as it was given up, when there is nobody any more to be told but the log.
pub(crate) fn as_given_up(whose: UserCode, cause: &ConnectCause, log: &SessionLog) {
    if let Some(passed_over) = log.now_and_then("users' code", whose, EVERY) {
        let session = log.id();
        tracing::warn!(%session, %cause, passed_over, "while an attempt to connect was given up");
    }
}

fn panicked(whose: UserCode, payload: &(dyn Any + Send)) -> ConnectCause {
    ConnectCause::Panicked { whose, message: panic_message(payload) }
}

/// What was said by whoever panicked with this payload.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use cqlwire_testkit::log::LogLines;
    use tracing::Level;

    use super::*;

    /// Panics when it is dropped, which may be after it was done.
    struct Untidy(Poll<()>);

    impl Future for Untidy {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            self.0
        }
    }

    impl Drop for Untidy {
        fn drop(&mut self) {
            panic!("untidy");
        }
    }

    #[tokio::test]
    async fn one_that_is_done_and_panics_as_it_is_dropped_has_failed() {
        let log = LogLines::collect(Level::WARN);
        let session = SessionLog::default();
        let outcome = awaited(UserCode::Dialer, Untidy(Poll::Ready(())), &session).await;
        let is_blamed = matches!(
            &outcome,
            Err(ConnectCause::Panicked { whose: UserCode::Dialer, message }) if message == "untidy"
        );
        assert!(is_blamed, "{outcome:?}");
        assert_eq!(log.all(), [], "whoever waits for it hears of it");
    }

    #[test]
    fn one_that_panics_as_it_is_given_up_is_in_the_log_once_a_minute() {
        let log = LogLines::collect(Level::WARN);
        let session = SessionLog::default();
        for _ in 0..3 {
            drop(awaited(UserCode::Dialer, Untidy(Poll::Pending), &session));
        }
        let lines = log.beginning("while an attempt to connect was given up");
        assert!(matches!(&lines[..], [line] if line.to_string().contains("untidy")), "{lines:?}");
    }
}
