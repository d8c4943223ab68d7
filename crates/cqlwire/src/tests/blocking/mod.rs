//! Blocking sessions: with a node on a runtime of its own, as its test may block any other.

mod dead_threads;
mod ends;
mod requests;
mod runtimes;
mod user_code;

use std::thread;
use std::time::{Duration, Instant};

use cqlwire_testkit::node::{Prime, Received, ScriptedNode};
use cqlwire_testkit::probe::{Alone, alone};
use tokio::runtime::{Builder, Runtime};

use super::{PATIENCE, builder, prime_users};
use crate::SessionBuilder;
use crate::blocking::Session;

/// What nobody answers.
const SILENT: &str = "INSERT INTO silent (id) VALUES (1)";

/// Far longer than a test waits: what ends before that has been ended.
const AGES: Duration = Duration::from_secs(600);

/// A node on a socket, served by threads of its own.
struct Node {
    node: ScriptedNode,
    runtime: Option<Runtime>,
    alone: Option<Alone>,
}

impl Node {
    /// Answers with so many users, and says nothing to `SILENT`.
    fn with(users: i64) -> Self {
        let runtime = runtime();
        let alone = runtime.block_on(alone());
        let mut node = Self::on(runtime, users);
        node.alone = Some(alone);
        node
    }

    /// The same, for a test that is a task, and has its turn by itself.
    fn beside(_alone: &Alone, users: i64) -> Self {
        thread::spawn(move || Self::on(runtime(), users)).join().unwrap()
    }

    fn on(runtime: Runtime, users: i64) -> Self {
        let node = runtime.block_on(ScriptedNode::builder().start_tcp()).unwrap();
        prime_users(&node, users);
        node.prime(Prime::statement(SILENT).silence());
        Self { node, runtime: Some(runtime), alone: None }
    }

    fn builder(&self) -> SessionBuilder {
        builder(&self.node).connections_per_host(1)
    }

    fn session(&self) -> Session {
        Session::connect(self.builder()).unwrap()
    }

    /// The last request of this statement.
    fn last(&self, statement: &str) -> Received {
        let mut received = self.node.received().into_iter();
        received.rfind(|one| one.statements == [statement]).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Where it could not be waited for.
        self.runtime.take().unwrap().shutdown_background();
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Waits until this is so, on any thread.
#[track_caller]
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "still not so: {what}");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// Nothing is under way in the session any more.
#[track_caller]
fn at_rest(session: &Session) {
    until("nothing is under way", || session.resources().is_idle());
}

/// So many requests wait for their responses.
#[track_caller]
fn in_flight(session: &Session, count: usize) {
    until("all are in flight", || session.resources().in_flight == count);
}
