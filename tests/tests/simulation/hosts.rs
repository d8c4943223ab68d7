//! What happens to hosts. Each step can come at any time: where it makes no sense, nothing happens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::codec::{
    Event, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
};
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};

use super::plan::HostStep;
use super::world::World;

impl World {
    fn events(&self) -> ScriptedCluster {
        self.cluster.events(self.state().delivery.unwrap_or(EventDelivery::Now))
    }

    /// How events are delivered from now on.
    pub(crate) fn deliver(&self, delivery: EventDelivery) {
        self.state().delivery = Some(delivery);
    }

    /// The numbers of the nodes that are in the ring.
    pub(crate) fn in_ring(&self) -> Vec<usize> {
        let state = self.state();
        (0..state.hosts.len()).filter(|number| !state.hosts[*number].has_left).collect()
    }

    pub(crate) fn befall(self: &Arc<Self>, which: usize, step: HostStep) {
        let members = self.in_ring();
        let number = members[which % members.len()];
        let (is_dead, hangs) = {
            let host = &self.state().hosts[number];
            (host.is_dead, host.hangs)
        };
        let (cluster, node) = (self.events(), self.cluster.node(number));
        match step {
            HostStep::Kill if !is_dead => {
                self.set(number, true, false);
                cluster.kill(number);
            }
            HostStep::ShutDown if !is_dead && !hangs => {
                self.set(number, true, false);
                cluster.shut_down(number);
            }
            HostStep::Start if is_dead => self.start(&cluster, number),
            HostStep::Restart if !is_dead => {
                cluster.kill(number);
                self.start(&cluster, number);
            }
            HostStep::Hang if !is_dead && !hangs => {
                self.set(number, false, true);
                cluster.pause(number);
            }
            HostStep::Isolate if !is_dead && !hangs => {
                self.set(number, false, true);
                cluster.isolate(number);
            }
            HostStep::GoOn if hangs => {
                self.set(number, false, false);
                cluster.heal(number);
            }
            HostStep::Readdress => {
                self.set(number, false, false);
                cluster.change_address(number, self.new_address());
            }
            HostStep::Forget => node.forget_prepared(),
            HostStep::Reset if !is_dead => node.reset_connections(),
            HostStep::Close if !is_dead => node.close_connections(),
            _ => self.befall_ring(number, step, &cluster),
        }
    }

    /// What changes who belongs to the ring, and what happens on the way to a host.
    fn befall_ring(self: &Arc<Self>, number: usize, step: HostStep, cluster: &ScriptedCluster) {
        match step {
            HostStep::Join if self.in_ring().len() < 5 => {
                cluster.join("near", "rack");
                self.began();
            }
            // The first is the contact point.
            HostStep::Leave if number != 0 => {
                self.cluster.node(number).resume();
                self.leave(number);
                cluster.leave(number);
            }
            HostStep::Replace if number != 0 => {
                self.leave(number);
                cluster.replace(number);
                self.began();
            }
            HostStep::Drip(bytes, pause) => {
                let pause = Duration::from_millis(pause);
                let host = &mut self.state().hosts[number];
                host.was_slow = true;
                host.pace.slow(bytes, pause);
            }
            HostStep::Flow => self.state().hosts[number].pace.free(),
            HostStep::Fault(scope, count, fault) => {
                self.state().hosts[number].faults.push_back((scope, count, fault));
            }
            HostStep::Break(sense, at, fault) => {
                self.state().hosts[number].breaks.push_back((sense, at, fault));
            }
            _ => {}
        }
    }

    fn set(&self, number: usize, is_dead: bool, hangs: bool) {
        let host = &mut self.state().hosts[number];
        (host.is_dead, host.hangs) = (is_dead, hangs);
    }

    fn leave(&self, number: usize) {
        self.set(number, true, false);
        self.state().hosts[number].has_left = true;
    }

    fn start(&self, cluster: &ScriptedCluster, number: usize) {
        self.set(number, false, false);
        cluster.start(number);
    }

    /// One that no host ever had.
    fn new_address(&self) -> SocketAddr {
        let mut last = self.state().moved;
        last += 1;
        self.state().moved = last;
        SocketAddr::from(([10, 9, 0, last], 9042))
    }

    /// Columns of this table change their order, on all servers at once.
    pub(crate) fn alter(&self, table: usize) {
        let count = {
            let mut state = self.state();
            state.altered[table] = !state.altered[table];
            state.hosts.len()
        };
        (0..count).for_each(|number| self.describe(number, table));
    }

    /// Servers tell of what did not happen.
    pub(crate) fn spread_rumours(&self, count: u8) {
        for number in 0..count {
            let address = SocketAddr::from(([10, 0, number % 3, number], 9042));
            self.cluster.push(&match number % 4 {
                0 => Event::StatusChange { change: StatusChange::Down, address },
                1 => Event::StatusChange { change: StatusChange::Up, address },
                2 => Event::TopologyChange { change: TopologyChange::RemovedNode, address },
                _ => Event::SchemaChange(SchemaChange {
                    kind: SchemaChangeKind::Updated,
                    target: SchemaTarget::Table(format!("t{number}")),
                    keyspace: "app".to_owned(),
                }),
            });
        }
    }

    /// Connections that are still there, after what should have been their end.
    pub(crate) fn undead(&self) -> Vec<String> {
        let nodes = self.cluster.nodes();
        let state = self.state();
        let is_open = |(number, connection, _): &&(usize, usize, _)| {
            nodes[*number].accepted().get(*connection).is_some_and(|own| own.open)
        };
        let undead = state.doomed.iter().filter(is_open);
        undead
            .map(|(number, own, fault)| format!("{number}.{own} goes on after {fault:?}"))
            .collect()
    }

    /// How often addresses were dialled at which there is no host by now, and how many connections there
    /// are to hosts that have left.
    pub(crate) fn at_no_host(&self) -> (usize, usize) {
        let members = self.in_ring();
        let addresses: Vec<_> = members.iter().map(|own| self.cluster.address(*own)).collect();
        let dials = self.cluster.all_dials();
        let dials = dials.iter().filter(|(address, _)| !addresses.contains(address));
        let nodes = self.cluster.nodes();
        let nodes = nodes.iter().zip(0..).filter(|(_, number)| !members.contains(number));
        (dials.map(|(_, count)| count).sum(), nodes.map(|(node, _)| node.connections()).sum())
    }

    /// Were there connections to this node that were so slow, or ended in the middle of anything?
    pub(crate) fn breaks_off(&self, number: usize) -> bool {
        let host = &self.state().hosts[number];
        host.has_broken || host.was_slow
    }

    /// All is well from now on.
    pub(crate) fn heal(self: &Arc<Self>) {
        self.deliver(EventDelivery::Now);
        for number in self.in_ring() {
            let broken = {
                let host = &mut self.state().hosts[number];
                host.faults.clear();
                host.breaks.clear();
                host.pace.free();
                host.has_broken
            };
            let (is_dead, hangs) = {
                let host = &self.state().hosts[number];
                (host.is_dead, host.hangs)
            };
            if is_dead {
                self.start(&self.cluster, number);
            } else if hangs {
                self.set(number, false, false);
                self.cluster.heal(number);
            }
            if broken {
                // What is to happen to one of them may be still to come.
                self.cluster.node(number).reset_connections();
            }
        }
    }
}
