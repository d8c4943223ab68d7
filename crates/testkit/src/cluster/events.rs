//! Events, and what becomes of them on their way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Event, StatusChange, TopologyChange};
use tokio::time::sleep;

use super::network::Reach;
use super::{ScriptedCluster, State, lock};

/// What becomes of the events of an operation.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum EventDelivery {
    /// They are sent as the operation ends, in order.
    Now,
    /// They are sent so much later, by the clock of the runtime.
    Late(Duration),
    /// Each is sent twice.
    Twice,
    /// The last is sent first.
    Reversed,
    /// They are kept until [`ScriptedCluster::release_events`].
    Held,
    /// They are never sent.
    Lost,
}

impl ScriptedCluster {
    /// The same cluster, with another way for the events of the operations that are called on this
    /// handle.
    #[must_use]
    pub fn events(&self, delivery: EventDelivery) -> Self {
        Self { shared: self.shared.clone(), delivery }
    }

    /// Sends what was held back, after `arrange` has changed its order, or what it is.
    pub fn release_events(&self, arrange: impl FnOnce(&mut Vec<Event>)) {
        let mut held = std::mem::take(&mut self.state().held);
        arrange(&mut held);
        self.push_all(&held);
    }

    /// Sends this event by every node that is up, whether it is true or not.
    pub fn push(&self, event: &Event) {
        self.state().push(event);
    }

    /// Sends the events of an operation as this handle is to.
    pub(super) fn announce<const N: usize>(&self, events: [Event; N]) {
        match self.delivery {
            EventDelivery::Now => self.push_all(&events),
            EventDelivery::Twice => {
                for event in &events {
                    self.push(event);
                    self.push(event);
                }
            }
            EventDelivery::Reversed => events.iter().rev().for_each(|event| self.push(event)),
            EventDelivery::Held => self.state().held.extend(events),
            EventDelivery::Lost => {}
            EventDelivery::Late(delay) => {
                let shared = Arc::downgrade(&self.shared);
                self.spawn(async move {
                    sleep(delay).await;
                    if let Some(shared) = shared.upgrade() {
                        let state = lock(&shared.state);
                        events.iter().for_each(|event| state.push(event));
                    }
                });
            }
        }
    }

    fn push_all(&self, events: &[Event]) {
        events.iter().for_each(|event| self.push(event));
    }
}

impl State {
    /// By every member that is up: each tells its own clients what it has heard.
    fn push(&self, event: &Event) {
        for slot in self.ring.slots.iter().filter(|slot| slot.in_ring) {
            let occupant = self.network.occupants.get(&slot.member.address);
            if occupant.is_some_and(|occupant| occupant.reach == Reach::Open) {
                slot.node.push(event);
            }
        }
    }
}

pub(super) const fn topology(change: TopologyChange, address: SocketAddr) -> Event {
    Event::TopologyChange { change, address }
}

pub(super) const fn up(address: SocketAddr) -> Event {
    Event::StatusChange { change: StatusChange::Up, address }
}

pub(super) const fn down(address: SocketAddr) -> Event {
    Event::StatusChange { change: StatusChange::Down, address }
}
