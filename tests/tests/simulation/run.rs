//! One run, from connecting to the last look at what is left.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use std::time::Duration;

use cqlwire::codec::{Compression, ProtocolVersion};
use cqlwire::net::Dialer;
use cqlwire::{
    ConstantDelay, DefaultRetryPolicy, DowngradingRetryPolicy, ExecutionProfile, FailedAttempt,
    NeverRetry, RetryPolicy, RetryVerdict, Session, SessionBuilder,
};
use cqlwire_testkit::node::{Violation, ViolationKind};
use cqlwire_testkit::probe;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::model::Model;
use super::plan::{Call, How, Plan, Retries, Setup, Step, What};
use super::user::{DEFAULT_TIMEOUT, Users};
use super::way::{NAME, Way};
use super::world::{TABLES, World};

const MS: Duration = Duration::from_millis(1);

/// Nothing of a run takes longer than this, of virtual time.
const LONGEST: Duration = Duration::from_secs(600);

/// How long what was disturbed has to come back to work, and to rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than silence is borne, answers are owed, and a host is not tried.
const SETTLING: Duration = Duration::from_secs(5);

/// How often the session lists the hosts anew.
const LISTING: Duration = Duration::from_secs(2);

/// The id of the first call after all was healed.
const HEALED: i64 = 2_000_000;

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What cannot be; empty if all is well.
    pub(crate) wrong: Vec<String>,
    /// All that happened.
    pub(crate) trace: Vec<String>,
}

thread_local! {
    /// What has panicked in the run of this thread, on whichever task; `None`: there is no run.
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Has panics of this thread noted: one on a task of the driver would not be seen.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let noted = PANICS.with_borrow_mut(|panics| {
                panics.as_mut().map(|panics| panics.push(info.to_string()))
            });
            if noted.is_none() {
                usual(info);
            }
        }));
    });
}

impl Plan {
    /// Runs it, under paused time, on a runtime of its own.
    pub(crate) fn run(&self) -> Outcome {
        self.run_as(false)
    }

    /// The same, and tells what happens.
    pub(crate) fn run_traced(&self) -> Outcome {
        self.run_as(true)
    }

    fn run_as(&self, is_traced: bool) -> Outcome {
        note_panics();
        PANICS.set(Some(Vec::new()));
        fastrand::seed(self.seed);
        let mut outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true).build();
            let runtime = runtime.expect("a runtime can be had");
            runtime.block_on(async {
                let world = World::of(self, is_traced);
                let whole = timeout(LONGEST, self.run_in(&world)).await;
                if whole.is_err() {
                    world.model.wrong(format!("it has not come to an end in {LONGEST:?}"));
                }
                let (wrong, trace) = world.model.take();
                Outcome { wrong, trace }
            })
        }))
        .unwrap_or_default();
        outcome
            .wrong
            .extend(PANICS.take().into_iter().flatten().map(|panic| format!("panic: {panic}")));
        outcome
    }

    async fn run_in(&self, world: &Arc<World>) {
        let session = match self.setup.builder(world).connect().await {
            Ok(session) => session,
            Err(error) => return world.model.wrong(format!("could not connect: {error}")),
        };
        let users = Users::new(session.clone(), Arc::clone(world), self.setup.clone());
        let mut calls = JoinSet::new();
        for timed in &self.steps {
            sleep(Duration::from_millis(timed.after)).await;
            match &timed.step {
                Step::Call(call) => drop(calls.spawn(users.clone().call(call.clone()))),
                step => self.step(step, world, &session, &mut calls),
            }
        }
        while calls.join_next().await.is_some() {}
        world.model.note(|| "all calls have ended".to_owned());
        world.heal();
        if !session.is_closed() {
            comes_back(&users).await;
        }
        ends(self, world, session, users).await;
    }

    fn step(&self, step: &Step, world: &Arc<World>, session: &Session, calls: &mut JoinSet<()>) {
        world.model.note(|| format!("{step:?}"));
        match step {
            Step::Host(which, step) => world.befall(*which, *step),
            Step::Alter(table) => world.alter(*table),
            Step::Events(delivery) => world.deliver(*delivery),
            Step::Rumours(count) => world.spread_rumours(*count),
            Step::Close(millis) => {
                let (session, world) = (session.clone(), world.clone());
                let limit = Duration::from_millis(*millis);
                calls.spawn(async move { close(&session, &world.model, limit).await });
            }
            Step::Call(_) => {}
        }
    }
}

/// Everything was healed: the same session works again by itself.
async fn comes_back(users: &Users) {
    let world = &users.world;
    sleep(SETTLING).await;
    users.model().note(|| "all is well".to_owned());
    world.undead().into_iter().for_each(|undead| world.model.wrong(undead));
    let (gone, connections) = world.at_no_host();
    if connections > 0 {
        world.model.wrong(format!("{connections} connections to hosts that have left"));
    }
    let hows = [How::Text, How::Values, How::Prepared];
    let mut id = HEALED;
    for (table, how) in (0..TABLES).zip(hows) {
        for what in [What::Write { table, key: 0 }, What::Read { table, key: 0 }] {
            id += 1;
            let before = world.model.state().seen.counts[0];
            let (attempt_timeout, letting_go) = (None, None);
            let idempotent = Some(true);
            let timeout = 2_000;
            let call = Call { id, what, how, timeout, attempt_timeout, idempotent, letting_go };
            users.clone().call(call).await;
            if world.model.state().seen.counts[0] == before {
                world.model.wrong(format!("{id} failed, although all is well again"));
            }
        }
    }
    sleep(LISTING + LISTING / 4).await;
    let (dials, _) = world.at_no_host();
    if dials > gone {
        world.model.wrong(format!("{} dials where no host is any more", dials - gone));
    }
    let session = &users.session;
    if !eventually(PATIENCE, || session.resources().is_idle()).await {
        world.model.wrong(format!("nothing is under way, but: {}", session.resources()));
    }
}

/// The session ends, and nothing is left.
async fn ends(plan: &Plan, world: &Arc<World>, session: Session, users: Users) {
    let model = &world.model;
    if plan.setup.dropped && !session.is_closed() {
        model.note(|| "dropped".to_owned());
    } else {
        close(&session, model, if session.is_closed() { PATIENCE } else { MS * 50 }).await;
        let resources = session.resources();
        if !resources.is_zero() {
            model.wrong(format!("after close: {resources}"));
        }
        let totals = session.metrics().requests;
        if (totals.begun, totals.under_way()) != (totals.ended(), 0) {
            model.wrong(format!("outcomes do not add up: {totals}"));
        }
        let difference = model.state().seen.differs(&totals);
        difference.into_iter().for_each(|difference| model.wrong(difference));
    }
    drop((session, users));
    let nodes = world.cluster.nodes();
    let connections = || nodes.iter().map(|node| node.connections()).sum::<usize>();
    if !eventually(PATIENCE, || connections() == 0 && probe::tasks() == 0).await {
        let (tasks, open) = (probe::tasks(), connections());
        model.wrong(format!("{tasks} tasks and {open} connections are left"));
    }
    model.check_writes();
    for (number, node) in nodes.iter().enumerate() {
        let breaks = world.breaks_off(number);
        for violation in node.take_violations() {
            if !(breaks && is_cut_off(&violation)) {
                model.wrong(format!("node {number}: {violation}"));
            }
        }
    }
}

/// The connection ended in the middle of a request: that is the client's fault only if it had time to
/// write.
fn is_cut_off(violation: &Violation) -> bool {
    matches!(&violation.kind, ViolationKind::Framing(error) if error.to_string().contains("is cut off"))
}

async fn close(session: &Session, model: &Model, limit: Duration) {
    let started = Instant::now();
    session.close(limit).await;
    let took = started.elapsed();
    model.note(|| format!("closed after {took:?}"));
    if took > limit + 50 * MS {
        model.wrong(format!("close took {took:?} of {limit:?}"));
    }
}

/// Waits for this; gives whether it came.
async fn eventually(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    while !condition() {
        if Instant::now() >= end {
            return false;
        }
        sleep(20 * MS).await;
    }
    true
}

impl Setup {
    fn builder(&self, world: &Arc<World>) -> SessionBuilder {
        let way: Arc<dyn Dialer> = Arc::new(Way(Arc::clone(world)));
        let newest = match self.version {
            3 => ProtocolVersion::V3,
            4 => ProtocolVersion::V4,
            _ => ProtocolVersion::V5,
        };
        let profile = ExecutionProfile::default().timeout(DEFAULT_TIMEOUT);
        let mut builder = Session::builder()
            .contact_points([NAME])
            .protocol_versions(ProtocolVersion::V3, newest)
            .connections_per_host(self.connections_per_host)
            .reconnection(10 * MS, 200 * MS)
            .topology_refresh_interval(LISTING)
            .connect_timeout(Duration::from_secs(2))
            .prepared_statements(self.statements)
            .profile(profile)
            .connection(|settings| {
                settings.dialer = Some(way);
                let limits = &mut settings.multiplexer;
                limits.max_in_flight = self.stream_ids;
                limits.heartbeat_after = Duration::from_secs(2);
                limits.heartbeat_timeout = 300 * MS;
                limits.max_orphan_age = Duration::from_secs(2);
            });
        if self.compressed {
            builder = builder.compression(Compression::Lz4);
        }
        if let Some((requests, queued)) = self.max_requests {
            builder = builder.max_requests(requests).max_queued_requests(queued);
        }
        if let Some(millis) = self.speculates_after {
            let policy = Arc::new(ConstantDelay { delay: Duration::from_millis(millis), most: 2 });
            builder = builder.speculation(|settings| settings.policy = Some(policy));
        }
        match self.retries {
            Retries::Default => builder.retry_policy(DefaultRetryPolicy),
            Retries::Never => builder.retry_policy(NeverRetry),
            Retries::Downgrading => builder.retry_policy(DowngradingRetryPolicy),
            Retries::SameHost => builder.retry_policy(Always(RetryVerdict::SameHost)),
            Retries::NextHost => builder.retry_policy(Always(RetryVerdict::NextHost)),
        }
    }
}

/// A policy without any judgement.
#[derive(Debug)]
struct Always(RetryVerdict);

impl RetryPolicy for Always {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0
    }
}
