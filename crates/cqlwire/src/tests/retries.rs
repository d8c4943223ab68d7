//! Requests that are sent again: which, where, how often, and after which pauses.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::alone;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::close::block_on;
use super::memory::{Memory, at_rest};
use super::statements::three;
use super::{INSERT, PATIENCE, SELECT, answer_users, builder, prime_users};
use crate::attempt::Run;
use crate::codec::{Consistency, Opcode, RequestEnvelope, Token};
use crate::keyspace::InKeyspace;
use crate::net::{Deadline, RequestKind};
use crate::operation::{Form, NotEncoded, Operation, Options, Statement, StatementOperation};
use crate::prepared::MetadataHandle;
use crate::{
    ErrorKind, ExecutionProfile, FailedAttempt, NeverRetry, RetryBudget, RetryPolicy, RetryVerdict,
    Routing, Session, StatementKind, TimeoutPhase,
};

const ALL: &str = "SELECT id, name FROM users";
const OVERLOADED: i32 = 0x1001;
const TRUNCATE_ERROR: i32 = 0x1003;
const SERVER_ERROR: i32 = 0x0000;

async fn three_hosts(change: impl FnOnce(&mut crate::RetrySettings)) -> (Arc<Memory>, Session) {
    let memory = Memory::of(three());
    let session = memory.builder().retries(change).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    (memory, session)
}

async fn one_host() -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    (memory, session)
}

/// All hosts lose their connections, and take no new ones.
async fn take_down(memory: &Memory, session: &Session) {
    for node in memory.nodes() {
        node.prime(Prime::opcode(Opcode::Startup).close());
        node.close_connections();
    }
    eventually(PATIENCE, "all are gone", || session.resources().connections == 0).await;
}

/// How often all hosts together have received this statement.
fn received(memory: &Memory, statement: &str) -> usize {
    memory.nodes().iter().map(|node| node.count_statement(statement)).sum()
}

/// Asks for the same thing whatever happened, and keeps what it was asked about.
#[derive(Debug)]
struct Always(RetryVerdict, Mutex<Vec<(u32, u32, Consistency)>>);

impl Always {
    fn new(verdict: RetryVerdict) -> Arc<Self> {
        Arc::new(Self(verdict, Mutex::default()))
    }

    fn asked(&self) -> Vec<(u32, u32, Consistency)> {
        self.1.lock().unwrap().clone()
    }
}

impl RetryPolicy for Always {
    fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict {
        let FailedAttempt { attempts, attempts_at_host, consistency, .. } = *failed;
        assert_eq!(failed.previous.len() + 1, usize::try_from(attempts).unwrap());
        self.1.lock().unwrap().push((attempts, attempts_at_host, consistency));
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn g14_1_what_only_reads_goes_to_another_host_at_the_defaults_and_no_write_does() {
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes().iter().for_each(|node| prime_users(node, 3));
    let by_city = session.prepare(SELECT).await.unwrap();
    for code in [SERVER_ERROR, OVERLOADED, TRUNCATE_ERROR, 0x1100] {
        for node in &memory.nodes()[..2] {
            node.clear_primes();
            prime_users(node, 3);
            for statement in [SELECT, "/* all */ -- of them\n select 1", INSERT] {
                node.prime(Prime::statement(statement).first(1).error(code, "not now"));
            }
        }
        for _ in 0..3 {
            session.execute(&by_city, ("Oslo",)).await.unwrap();
            session.query("/* all */ -- of them\n select 1", ()).await.unwrap();
        }
        let before = received(&memory, INSERT);
        let mut failed = 0;
        for _ in 0..3 {
            failed += usize::from(session.query(INSERT, ()).await.is_err());
        }
        assert_eq!(failed, 2, "{code:#x}: each of two hosts had one");
        assert_eq!(received(&memory, INSERT) - before, 3, "{code:#x}");
    }
}

#[tokio::test(start_paused = true)]
async fn g14_1_a_read_that_is_said_not_to_be_idempotent_is_not_sent_twice() {
    let (memory, session) = three_hosts(|_| {}).await;
    let profile = ExecutionProfile::default().idempotent(false);
    for node in memory.nodes() {
        node.prime(Prime::statement(ALL).close());
    }
    let error = session.query(ALL, ()).profile(&profile).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error}");
    assert_eq!(received(&memory, ALL), 1);
    assert_eq!(session.metrics().retries.retries, 0);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_seconds_is_waited_for() {
    let (memory, session) = one_host().await;
    let node = memory.node();
    for down in [100, 1_000, 3_000, 7_000].map(Duration::from_millis) {
        take_down(&memory, &session).await;
        let began = Instant::now();
        let (_, write, read) = tokio::join!(
            async {
                sleep(down).await;
                node.clear_primes();
            },
            session.query(INSERT, ()),
            session.query(ALL, ()),
        );
        write.unwrap();
        read.unwrap();
        // A second until the host is tried, since they want it, and another until they look.
        assert!(began.elapsed() < down + Duration::from_millis(2_100), "{:?}", began.elapsed());
    }
    assert!(session.metrics().retries.plans > 0);
    at_rest(&session).await;
}

/// What its hosts are skipped for is listed once each, however often it went through them.
#[tokio::test(start_paused = true)]
async fn g6_6_an_outage_that_lasts_ends_in_time_and_says_each_host_once() {
    let (memory, session) = three_hosts(|_| {}).await;
    take_down(&memory, &session).await;
    for timeout in [1, 40, 100, 1_000, 10_000].map(Duration::from_millis) {
        let began = Instant::now();
        let error = session.query(INSERT, ()).timeout(timeout).await.unwrap_err();
        assert!(began.elapsed() <= timeout, "{:?} of {timeout:?}", began.elapsed());
        assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
        assert_eq!(error.attempts().len(), 3, "{error}");
        assert!(!error.may_have_been_applied() && error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_fails_at_once_where_that_is_wanted_or_the_budget_is_used_up() {
    for (max_plans, reserve) in [(1, 100), (16, 0)] {
        let (memory, session) = three_hosts(|retries| {
            retries.max_plans = max_plans;
            retries.budget = RetryBudget { per_cent: 0, reserve };
        })
        .await;
        take_down(&memory, &session).await;
        let began = Instant::now();
        let error = session.query(INSERT, ()).await.unwrap_err();
        assert_eq!(began.elapsed(), Duration::ZERO, "{error}");
        assert_eq!(session.metrics().retries.plans, 0);
        assert_eq!(session.metrics().retries.over_budget, u64::from(reserve == 0));
    }
}

/// Each attempt is one too many for somebody.
#[tokio::test(start_paused = true)]
async fn g14_4_in_a_total_outage_what_is_sent_stays_within_the_budget() {
    const REQUESTS: usize = 3_000;
    let faults = [
        Prime::any().error(OVERLOADED, "too much to do"),
        Prime::any().error(SERVER_ERROR, "not now"),
        Prime::any().silence(),
    ];
    for fault in faults {
        let budget = RetryBudget { per_cent: 20, reserve: 100 };
        let (memory, session) = three_hosts(|retries| retries.budget = budget).await;
        memory.nodes().iter().for_each(|node| node.prime(fault.clone()));
        let mut calls = JoinSet::new();
        for number in 0..REQUESTS {
            let session = session.clone();
            calls.spawn(async move {
                let call = session.query(INSERT, ()).idempotent(true);
                call.attempt_timeout(Duration::from_secs(1)).await.map(drop)
            });
            if number % 10 == 0 {
                sleep(Duration::from_millis(10)).await;
            }
        }
        while let Some(call) = calls.join_next().await {
            call.unwrap().unwrap_err();
        }
        let totals = session.metrics().retries;
        let sent = received(&memory, INSERT);
        assert!(sent <= REQUESTS * 120 / 100 + 100, "{fault:?}: {sent}: {totals}");
        let retries = usize::try_from(totals.retries + totals.plans).unwrap();
        let beside = usize::try_from(session.metrics().speculation.for_silence).unwrap();
        assert_eq!(sent, REQUESTS + retries + beside, "{fault:?}: {totals}");
        assert!(retries > REQUESTS / 10 && totals.over_budget > 0, "{fault:?}: {totals}");
        eventually(PATIENCE * 10, "nobody waits", || session.resources().calls == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g14_4_no_request_is_sent_more_often_than_it_may_be() {
    let (memory, session) = three_hosts(|retries| retries.max_attempts = 5).await;
    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).error(OVERLOADED, "too much to do"));
    }
    let policies: [Option<Arc<dyn RetryPolicy>>; 3] = [
        None,
        Some(Always::new(RetryVerdict::SameHost)),
        Some(Always::new(RetryVerdict::NextHost)),
    ];
    for policy in policies {
        let before = received(&memory, INSERT);
        let mut call = session.query(INSERT, ()).idempotent(true);
        if let Some(policy) = policy {
            call = call.retry_policy(policy);
        }
        let error = call.await.unwrap_err();
        assert_eq!(received(&memory, INSERT) - before, 5);
        assert!(error.attempts().len() >= 4, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn g6_6_a_host_that_hangs_costs_an_idempotent_request_the_time_of_one_attempt() {
    const SECOND: Duration = Duration::from_secs(1);
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes().iter().for_each(|node| prime_users(node, 3));
    let by_city = session.prepare(SELECT).await.unwrap();
    for _ in 0..3 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    // It answers heartbeats, so it has not gone quiet.
    for statement in [INSERT, SELECT] {
        memory.nodes()[1].prime(Prime::statement(statement).silence());
    }
    let mut late = 0;
    for _ in 0..3 {
        let began = Instant::now();
        session.execute(&by_city, ("Oslo",)).attempt_timeout(SECOND).await.unwrap();
        session.query(INSERT, ()).idempotent(true).attempt_timeout(SECOND).await.unwrap();
        let took = began.elapsed();
        assert!(took < 2 * SECOND + Duration::from_millis(100), "{took:?}");
        late += u32::from(took >= SECOND);
    }
    assert!(late > 0, "nobody met the host that hangs");
    // A write that may have been done is not sent again: the error says which deadline it was.
    let mut failed = 0;
    for _ in 0..3 {
        let began = Instant::now();
        let Err(error) = session.query(INSERT, ()).attempt_timeout(SECOND).await else { continue };
        failed += 1;
        assert!(began.elapsed() < SECOND + Duration::from_millis(50), "{:?}", began.elapsed());
        let ErrorKind::Timeout { phase, of_attempt, .. } = error.kind() else { panic!("{error}") };
        assert_eq!((*phase, *of_attempt), (TimeoutPhase::Response, true));
        let text = "timeout: the deadline of the attempt passed while waiting for the response of ";
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(error.is_timeout() && error.may_have_been_applied());
    }
    assert!(failed > 0);
}

/// With less it could not even be sent, and would be begun anew until the deadline of the whole.
#[tokio::test(start_paused = true)]
async fn an_attempt_has_a_millisecond_at_least() {
    let (_memory, session) = three_hosts(|_| {}).await;
    for timeout in [Duration::ZERO, Duration::from_micros(1)] {
        session.query(INSERT, ()).attempt_timeout(timeout).await.unwrap();
    }
    assert_eq!(session.metrics().retries.plans, 0);
}

#[tokio::test(start_paused = true)]
async fn g6_6_attempts_and_pauses_end_with_the_whole() {
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::statement(INSERT).silence()));
    for (attempt, whole) in [(300, 1_000), (1_000, 300), (333, 1_000), (0, 500)] {
        let (attempt, whole) = (Duration::from_millis(attempt), Duration::from_millis(whole));
        let began = Instant::now();
        let call = session.query(INSERT, ()).idempotent(true).timeout(whole);
        let error = call.attempt_timeout(attempt).await.unwrap_err();
        let took = began.elapsed();
        assert!(took <= whole + Duration::from_millis(50), "{took:?} of {whole:?}: {error}");
        assert!(error.is_timeout() || attempt.is_zero(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_may_have_a_policy_of_its_own_and_so_may_a_session() {
    let memory = Memory::of(three());
    let session = memory.builder().retry_policy(NeverRetry).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(SERVER_ERROR, "no")));
    session.query(ALL, ()).await.unwrap_err();
    assert_eq!(received(&memory, ALL), 1, "the session's");
    let policy = Always::new(RetryVerdict::NextHost);
    session.query(ALL, ()).retry_policy(policy.clone()).await.unwrap_err();
    assert_eq!(received(&memory, ALL), 4, "its own");
    let consistency = Consistency::LocalQuorum;
    assert_eq!(policy.asked(), [1, 2, 3].map(|attempt| (attempt, 1, consistency)));
    let error = session.query(INSERT, ()).retry_policy(policy.clone()).await.unwrap_err();
    assert_eq!(received(&memory, INSERT), 1, "no policy has a write sent again: {error}");
    assert_eq!(policy.asked().len(), 3, "it is not asked");
    let stream = session.query(ALL, ()).retry_policy(policy.clone()).rows::<(i64,)>();
    stream.try_collect(10).await.unwrap_err();
    assert_eq!(policy.asked().len(), 6, "pages too");
}

#[tokio::test(start_paused = true)]
async fn the_same_host_is_asked_again_after_a_pause_at_another_consistency() {
    let (memory, session) = three_hosts(|retries| retries.max_attempts = 3).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(SERVER_ERROR, "no")));
    let policy = Always::new(RetryVerdict::SameHostAt(Consistency::One));
    let began = Instant::now();
    let error = session.query(ALL, ()).retry_policy(policy.clone()).await.unwrap_err();
    assert!(began.elapsed() >= Duration::from_millis(25 + 50), "{:?}", began.elapsed());
    let (asked_for, lower) = (Consistency::LocalQuorum, Consistency::One);
    assert_eq!(policy.asked(), [(1, 1, asked_for), (2, 2, lower), (3, 3, lower)]);
    let counts: Vec<_> = memory.nodes().iter().map(|node| node.count_statement(ALL)).collect();
    assert_eq!(counts.iter().max(), Some(&3), "{counts:?}: {error}");
}

/// A statement that notes at which consistencies it was encoded.
struct Noted<'a> {
    statement: StatementOperation<'a>,
    encoded_at: &'a Mutex<Vec<Option<Consistency>>>,
    policy: Arc<dyn RetryPolicy>,
}

impl Operation for Noted<'_> {
    fn encode(
        &self,
        form: Form,
        metadata: Option<&MetadataHandle>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded> {
        self.encoded_at.lock().unwrap().push(self.statement.consistency);
        self.statement.encode(form, metadata, envelope)
    }

    fn at(&self, consistency: Consistency) -> Self {
        let (encoded_at, policy) = (self.encoded_at, Arc::clone(&self.policy));
        Self { statement: self.statement.at(consistency), encoded_at, policy }
    }

    fn routing(&self) -> Routing<'_> {
        self.statement.routing()
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn retry_policy(&self) -> Option<&dyn RetryPolicy> {
        Some(&*self.policy)
    }

    fn kind(&self) -> StatementKind {
        StatementKind::Read
    }

    fn request_kind(&self) -> RequestKind {
        RequestKind::Read
    }
}

/// The first host may be asked again at less; the next ones are, and so is the next plan.
#[tokio::test(start_paused = true)]
async fn what_is_sent_again_is_encoded_at_the_consistency_that_was_decided_on() {
    let (memory, session) = three_hosts(|retries| retries.max_attempts = 6).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(OVERLOADED, "no")));
    let (encoded_at, options) = (Mutex::default(), options_of(&session));
    for verdict in [RetryVerdict::NextHost, RetryVerdict::SameHostAt(Consistency::One)] {
        let statement = read_all(&options);
        let policy = Always::new(verdict);
        let operation = Noted { statement, encoded_at: &encoded_at, policy };
        let mut run = Run::new(Deadline::after(PATIENCE), None);
        poll_fn(|context| run.poll(session.shared(), &operation, true, context))
            .await
            .map(drop)
            .unwrap_err();
        let at = std::mem::take(&mut *encoded_at.lock().unwrap());
        let lower = match verdict {
            RetryVerdict::SameHostAt(consistency) => Some(consistency),
            _ => None,
        };
        assert_eq!(at, [None, lower, lower, lower, lower, lower]);
    }
}

/// Panics the first time.
#[derive(Debug, Default)]
struct PanicsOnce(AtomicUsize);

impl RetryPolicy for PanicsOnce {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        assert!(self.0.fetch_add(1, Relaxed) > 0, "what a policy does");
        RetryVerdict::NextHost
    }
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_policy_that_panics_fails_its_own_request_and_is_counted() {
    let memory = Memory::of(three());
    let session = memory.builder().retry_policy(PanicsOnce::default()).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    memory.node().prime(Prime::statement(ALL).error(SERVER_ERROR, "no"));
    let mut failed = 0;
    for _ in 0..6 {
        let Err(error) = session.query(ALL, ()).await else { continue };
        let ErrorKind::RetryPolicy { message } = error.kind() else { panic!("{error}") };
        assert_eq!(message, "what a policy does");
        assert_eq!(error.attempts().len(), 1, "{error}");
        failed += 1;
    }
    assert_eq!((failed, session.metrics().retries.panics), (1, 1));
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_request_that_pauses_is_dropped_at_every_poll() {
    let (memory, session) = one_host().await;
    let policies = [RetryVerdict::SameHost, RetryVerdict::NextHost].map(Always::new);
    for policy in policies {
        let fresh = || {
            memory.node().clear_primes();
            let fault = Prime::statement(INSERT).first(3).error(OVERLOADED, "too much to do");
            memory.node().prime(fault);
            let call = session.query(INSERT, ()).idempotent(true).retry_policy(policy.clone());
            Box::pin(async move { call.await.map(drop) })
        };
        let (output, dropped) =
            cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
        output.unwrap();
        assert!(dropped >= 8, "dropped at {dropped} points only");
    }
}

#[tokio::test(start_paused = true)]
async fn g10_3_a_page_that_pauses_ends_when_the_session_is_closed() {
    let (memory, session) = one_host().await;
    memory.node().prime(answer_users(30));
    let mut pages = session.query(SELECT, ("Oslo",)).page_size(10).pages();
    memory.node().prime(answer_users(30).page(1).error(OVERLOADED, "too much to do"));
    pages.try_next().await.unwrap().unwrap();
    let mut next = Box::pin(pages.try_next());
    while session.metrics().retries.plans < 5 {
        assert!(poll_once(&mut next).await.is_pending());
        sleep(Duration::from_millis(10)).await;
    }
    let began = Instant::now();
    let ((), page) = tokio::join!(session.close(PATIENCE), next);
    let error = page.unwrap_err();
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    assert!(matches!(error.kind(), ErrorKind::SessionClosed), "{error}");
    assert!(!error.attempts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn g10_1_a_call_that_pauses_ends_with_what_was_said_when_the_time_of_a_close_is_over() {
    let (memory, session) = one_host().await;
    memory.node().prime(Prime::statement(INSERT).error(OVERLOADED, "too much to do"));
    let call = session.query(INSERT, ()).idempotent(true).into_future();
    let closing = async {
        sleep(Duration::from_millis(500)).await;
        session.close(Duration::from_millis(500)).await;
    };
    let just_before = async {
        sleep(Duration::from_millis(995)).await;
        session.metrics().retries.plans
    };
    let began = Instant::now();
    let (outcome, (), plans) = tokio::join!(call, closing, just_before);
    let error = outcome.unwrap_err();
    assert!(began.elapsed() <= Duration::from_millis(1_050), "{:?}: {error}", began.elapsed());
    assert!(error.may_have_been_applied() && error.attempts().len() > 2, "{error}");
    assert!(session.metrics().retries.plans <= plans + 1, "it goes on though nobody is left");
    assert!(session.resources().is_zero(), "{}", session.resources());
}

/// While the close waits for somebody else.
#[tokio::test(start_paused = true)]
async fn g10_1_a_page_that_pauses_makes_no_other_attempt_once_the_session_is_closed() {
    let (memory, session) = one_host().await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let mut inside = Box::pin(session.query(INSERT, ()).into_future());
    assert!(poll_once(&mut inside).await.is_pending());
    memory.node().prime(answer_users(30));
    let mut pages = session.query(SELECT, ("Oslo",)).page_size(10).stream().prefetch(0).pages();
    pages.try_next().await.unwrap().unwrap();
    memory.node().prime(answer_users(30).page(1).error(OVERLOADED, "too much to do"));
    let mut next = Box::pin(pages.try_next());
    while session.metrics().retries.plans == 0 {
        assert!(poll_once(&mut next).await.is_pending());
        sleep(Duration::from_millis(1)).await;
    }
    let mut close = Box::pin(session.close(PATIENCE));
    assert!(poll_once(&mut close).await.is_pending());
    let Poll::Ready(page) = poll_once(&mut next).await else { panic!("it goes on") };
    assert!(matches!(page.unwrap_err().kind(), ErrorKind::SessionClosed));
    held.release();
    inside.await.unwrap();
    close.await;
}

/// Nor one that waited for its statement to be prepared.
#[tokio::test(start_paused = true)]
async fn g10_1_a_page_whose_statement_was_taught_is_not_asked_for_once_the_session_is_closed() {
    let (memory, session) = one_host().await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let mut inside = Box::pin(session.query(INSERT, ()).into_future());
    assert!(poll_once(&mut inside).await.is_pending());
    memory.node().prime(answer_users(30));
    let mut pages = session.query(SELECT, ("Oslo",)).page_size(10).stream().prefetch(0).pages();
    pages.try_next().await.unwrap().unwrap();
    memory.node().forget_prepared();
    let taught = memory.node().hold(Prime::prepare(SELECT));
    let mut next = Box::pin(pages.try_next());
    while taught.is_empty() {
        assert!(poll_once(&mut next).await.is_pending());
        sleep(Duration::from_millis(1)).await;
    }
    let mut close = Box::pin(session.close(PATIENCE));
    assert!(poll_once(&mut close).await.is_pending());
    let before = memory.node().count(Opcode::Execute);
    taught.release();
    let error = next.await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SessionClosed), "{error}");
    held.release();
    inside.await.unwrap();
    close.await;
    assert_eq!(memory.node().count(Opcode::Execute), before);
}

/// The host is silent when it is to prepare the statement: nothing has been executed by then.
#[tokio::test(start_paused = true)]
async fn g6_6_a_host_that_hangs_while_it_prepares_costs_any_request_the_time_of_one_attempt() {
    const SECOND: Duration = Duration::from_secs(1);
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes()[1].prime(Prime::opcode(Opcode::Prepare).silence());
    let write = session.prepare("INSERT INTO users (id) VALUES (?)").await.unwrap();
    let mut late = 0;
    for _ in 0..3 {
        let began = Instant::now();
        session.execute(&write, (vec![1_u8],)).attempt_timeout(SECOND).await.unwrap();
        assert!(began.elapsed() < SECOND + Duration::from_millis(50), "{:?}", began.elapsed());
        late += u32::from(began.elapsed() >= SECOND);
    }
    assert!(late > 0, "nobody met the host that hangs");
    assert_eq!((session.resources().calls, session.resources().requests), (0, 0));
}

/// Whoever waits does so by the time of the session's runtime.
#[test]
fn g5_1_a_pause_outside_of_tokio_ends() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _alone = runtime.block_on(alone());
    let (node, session) = runtime.block_on(async {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        let session = builder(&node).connect().await.unwrap();
        (node, session)
    });
    let fault = || Prime::statement(INSERT).first(2).error(OVERLOADED, "too much to do");
    node.prime(fault());
    block_on(session.query(INSERT, ()).idempotent(true)).unwrap();
    node.prime(fault());
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(async { session.query(INSERT, ()).idempotent(true).await }).unwrap();
    assert!(session.metrics().retries.plans >= 4);
    runtime.block_on(async { drop((session, node)) });
}

/// A third of all requests meets the host that is silent.
#[tokio::test(start_paused = true)]
async fn g14_4_one_silent_host_of_three_fails_no_request() {
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes()[2].stop();
    let mut calls = JoinSet::new();
    for _ in 0..3_000 {
        let session = session.clone();
        calls.spawn(async move {
            let call = session.query(ALL, ()).attempt_timeout(Duration::from_millis(500));
            call.await.map(drop)
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    let (retries, beside) = (session.metrics().retries, session.metrics().speculation);
    assert!(retries.retries + beside.for_silence >= 500, "{retries}, {beside}");
    assert_eq!(retries.over_budget, 0, "{retries}");
    memory.nodes()[2].resume();
}

/// Of a text that nobody has prepared yet, too.
#[tokio::test(start_paused = true)]
async fn g6_6_a_host_that_hangs_while_it_prepares_first_costs_the_time_of_one_attempt() {
    const SECOND: Duration = Duration::from_secs(1);
    let (memory, session) = three_hosts(|_| {}).await;
    memory.nodes()[1].prime(Prime::opcode(Opcode::Prepare).silence());
    for number in 0..4 {
        let began = Instant::now();
        let text = format!("INSERT INTO t{number} (id) VALUES (?)");
        let call = session.query(&text, (vec![1_u8],)).attempt_timeout(SECOND);
        call.await.unwrap();
        assert!(began.elapsed() < 2 * SECOND + Duration::from_millis(50), "{:?}", began.elapsed());
    }
}

/// Each attempt has a deadline of its own, not only the first.
#[tokio::test(start_paused = true)]
async fn g6_6_each_attempt_of_a_request_has_no_more_time_than_one() {
    const SECOND: Duration = Duration::from_secs(1);
    for verdict in [RetryVerdict::NextHost, RetryVerdict::SameHost] {
        let (memory, session) = three_hosts(|retries| retries.max_attempts = 3).await;
        memory.nodes().iter().for_each(|node| node.prime(Prime::statement(ALL).silence()));
        let began = Instant::now();
        let call = session.query(ALL, ()).retry_policy(Always::new(verdict));
        let error = call.attempt_timeout(SECOND).await.unwrap_err();
        assert_eq!(received(&memory, ALL), 3, "{error}");
        assert!(began.elapsed() < 4 * SECOND, "{:?}: {error}", began.elapsed());
    }
}

/// It would come too late, so the request need not wait for it.
#[tokio::test(start_paused = true)]
async fn g14_4_a_pause_that_the_deadline_leaves_no_time_for_is_not_begun() {
    let pause = Duration::from_secs(5);
    let (memory, session) = three_hosts(|retries| {
        (retries.backoff.first, retries.backoff.longest) = (pause, pause);
    })
    .await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(SERVER_ERROR, "no")));
    let began = Instant::now();
    let call = session.query(ALL, ()).retry_policy(Always::new(RetryVerdict::SameHost));
    let error = call.timeout(Duration::from_secs(2)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
}

/// One that came before the statement was sent.
#[tokio::test(start_paused = true)]
async fn g14_4_a_prepare_that_fails_takes_a_retry_from_the_budget() {
    let (memory, session) = three_hosts(|_| {}).await;
    let write = session.prepare("INSERT INTO users (id) VALUES (?)").await.unwrap();
    memory.nodes().iter().for_each(ScriptedNode::forget_prepared);
    for node in &memory.nodes()[..2] {
        node.prime(Prime::opcode(Opcode::Prepare).error(OVERLOADED, "no"));
    }
    let prepares = || memory.nodes().iter().map(|node| node.count(Opcode::Prepare)).sum::<u64>();
    let before = prepares();
    for _ in 0..3 {
        session.execute(&write, (vec![1_u8],)).await.unwrap();
    }
    let failed = prepares() - before - 1;
    assert!(failed > 0);
    assert_eq!(session.metrics().retries.retries, failed);
}

/// As it says, in turn; then the next host.
#[derive(Debug)]
struct InOrder(Mutex<Vec<RetryVerdict>>);

impl RetryPolicy for InOrder {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0.lock().unwrap().pop().unwrap_or(RetryVerdict::NextHost)
    }
}

fn options_of(session: &Session) -> Options<'_> {
    let keyspace = InKeyspace::Borrowed(session.shared().keyspaces.of_session());
    Options::of(session.profile(), keyspace)
}

const fn read_all<'a>(options: &'a Options<'a>) -> StatementOperation<'a> {
    StatementOperation::new(Statement::Text(ALL), &(), options)
}

/// Once it is lower, it stays so.
#[tokio::test(start_paused = true)]
async fn a_consistency_that_was_decided_on_stays_until_there_is_another() {
    let (memory, session) = three_hosts(|retries| retries.max_attempts = 4).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(OVERLOADED, "no")));
    let (encoded_at, options) = (Mutex::default(), options_of(&session));
    let statement = read_all(&options);
    let verdicts = vec![RetryVerdict::SameHost, RetryVerdict::SameHostAt(Consistency::One)];
    let policy = Arc::new(InOrder(Mutex::new(verdicts)));
    let operation = Noted { statement, encoded_at: &encoded_at, policy };
    let mut run = Run::new(Deadline::after(PATIENCE), None);
    let outcome = poll_fn(|context| run.poll(session.shared(), &operation, true, context)).await;
    outcome.map(drop).unwrap_err();
    let lower = Some(Consistency::One);
    assert_eq!(std::mem::take(&mut *encoded_at.lock().unwrap()), [None, lower, lower, lower]);
}

/// A host that takes nothing any more does not have the next one asked for more.
#[tokio::test(start_paused = true)]
async fn a_consistency_that_was_decided_on_stays_at_a_host_that_took_nothing() {
    let (memory, session) = three_hosts(|retries| retries.max_attempts = 2).await;
    memory.nodes().iter().for_each(|node| node.prime(Prime::any().error(OVERLOADED, "no")));
    let (encoded_at, options) = (Mutex::default(), options_of(&session));
    let statement = read_all(&options);
    let policy = Always::new(RetryVerdict::SameHostAt(Consistency::One));
    let operation = Noted { statement, encoded_at: &encoded_at, policy };
    let mut run = Run::new(Deadline::after(PATIENCE), None);
    let mut poll =
        Box::pin(poll_fn(|context| run.poll(session.shared(), &operation, true, context)));
    let waited = tokio::time::timeout(Duration::from_millis(10), &mut poll).await;
    assert!(waited.is_err(), "it pauses");
    let asked = memory.nodes().iter().find(|node| node.count_statement(ALL) > 0).unwrap();
    asked.prime(Prime::opcode(Opcode::Startup).close());
    asked.close_connections();
    poll.await.map(drop).unwrap_err();
    assert_eq!(*encoded_at.lock().unwrap(), [None, Some(Consistency::One)]);
    assert_eq!(asked.count_statement(ALL), 1);
}
