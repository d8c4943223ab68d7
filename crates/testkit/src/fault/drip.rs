//! A stream whose bytes come slowly, as long as somebody says so.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::portions::{InPortions, Portions};

/// How fast the bytes of streams pass: as fast as they can, unless [`slow`](Self::slow) says
/// otherwise. Its clones are the same pace, so that it can change while streams are under way.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<Option<(usize, Duration)>>>);

impl Pace {
    /// So many bytes pass at a time, at least one, and then none for so long.
    pub fn slow(&self, bytes: usize, pause: Duration) {
        self.set(Some((bytes.max(1), pause)));
    }

    /// As fast as they can.
    pub fn free(&self) {
        self.set(None);
    }

    fn set(&self, pace: Option<(usize, Duration)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    fn get(&self) -> Option<(usize, Duration)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of which both directions have a [`Pace`], each by itself.
pub type Drip<S> = InPortions<S, Paced>;

/// One direction.
#[derive(Debug)]
pub struct Paced {
    pace: Pace,
    /// That of the portion which passes.
    now: Option<(usize, Duration)>,
    /// After what has passed, if there is one.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Portions for Paced {
    fn poll_size(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        self.now = self.pace.get();
        Poll::Ready(self.now.map_or(usize::MAX, |(bytes, _)| bytes))
    }

    fn passed(&mut self, bytes: usize) {
        self.pause = self.now.filter(|_| bytes > 0).map(|(_, pause)| Box::pin(sleep(pause)));
    }
}

impl<S> Drip<S> {
    /// A stream of this pace.
    pub fn new(stream: S, pace: Pace) -> Self {
        let paced = |pace| Paced { pace, now: None, pause: None };
        Self::of(stream, paced(pace.clone()), paced(pace))
    }
}
