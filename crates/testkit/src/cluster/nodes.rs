//! What happens to nodes.

use std::net::SocketAddr;

use cqlwire_codec::Event;
use cqlwire_codec::TopologyChange::{MovedNode, NewNode, RemovedNode};

use super::events::{down, topology, up};
use super::{Reach, ScriptedCluster};
use crate::node::Member;

impl ScriptedCluster {
    /// A new node joins, at the next address that nobody had. Gives its number. Events: `NEW_NODE`,
    /// UP.
    ///
    /// # Panics
    ///
    /// On sockets, if the address cannot be listened on.
    pub fn join(&self, data_center: &str, rack: &str) -> usize {
        let address = self.state().ring.next_address();
        let number = self.add(data_center, rack, address);
        self.announce([topology(NewNode, address), up(address)]);
        number
    }

    /// A node is decommissioned: it leaves the ring, and stops. Events: `REMOVED_NODE`.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn leave(&self, number: usize) {
        let address = self.drop_from_ring(number);
        self.node(number).close_connections();
        self.set_reach(address, Reach::Refused);
        self.announce([topology(RemovedNode, address)]);
    }

    /// A node is removed by the others, alive or dead. Events: `REMOVED_NODE`.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn remove(&self, number: usize) {
        let address = self.drop_from_ring(number);
        self.cut_off(number, address);
        self.announce([topology(RemovedNode, address)]);
    }

    /// A node has other tokens. Events: `MOVED_NODE`.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn move_to(&self, number: usize, tokens: impl IntoIterator<Item = i64>) {
        let tokens = tokens.into_iter().map(|token| token.to_string()).collect();
        self.change(number, |member| member.tokens = tokens);
        self.announce([topology(MovedNode, self.address(number))]);
    }

    /// The process of a node is killed: connections are reset, and refused. Events: DOWN.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn kill(&self, number: usize) {
        let address = self.address(number);
        self.cut_off(number, address);
        self.announce([down(address)]);
    }

    /// A node shuts down: what is answered goes out, connections are closed, and refused. Events:
    /// DOWN.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn shut_down(&self, number: usize) {
        let address = self.address(number);
        self.node(number).close_connections();
        self.set_reach(address, Reach::Refused);
        self.announce([down(address)]);
    }

    /// A node is about to shut down: the clients that registered for it on their connections hear
    /// `GRACEFUL_DISCONNECT` from it. What follows, usually [`shut_down`](Self::shut_down), is the
    /// test's to say.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn drain(&self, number: usize) {
        self.node(number).push(&Event::Other("GRACEFUL_DISCONNECT".to_owned()));
    }

    /// A node that was killed or shut down runs again, and knows no prepared statement. Events: UP.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn start(&self, number: usize) {
        let node = self.node(number);
        node.resume();
        node.forget_prepared();
        let address = self.address(number);
        self.occupy(address, node, Reach::Open);
        self.announce([up(address)]);
    }

    /// A node is killed and starts again. Events: DOWN, UP.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn restart(&self, number: usize) {
        self.kill(number);
        self.start(number);
    }

    /// A node is restarted with another version. Events: DOWN, UP.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn upgrade(&self, number: usize, release: &str) {
        self.kill(number);
        self.change(number, |member| member.release = release.to_owned());
        self.start(number);
    }

    /// A node does nothing more, as after SIGSTOP: connections are accepted, by its system, and
    /// stay silent. Events: DOWN, as soon as the others notice.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn pause(&self, number: usize) {
        self.node(number).stop();
        self.announce([down(self.address(number))]);
    }

    /// A paused node goes on. Events: UP.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn resume(&self, number: usize) {
        self.node(number).resume();
        self.announce([up(self.address(number))]);
    }

    /// A node is cut off by the network: nobody is refused, and nothing arrives. Events: DOWN.
    /// [`heal`](Self::heal) undoes it.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn isolate(&self, number: usize) {
        let address = self.address(number);
        self.node(number).stop();
        self.set_reach(address, Reach::Lost);
        self.announce([down(address)]);
    }

    /// A node is reached again, and goes on where it was. Events: UP.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn heal(&self, number: usize) {
        let (address, node) = (self.address(number), self.node(number));
        node.resume();
        self.occupy(address, node, Reach::Open);
        self.announce([up(address)]);
    }

    /// A node is restarted with another address, at which it is the same host; nobody is at the
    /// old one any more. Events: DOWN and `REMOVED_NODE` of the old address, `NEW_NODE` and UP of
    /// the new one.
    ///
    /// # Panics
    ///
    /// If there is no such node; on sockets, if the address cannot be listened on.
    pub fn change_address(&self, number: usize, address: SocketAddr) {
        let old = self.address(number);
        let node = self.node(number);
        self.state().network.vacate(old);
        node.reset_connections();
        node.resume();
        node.forget_prepared();
        self.change(number, |member| member.address = address);
        self.occupy(address, node, Reach::Open);
        self.announce([
            down(old),
            topology(RemovedNode, old),
            topology(NewNode, address),
            up(address),
        ]);
    }

    /// A dead node is replaced by a new one at the same address and with the same tokens, which is
    /// another host. Gives its number. Events: DOWN, UP; that is all that servers say.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn replace(&self, number: usize) -> usize {
        let old = self.member(number);
        let address = self.drop_from_ring(number);
        self.cut_off(number, address);
        let new = self.add(&old.data_center, &old.rack, address);
        self.change(new, |member| member.tokens = old.tokens);
        self.announce([down(address), up(address)]);
        new
    }

    /// The system tables say something else about a node, of which there are no events.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn change(&self, number: usize, change: impl FnOnce(&mut Member)) {
        let mut state = self.state();
        change(&mut state.ring.slot_mut(number).member);
        state.ring.publish();
    }

    pub(super) fn add(&self, data_center: &str, rack: &str, address: SocketAddr) -> usize {
        let mut state = self.state();
        let number = state.ring.add(data_center, rack, address);
        state.ring.publish();
        drop(state);
        self.occupy(address, self.node(number), Reach::Open);
        number
    }

    fn drop_from_ring(&self, number: usize) -> SocketAddr {
        let mut state = self.state();
        let slot = state.ring.slot_mut(number);
        assert!(slot.in_ring, "node {number} has left before");
        slot.in_ring = false;
        let address = slot.member.address;
        state.ring.publish();
        address
    }

    fn cut_off(&self, number: usize, address: SocketAddr) {
        let node = self.node(number);
        // First the door: nobody may come in after the others were put out.
        self.set_reach(address, Reach::Refused);
        node.reset_connections();
    }
}
