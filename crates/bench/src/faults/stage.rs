//! The servers and the links to them, and doing what a plan says.

use std::net::SocketAddr;

use cqlwire_testkit::cassandra::Cluster;
use tokio::task::JoinSet;

use super::link::Link;
use super::load::now;
use super::watch::Watch;
use super::{LinkState, Mark, Marks, Step};
use crate::Result;

/// How many servers there are; each has everything.
const NODES: u8 = 3;

/// Three servers, each with a link to it.
#[derive(Debug)]
pub(super) struct Stage {
    cluster: Cluster,
    links: Vec<Link>,
}

impl Stage {
    /// Starts the servers. They end with this.
    pub(super) async fn set() -> Result<Self> {
        let cluster = Cluster::builder().nodes(NODES).name("bench-faults").start().await;
        let mut links = Vec::new();
        for server in cluster.contact_points() {
            links.push(Link::open(*server).await?);
        }
        Ok(Self { cluster, links })
    }

    /// Where the servers are, before others come or any goes.
    pub(super) fn servers(&self) -> &[SocketAddr] {
        self.cluster.contact_points()
    }

    /// Where each server is, and where it is reached over its link.
    pub(super) fn translated(&self) -> Vec<(SocketAddr, SocketAddr)> {
        self.links.iter().map(|link| (link.server, link.address)).collect()
    }

    /// Does all of this before or after anybody looks.
    pub(super) async fn set_up(&mut self, steps: &[Step]) {
        for step in steps {
            self.act(step).await;
        }
    }

    /// Does all of this, and gives when what was.
    pub(super) async fn play(&mut self, steps: &[Step], watch: &mut Watch) -> Result<Marks> {
        let mut marks = Marks::default();
        for step in steps {
            match step {
                Step::Mark(Mark::Measured) => marks.measured = now()?,
                Step::Mark(Mark::Begin) => marks.begin = now()?,
                Step::Mark(Mark::End) => marks.end = now()?,
                Step::Mark(Mark::Over) => marks.over = now()?,
                Step::Leave(node) | Step::Remove(node) | Step::Move(node, _) => {
                    let left = self.cluster.node(*node).address();
                    self.act(step).await;
                    watch.left(left).await?;
                }
                _ => self.act(step).await,
            }
        }
        Ok(marks)
    }

    async fn act(&mut self, step: &Step) {
        match step {
            Step::For(long) => tokio::time::sleep(*long).await,
            // Of a moment there is nothing to do.
            Step::Mark(_) => {}
            Step::Kill(node) => self.cluster.node(*node).kill(),
            Step::Stop(node) => self.cluster.node(*node).stop().await,
            Step::Start(nodes) => self.start(nodes).await,
            Step::Pause(node) => self.cluster.node(*node).pause(),
            Step::Resume(node) => self.cluster.node(*node).resume(),
            Step::Link(node, state) => self.link(*node, *state),
            Step::Join => drop(self.cluster.add_node().await),
            Step::Leave(node) => self.cluster.decommission(*node).await,
            Step::Remove(node) => self.cluster.remove_node(*node).await,
            Step::Move(node, last) => self.cluster.node(*node).move_to(*last),
            Step::Forget(node) => self.cluster.node(*node).forget_prepared(),
        }
    }

    async fn start(&self, nodes: &[u8]) {
        let mut starting = JoinSet::new();
        for node in nodes {
            let node = self.cluster.node(*node).clone();
            starting.spawn(async move { node.start().await });
        }
        starting.join_all().await;
    }

    fn link(&self, node: u8, state: LinkState) {
        let link = usize::from(node).checked_sub(1).and_then(|index| self.links.get(index));
        if let Some(link) = link {
            link.set(state);
        }
    }
}
