//! The wait for a permit, which ends with the deadline of the request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use cqlwire_net::Deadline;
use tokio::runtime::Handle;
use tokio::time::Instant as Now;

use super::limiter::{Joined, Place, RequestPermit};
use super::queue::Presence;
use super::{Limit, full};
use crate::error::{ErrorKind, TimeoutPhase};
use crate::timed::{Timed, timed};

/// How often somebody who waits looks whether permits are lent to those who do not come.
const LOOK: Duration = Duration::from_secs(1);

/// See the [module](self).
pub(crate) struct Waiting<L: Limit> {
    limiter: L,
    presence: Presence,
    place: Option<Place<L>>,
    deadline: Deadline,
    home: Handle,
    timer: Option<Timed<()>>,
}

impl<L: Limit> Waiting<L> {
    pub(super) fn new(limiter: L, presence: Presence, deadline: Deadline, home: Handle) -> Self {
        Self { limiter, presence, place: None, deadline, home, timer: None }
    }

    fn poll_place(&mut self, context: &Context<'_>) -> Poll<Result<RequestPermit<L>, ErrorKind>> {
        if let Some(place) = &mut self.place {
            return place.poll(context).map(Ok);
        }
        // A permit is free only if nobody waits, so those who do not come are looked for first.
        self.limiter.take_back(now());
        match Place::join(&self.limiter, self.presence, context) {
            Ok(Joined::Permit(permit)) => Poll::Ready(Ok(permit)),
            Ok(Joined::Place(place)) => {
                self.place = Some(place);
                Poll::Pending
            }
            Err(reached) => Poll::Ready(Err(full(reached))),
        }
    }

    fn sleep(&self) -> Timed<()> {
        let until = self.deadline.within(LOOK).at();
        // A timer is made where there is a runtime for it.
        timed(&self.home, async move { tokio::time::sleep_until(until.into()).await })
    }
}

impl<L: Limit> Future for Waiting<L> {
    type Output = Result<RequestPermit<L>, ErrorKind>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            if let Poll::Ready(entered) = self.poll_place(context) {
                return Poll::Ready(entered);
            }
            if self.deadline.remaining().is_zero() {
                let kind = ErrorKind::Timeout {
                    phase: TimeoutPhase::Queue,
                    host: None,
                    of_attempt: false,
                };
                return Poll::Ready(Err(kind));
            }
            if self.timer.is_none() {
                self.timer = Some(self.sleep());
            }
            let Some(timer) = &mut self.timer else { return Poll::Pending };
            if ready!(timer.as_mut().poll(context)).is_none() {
                // Without its runtime nothing is sent: the request itself says so.
                return Poll::Ready(Ok(RequestPermit::over_the_limit(&self.limiter)));
            }
            self.timer = None;
            self.limiter.take_back(now());
        }
    }
}

fn now() -> Instant {
    Now::now().into_std()
}
