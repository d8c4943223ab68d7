//! Answers that a test holds back.

use std::sync::Arc;

use super::command::Command;
use super::shared::Shared;

/// The answers held back by one [`hold`](super::ScriptedNode::hold), in the order in which their
/// requests came. Dropping it does not release them.
#[derive(Debug)]
pub struct Held {
    shared: Arc<Shared>,
    number: usize,
}

impl Held {
    pub(super) const fn new(shared: Arc<Shared>, number: usize) -> Self {
        Self { shared, number }
    }

    /// How many answers are held now.
    pub fn len(&self) -> usize {
        self.shared.state().holds.get(self.number).map_or(0, |hold| hold.answers.len())
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends the answer at this index, counted from 0 among those that are held now.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn release_nth(&self, index: usize) {
        let mut state = self.shared.state();
        let hold = state.holds.get_mut(self.number).expect("a hold outlives its handle");
        assert!(index < hold.answers.len(), "only {} answers are held", hold.answers.len());
        let (connection, answer) = hold.answers.remove(index);
        state.link(connection, |link| link.inbox.push(Command::Send(answer)));
    }

    /// Sends all answers in the order of their requests, and holds nothing back any more.
    pub fn release(&self) {
        let mut state = self.shared.state();
        let hold = state.holds.get_mut(self.number).expect("a hold outlives its handle");
        hold.released = true;
        for (connection, answer) in std::mem::take(&mut hold.answers) {
            state.link(connection, |link| link.inbox.push(Command::Send(answer)));
        }
    }
}
