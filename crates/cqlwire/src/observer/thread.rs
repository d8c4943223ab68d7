//! The thread on which observers are told.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use cqlwire_net::panic_message;
use crossbeam_channel::{Receiver, select};

use super::event::{Event, Told};
use super::tally::Tally;

/// How often it is said at most that an observer panics.
const EVERY: Duration = Duration::from_secs(600);

/// Starts it. It ends when it is told to stop, or when nobody is left who could tell it anything; in
/// both cases once the queue is empty.
pub(super) fn start(
    observers: Vec<Told>,
    events: Receiver<Event>,
    stopped: Receiver<()>,
    tally: Arc<Tally>,
) -> io::Result<()> {
    let telling = move || {
        let _ends = Ends(Arc::clone(&tally));
        let thread = Telling { observers, tally };
        thread.run(&events, &stopped);
    };
    Builder::new().name("cqlwire-observer".to_owned()).spawn(telling).map(drop)
}

/// Says that the thread has ended, when it is dropped.
struct Ends(Arc<Tally>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abandon();
        self.0.ended.cancel();
    }
}

struct Telling {
    observers: Vec<Told>,
    tally: Arc<Tally>,
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
        if self.tally.is_abandoned() {
            return self.tally.missed(1);
        }
        for observer in &self.observers {
            let told = catch_unwind(AssertUnwindSafe(|| observer.tell(event)));
            if let Err(payload) = told {
                self.panicked(&*payload);
            }
        }
        self.tally.told();
    }

    #[cold]
    fn panicked(&self, payload: &(dyn Any + Send)) {
        let panics = self.tally.panicked();
        if self.tally.log.now_and_then("observer", (), EVERY).is_some() {
            let (session, message) = (self.tally.log.id(), panic_message(payload));
            tracing::error!(%session, message, panics, "an observer panicked: it is told on");
        }
    }
}
