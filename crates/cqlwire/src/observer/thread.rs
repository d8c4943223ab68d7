//! The thread on which observers are told.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::Builder;
use std::time::Duration;

use cqlwire_net::panic_message;
use crossbeam_channel::{Receiver, select};

use super::{Event, Observer, Shared};

/// How often it is said at most that an observer panics.
const EVERY: Duration = Duration::from_secs(600);

/// Starts it. It ends when it is told to stop, or when nobody is left who could tell it anything; in
/// both cases once the queue is empty.
pub(super) fn start(
    observers: Vec<Told>,
    events: Receiver<Event>,
    stopped: Receiver<()>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let telling = move || {
        let _ended = shared.ended.clone().drop_guard();
        let thread = Telling { observers, shared };
        thread.run(&events, &stopped);
    };
    Builder::new().name("cqlwire-observer".to_owned()).spawn(telling).map(drop)
}

/// An observer, and what it wants to be told.
pub(super) struct Told {
    observer: Arc<dyn Observer>,
    pub(super) wants_requests: bool,
}

impl Told {
    /// One that panics when it is asked wants no requests.
    pub(super) fn new(observer: Arc<dyn Observer>) -> Self {
        let wants_requests = catch_unwind(AssertUnwindSafe(|| observer.wants_requests()));
        Self { observer, wants_requests: wants_requests.unwrap_or(false) }
    }

    fn tell(&self, event: &Event) {
        match event {
            Event::Request(report) if self.wants_requests => self.observer.request(report),
            Event::Request(_) => {}
            Event::Cluster(change) => self.observer.cluster(change),
            Event::Connection(change) => self.observer.connection(change),
        }
    }
}

struct Telling {
    observers: Vec<Told>,
    shared: Arc<Shared>,
}

impl Telling {
    fn run(&self, events: &Receiver<Event>, stopped: &Receiver<()>) {
        loop {
            select! {
                recv(events) -> event => match event {
                    Ok(event) => self.tell(&event),
                    Err(_) => return,
                },
                // Stopped, or the session is gone.
                recv(stopped) -> _ => {
                    events.try_iter().for_each(|event| self.tell(&event));
                    return;
                }
            }
        }
    }

    fn tell(&self, event: &Event) {
        if self.shared.abandoned.load(Relaxed) {
            return self.shared.missed(1);
        }
        for observer in &self.observers {
            let told = catch_unwind(AssertUnwindSafe(|| observer.tell(event)));
            if let Err(payload) = told {
                self.panicked(&*payload);
            }
        }
        self.shared.told.fetch_add(1, Relaxed);
    }

    #[cold]
    fn panicked(&self, payload: &(dyn Any + Send)) {
        let panics = self.shared.panics.fetch_add(1, Relaxed) + 1;
        if self.shared.log.now_and_then("observer", (), EVERY).is_some() {
            let (session, message) = (self.shared.log.id(), panic_message(payload));
            tracing::error!(%session, message, panics, "an observer panicked: it is told on");
        }
    }
}
