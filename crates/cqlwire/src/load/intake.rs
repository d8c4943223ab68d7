//! The source of a load, and the rows that were taken from it and are not on their way yet.
//!
//! A row is taken only if there is room for it. Where rows may share a request, there is room for
//! some to be looked through; where each goes alone, only if it can go at once. Of a source that
//! panics, nothing is taken with that, and what was taken before is as it was.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cqlwire_cluster::Schema;
use futures_util::stream::Stream;

use super::guarded::Guarded;
use super::keys::{Keys, Renewed};
use super::progress::Counters;
use super::settings::Settings;
use super::window::{HeldRow, Window};
use crate::execution::AsValues;
use crate::prepared::PreparedStatement;

/// Where rows come from.
pub(super) type Source<'a, R> = Pin<Box<dyn Stream<Item = R> + Send + 'a>>;

/// See the [module](self).
pub(super) struct Intake<'a, R> {
    /// `None` once nothing more is taken from it.
    source: Option<Source<'a, R>>,
    /// What rows can do, kept apart from their type: see [`Execution`](crate::Execution).
    pub(super) as_values: AsValues<Guarded<R>>,
    pub(super) window: Window<Guarded<R>>,
    keys: Keys,
    /// Of all rows whose outcome is not known yet, their values encoded.
    pub(super) held_bytes: usize,
}

impl<'a, R> Intake<'a, R> {
    pub(super) fn new(source: Source<'a, R>, as_values: AsValues<Guarded<R>>) -> Self {
        let (window, keys) = (Window::default(), Keys::default());
        Self { source: Some(source), as_values, window, keys, held_bytes: 0 }
    }

    /// Nothing more is taken.
    pub(super) const fn is_closed(&self) -> bool {
        self.source.is_none()
    }

    /// Takes nothing more: there is no more, or it is not wanted.
    pub(super) fn close(&mut self) {
        self.source = None;
    }

    /// Takes one row, if there is room. `Pending` if there is none at the moment, and the task of
    /// `context` is woken once there is one; else gives whether one was taken.
    pub(super) fn poll_row(
        &mut self,
        prepared: &PreparedStatement,
        schema: impl FnOnce() -> Arc<Schema>,
        settings: &Settings<'_>,
        can_go: bool,
        counters: &Counters,
        context: &mut Context<'_>,
    ) -> Poll<bool> {
        let Some(source) = &mut self.source else { return Poll::Ready(false) };
        // Where nothing is held, there is room for one row, whatever the limit.
        if self.held_bytes >= settings.max_held_bytes.max(1) {
            return Poll::Ready(false);
        }
        let Renewed { may_share, are_others } = self.keys.renew(prepared, schema);
        if are_others {
            self.window.forget_places();
        }
        let may_share = may_share && settings.group.rows > 1;
        let has_room = match may_share {
            true => self.window.len() < settings.read_ahead.max(1),
            false => can_go && self.window.is_empty(),
        };
        if !has_room {
            return Poll::Ready(false);
        }
        match source.as_mut().poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.source = None;
                Poll::Ready(false)
            }
            Poll::Ready(Some(row)) => {
                let number = counters.take();
                let row = Guarded(row);
                let (bytes, place) = self.keys.look_at((self.as_values)(&row), may_share);
                self.held_bytes += bytes;
                self.window.push(HeldRow { row, number, bytes, place });
                Poll::Ready(true)
            }
        }
    }
}
