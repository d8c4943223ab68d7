//! A cluster in memory, so that time can be paused.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::ScriptedNode;
use tokio::time::Instant;

use super::PATIENCE;
use crate::net::{ByteStream, Dialer, Dialing, ServerAddress};
use crate::{HostIndex, LoadBalancing, Routing, Session, SessionBuilder, Topology, Tried};

/// Connects to nodes in memory by their addresses; to anybody else, it dials for ever.
pub(super) struct Memory(Vec<ScriptedNode>);

impl Memory {
    pub(super) fn of(nodes: impl IntoIterator<Item = ScriptedNode>) -> Arc<Self> {
        Arc::new(Self(nodes.into_iter().collect()))
    }

    pub(super) fn node(&self) -> &ScriptedNode {
        &self.0[0]
    }

    pub(super) fn nodes(&self) -> &[ScriptedNode] {
        &self.0
    }

    /// A session with the first node as its contact point, one connection to each, and requests
    /// that go to each in turn.
    pub(super) fn builder(self: &Arc<Self>) -> SessionBuilder {
        self.routed().load_balancing(InTurn::default())
    }

    /// The same, with requests that go where sessions send them.
    pub(super) fn routed(self: &Arc<Self>) -> SessionBuilder {
        let dialer: Arc<dyn Dialer> = self.clone();
        Session::builder()
            .contact_points([self.node().address().to_string()])
            .connections_per_host(1)
            .connection(|settings| settings.dialer = Some(dialer))
    }

    pub(super) async fn session(self: &Arc<Self>) -> Session {
        self.builder().connect().await.unwrap()
    }
}

/// The hosts in turn, so that a test knows where a request goes.
#[derive(Debug, Default)]
struct InTurn(AtomicUsize);

impl LoadBalancing for InTurn {
    fn next(
        &self,
        _: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        let hosts = topology.local_hosts();
        let turn =
            if tried.is_empty() { self.0.fetch_add(1, Relaxed) } else { self.0.load(Relaxed) };
        let (before, after) = hosts.split_at(turn % hosts.len());
        after.iter().chain(before).copied().find(|host| !tried.contains(*host))
    }
}

impl Dialer for Memory {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        let node = self.0.iter().find(|node| address.socket() == Some(node.address()));
        Box::pin(async move {
            let Some(node) = node else { return std::future::pending().await };
            let stream: Box<dyn ByteStream> = Box::new(node.connect());
            io::Result::Ok(stream)
        })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.0.len()).finish()
    }
}

/// Waits until nothing is under way in the session any more.
pub(super) async fn at_rest(session: &Session) {
    eventually(PATIENCE, "nothing is under way", || session.resources().is_idle()).await;
}

/// Asserts that `future` ends at its deadline: not before, and within 50 ms after.
pub(super) async fn ends_after<F: Future>(deadline: Duration, future: F) -> F::Output {
    let started = Instant::now();
    let output = future.await;
    let took = started.elapsed();
    let latest = deadline + Duration::from_millis(50);
    assert!(took >= deadline && took <= latest, "took {took:?} of {deadline:?}");
    output
}
