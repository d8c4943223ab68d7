//! A session and its server in memory, under paused time: what the targets with whole sessions share.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::net::{ByteStream, Dialer, Dialing, ServerAddress};
use cqlwire::{ExecutionProfile, Session, SessionBuilder};
use cqlwire_testkit::node::{ScriptedNode, ViolationKind};
use cqlwire_testkit::probe;
use tokio::time::{Instant, sleep};

/// How long a request may take, and connecting.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// Timers are this late, at most.
const SLACK: Duration = Duration::from_millis(100);

/// How long what was disturbed has to come to rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs this on one thread, where time passes only while nothing else is to be done.
pub(crate) fn run<F: Future<Output = ()>>(scene: impl FnOnce() -> F) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async { scene().await });
}

/// Whatever the address, it is this server.
struct Only(Arc<ScriptedNode>);

impl Dialer for Only {
    fn dial<'a>(&'a self, _: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async { Ok(Box::new(self.0.connect()) as Box<dyn ByteStream>) })
    }
}

impl fmt::Debug for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Only")
    }
}

/// A session with this server, in which everything that heals does so soon.
pub(crate) fn builder(node: &Arc<ScriptedNode>) -> SessionBuilder {
    let dialer: Arc<dyn Dialer> = Arc::new(Only(Arc::clone(node)));
    Session::builder()
        .contact_points([node.address().to_string()])
        .connect_timeout(TIMEOUT)
        .reconnection(Duration::from_millis(10), Duration::from_millis(200))
        .topology_refresh_interval(TIMEOUT)
        .profile(ExecutionProfile::default().timeout(TIMEOUT))
        .connection(|settings| {
            settings.dialer = Some(dialer);
            let limits = &mut settings.multiplexer;
            limits.heartbeat_after = Duration::from_secs(1);
            limits.heartbeat_timeout = Duration::from_millis(300);
            limits.max_orphan_age = Duration::from_secs(2);
        })
}

/// The outcome of something that has to be over within its time.
pub(crate) async fn in_time<F: IntoFuture>(what: &str, future: F) -> F::Output {
    let began = Instant::now();
    let outcome = future.into_future().await;
    let took = began.elapsed();
    assert!(took <= TIMEOUT + SLACK, "{what} took {took:?} of {TIMEOUT:?}");
    outcome
}

/// Waits until it is true.
pub(crate) async fn eventually(mut is_true: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !is_true() {
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Closes the session, after which nothing of it is left, at the server neither.
pub(crate) async fn close(session: Session, node: &Arc<ScriptedNode>) {
    assert!(eventually(|| session.resources().is_idle()).await, "{}", session.resources());
    session.close(TIMEOUT).await;
    assert!(session.resources().is_zero(), "after close: {}", session.resources());
    let totals = session.metrics().requests;
    assert_eq!((totals.begun, totals.under_way()), (totals.ended(), 0), "{totals}");
    drop(session);
    nothing_is_left(node).await;
}

/// No task, and no connection.
pub(crate) async fn nothing_is_left(node: &Arc<ScriptedNode>) {
    let is_over = eventually(|| node.connections() == 0 && probe::tasks() == 0).await;
    assert!(is_over, "{} tasks and {} connections are left", probe::tasks(), node.connections());
}

/// What the client did against the protocol, but for requests that a connection's end cut off.
pub(crate) fn check_violations(node: &ScriptedNode, are_to_be_expected: bool) {
    for violation in node.take_violations() {
        let is_cut_off = matches!(&violation.kind, ViolationKind::Framing(error) if error.to_string().contains("is cut off"));
        assert!(are_to_be_expected || is_cut_off, "{violation}");
    }
}
