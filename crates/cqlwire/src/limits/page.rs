//! The permit of a page of a stream: held while the page is on its way, and not while it waits for a
//! reader who is elsewhere.
//!
//! Nobody may look when the response comes. So whatever wakes the page gives its permit back first.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use cqlwire_net::Deadline;
use tokio::runtime::Handle;

use super::limiter::{Limiter, RequestPermit};
use super::queue::Presence;
use super::waiting::Waiting;
use crate::error::ErrorKind;

/// How far a page is with its permit.
#[derive(Default)]
pub(crate) enum PageTurn {
    #[default]
    New,
    Waiting(Box<Waiting<Arc<Limiter>>>),
    OnItsWay(Arc<OnItsWay>),
}

/// The permit of a page on its way, which goes back when its reader is woken.
pub(crate) struct OnItsWay {
    limiter: Arc<Limiter>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    permit: Option<RequestPermit<Arc<Limiter>>>,
    reader: Option<Waker>,
}

impl PageTurn {
    /// Waits for its turn, and gives the waker to go on with. Without a reader it does not wait in
    /// the queue: if its turn is not at once, it is asked for later.
    ///
    /// # Errors
    ///
    /// Its time is over, or as many wait as may.
    #[cold]
    pub(crate) fn poll(
        &mut self,
        limiter: &Arc<Limiter>,
        deadline: Deadline,
        is_awaited: bool,
        home: &Handle,
        context: &mut Context<'_>,
    ) -> Poll<Result<Waker, ErrorKind>> {
        if matches!(self, Self::New) && is_awaited {
            let limiter = Arc::clone(limiter);
            let waiting = Waiting::new(limiter, Presence::Unsure, deadline, home.clone());
            *self = Self::Waiting(Box::new(waiting));
        }
        let permit = match self {
            Self::OnItsWay(page) => return Poll::Ready(Ok(page.waker(context))),
            Self::Waiting(waiting) => ready!(Pin::new(waiting).poll(context))?,
            Self::New => match RequestPermit::try_of(limiter) {
                Some(permit) => permit,
                None => return Poll::Pending,
            },
        };
        let state = Mutex::new(State { permit: Some(permit), reader: None });
        let page = Arc::new(OnItsWay { limiter: Arc::clone(limiter), state });
        let waker = page.waker(context);
        *self = Self::OnItsWay(page);
        Poll::Ready(Ok(waker))
    }

    /// It is not on its way any more.
    pub(crate) fn end(&mut self) {
        if let Self::OnItsWay(page) = self {
            drop(mem::take(&mut *page.state()));
        }
    }
}

impl Drop for PageTurn {
    fn drop(&mut self) {
        // Somebody may keep the waker for longer.
        self.end();
    }
}

impl OnItsWay {
    /// Gives its permit back when it is woken, and wakes the reader. One that was woken before and
    /// is on its way all the same has a permit again, as it does not stop for it.
    fn waker(self: &Arc<Self>, context: &Context<'_>) -> Waker {
        let reader = Some(context.waker().clone());
        let needs_permit = self.state().permit.is_none();
        let permit = needs_permit.then(|| RequestPermit::over_the_limit(&self.limiter));
        let before = {
            let mut state = self.state();
            let permit = permit.or_else(|| state.permit.take());
            mem::replace(&mut *state, State { permit, reader })
        };
        drop(before);
        Waker::from(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for OnItsWay {
    fn wake(self: Arc<Self>) {
        let State { permit, reader } = mem::take(&mut *self.state());
        drop(permit);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
