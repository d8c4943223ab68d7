//! One request of a load on its way, with the rows that it is about.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::window::HeldRow;
use crate::batch::{Batch, Sending};
use crate::error::Result;
use crate::execution::Execution;
use crate::result::QueryResult;

/// See the [module](self): the future of what it came to, with its rows.
pub(super) enum Flight<'a, R> {
    /// One row, which is in the execution.
    Alone {
        execution: Execution<'a, R>,
        number: u64,
        bytes: usize,
    },
    /// Rows of one partition.
    Together {
        group: Group<R>,
        sending: Sending<'a>,
    },
    Landed,
}

/// Nothing in it is ever pinned.
impl<R> Unpin for Flight<'_, R> {}

/// Rows of one partition, and the batch that they are encoded in. Used again, so that the next one
/// costs no allocation.
pub(super) struct Group<R> {
    pub(super) batch: Batch,
    pub(super) rows: Vec<HeldRow<R>>,
}

/// The rows of a request that came to its end.
pub(super) enum Landed<R> {
    Alone(HeldRow<R>),
    Together(Group<R>),
}

impl<R> Future for Flight<'_, R> {
    type Output = (Landed<R>, Result<QueryResult>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(match &mut *self {
            Self::Alone { execution, .. } => Pin::new(execution).poll(context),
            Self::Together { group, sending } => group.batch.poll(sending, context),
            Self::Landed => Poll::Pending,
        });
        let landed = match mem::replace(&mut *self, Self::Landed) {
            Self::Alone { execution, number, bytes } => {
                let row = execution.into_values();
                Landed::Alone(HeldRow { row, number, bytes, place: None })
            }
            Self::Together { group, .. } => Landed::Together(group),
            Self::Landed => return Poll::Pending,
        };
        Poll::Ready((landed, outcome))
    }
}
