//! Requests that take long and are sent to another host as well.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Held, Prime, ScriptedNode};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::memory::{Memory, at_rest};
use super::statements::three;
use super::{INSERT, PATIENCE};
use crate::{
    ConstantDelay, FailedAttempt, RetryPolicy, RetryVerdict, Session, SlowRequest,
    SpeculationSettings, SpeculativePolicy,
};

const DELAY: Duration = Duration::from_millis(50);
const SYNTAX: i32 = 0x2000;

async fn with(change: impl FnOnce(&mut SpeculationSettings)) -> (Arc<Memory>, Session) {
    let memory = Memory::of(three());
    let session = memory.builder().speculation(change).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    (memory, session)
}

async fn with_delay(most: u32) -> (Arc<Memory>, Session) {
    with(|settings| settings.policy = Some(Arc::new(ConstantDelay { delay: DELAY, most }))).await
}

/// How often all hosts together have received it.
fn received(memory: &Memory) -> usize {
    memory.nodes().iter().map(|node| node.count_statement(INSERT)).sum()
}

fn silence(memory: &Memory, nodes: std::ops::Range<usize>) {
    memory.nodes()[nodes].iter().for_each(|node| node.prime(Prime::statement(INSERT).silence()));
}

/// It costs what it takes to notice, not the deadline; whatever may be done twice.
#[tokio::test(start_paused = true)]
async fn g13_3_an_idempotent_request_at_a_host_that_goes_quiet_goes_elsewhere_as_well() {
    let (memory, session) = with(|_| {}).await;
    memory.nodes()[2].stop();
    let mut calls = JoinSet::new();
    for _ in 0..30 {
        let session = session.clone();
        calls.spawn(async move {
            let began = Instant::now();
            session.query(INSERT, ()).idempotent(true).await.unwrap();
            began.elapsed()
        });
    }
    let mut late = 0;
    while let Some(took) = calls.join_next().await {
        let took = took.unwrap();
        assert!(took < Duration::from_millis(500), "{took:?}");
        late += u64::from(took > Duration::from_millis(300));
    }
    let totals = session.metrics().speculation;
    assert!(late > 0 && totals.for_silence == late && totals.won == late, "{late}: {totals}");
    assert_eq!(session.health().local_hosts_up, 2, "a host that is quiet is not well");
    memory.nodes()[2].resume();
    eventually(PATIENCE, "it is heard", || session.health().local_hosts_up == 3).await;
}

#[tokio::test(start_paused = true)]
async fn g14_1_what_is_not_idempotent_is_sent_once_whatever_takes_long() {
    let (memory, session) = with_delay(2).await;
    silence(&memory, 0..3);
    let before = received(&memory);
    for _ in 0..6 {
        let call = session.query(INSERT, ()).timeout(Duration::from_secs(1));
        assert!(call.await.unwrap_err().may_have_been_applied());
    }
    memory.nodes().iter().for_each(ScriptedNode::stop);
    for _ in 0..6 {
        let call = session.query(INSERT, ()).timeout(Duration::from_secs(1));
        assert!(call.await.unwrap_err().may_have_been_applied());
    }
    memory.nodes().iter().for_each(ScriptedNode::resume);
    eventually(PATIENCE, "they are read", || received(&memory) == before + 12).await;
    assert_eq!(session.metrics().speculation, crate::SpeculationTotals::default());
}

#[tokio::test(start_paused = true)]
async fn g14_3_the_first_success_counts_and_the_loser_is_orphaned() {
    let (memory, session) = with_delay(1).await;
    silence(&memory, 0..1);
    for _ in 0..9 {
        let began = Instant::now();
        session.query(INSERT, ()).idempotent(true).await.unwrap();
        assert!(began.elapsed() <= DELAY + Duration::from_millis(10), "{:?}", began.elapsed());
    }
    let totals = session.metrics().speculation;
    assert!(totals.for_time > 0 && totals.won == totals.for_time, "{totals}");
    assert_eq!(session.resources().orphaned as u64, totals.for_time);
    assert_eq!(received(&memory) as u64, 9 + totals.for_time);
}

#[tokio::test(start_paused = true)]
async fn g14_3_an_error_of_one_ends_nothing_while_another_runs() {
    let (memory, session) = with_delay(1).await;
    let held = memory.nodes()[0].hold(Prime::statement(INSERT));
    for node in &memory.nodes()[1..] {
        node.prime(Prime::statement(INSERT).error(SYNTAX, "it would be the same anywhere"));
    }
    let mut call = loop {
        let mut call = Box::pin(session.query(INSERT, ()).idempotent(true));
        assert!(poll_once(&mut call).await.is_pending());
        tokio::time::sleep(Duration::from_millis(1)).await;
        if held.len() == 1 {
            break call;
        }
        call.await.unwrap_err();
    };
    let asked = received(&memory);
    tokio::select! {
        ended = &mut call => panic!("it ended with {ended:?}"),
        () = tokio::time::sleep(4 * DELAY) => {}
    }
    assert_eq!(session.metrics().speculation.for_time, 1);
    assert_eq!(received(&memory), asked + 1, "the other one was asked, and failed");
    held.release();
    call.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g14_3_there_are_at_most_so_many_and_an_error_lists_them_all() {
    for most in 0..4 {
        let (memory, session) = with_delay(most).await;
        silence(&memory, 0..3);
        let call = session.query(INSERT, ()).idempotent(true).timeout(Duration::from_secs(1));
        let error = call.await.unwrap_err();
        assert!(error.is_timeout() && error.may_have_been_applied(), "{error}");
        let hosts = 1 + most.min(2) as usize;
        assert_eq!(received(&memory), hosts, "there are three hosts");
        assert_eq!(error.attempts().len(), hosts - 1, "{error}");
        assert_eq!(session.metrics().speculation.for_time, u64::from(most.min(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn g14_3_speculation_stays_within_its_budget() {
    let (memory, session) = with(|settings| {
        settings.policy = Some(Arc::new(ConstantDelay { delay: DELAY, most: 2 }));
        (settings.budget.per_cent, settings.budget.reserve) = (10, 5);
    })
    .await;
    silence(&memory, 0..3);
    let mut calls = JoinSet::new();
    for _ in 0..500 {
        let session = session.clone();
        calls.spawn(async move {
            let call = session.query(INSERT, ()).idempotent(true);
            call.timeout(Duration::from_secs(1)).await.map(drop)
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while let Some(call) = calls.join_next().await {
        assert!(call.unwrap().unwrap_err().is_timeout());
    }
    let totals = session.metrics().speculation;
    assert!((40..=55).contains(&totals.for_time) && totals.over_budget > 0, "{totals}");
    assert_eq!(received(&memory) as u64, 500 + totals.for_time);
}

#[tokio::test(start_paused = true)]
async fn g8_1_executions_beside_each_other_dropped_at_every_poll() {
    let (memory, session) = with_delay(2).await;
    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).after(3 * DELAY));
    }
    let fresh = || Box::pin(async { session.query(INSERT, ()).idempotent(true).await.map(drop) });
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 4, "dropped at {dropped} points only");
}

#[tokio::test(start_paused = true)]
async fn g13_6_a_policy_that_panics_begins_nothing_and_is_counted() {
    #[derive(Debug)]
    struct Panics;
    impl SpeculativePolicy for Panics {
        fn delay(&self, _: &SlowRequest<'_>) -> Option<Duration> {
            panic!("a fault of the user's")
        }
    }
    let (memory, session) = with(|settings| settings.policy = Some(Arc::new(Panics))).await;
    session.query(INSERT, ()).idempotent(true).await.unwrap();
    assert_eq!(received(&memory), 1);
    assert_eq!(session.metrics().speculation.panics, 1);
}

/// A page of a stream is a request like any other.
#[tokio::test(start_paused = true)]
async fn g1_6_a_stream_has_each_row_once_whichever_execution_its_pages_are_of() {
    let (memory, session) = with_delay(1).await;
    for (number, node) in memory.nodes().iter().enumerate() {
        let users = super::answer_users(25);
        node.prime(if number == 0 { users.after(4 * DELAY) } else { users });
    }
    let by_city = session.prepare(super::SELECT).await.unwrap();
    for _ in 0..6 {
        let rows = session.execute(&by_city, ("Oslo",)).page_size(4).rows::<(i64, String)>();
        let ids: Vec<_> =
            rows.try_collect(100).await.unwrap().into_iter().map(|row| row.0).collect();
        assert_eq!(ids, (0..25).collect::<Vec<_>>());
    }
    assert!(session.metrics().speculation.won > 0);
    eventually(PATIENCE, "no page is left", || session.resources().page_bytes == 0).await;
}

/// The timer has fired, and there was nobody to send it to: it is not looked at again.
#[tokio::test(start_paused = true)]
async fn g14_3_an_execution_whose_time_has_come_and_has_no_host_left_is_polled_on() {
    let (memory, session) = with_delay(3).await;
    silence(&memory, 0..3);
    let mut call =
        Box::pin(session.query(INSERT, ()).idempotent(true).timeout(Duration::from_secs(1)));
    for _ in 0..20 {
        // A `select!` polls all of its branches whoever woke it.
        tokio::select! {
            ended = &mut call => panic!("it ended with {ended:?}"),
            () = tokio::time::sleep(DELAY / 2) => {}
        }
    }
    assert!(call.await.unwrap_err().is_timeout());
}

/// Of a host that went quiet, with a policy beside it.
#[tokio::test(start_paused = true)]
async fn g14_3_what_the_budget_refused_at_a_quiet_host_is_no_execution() {
    let memory = Memory::of(three());
    let policy: Arc<dyn SpeculativePolicy> = Arc::new(ConstantDelay { delay: 20 * DELAY, most: 1 });
    let session = memory
        .builder()
        .speculation(|settings| settings.policy = Some(policy))
        .retries(|settings| (settings.budget.per_cent, settings.budget.reserve) = (0, 0))
        .connect()
        .await
        .unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    memory.nodes()[0].stop();
    for _ in 0..3 {
        let mut call = Box::pin(session.query(INSERT, ()).idempotent(true));
        let outcome = loop {
            tokio::select! {
                outcome = &mut call => break outcome,
                () = tokio::time::sleep(DELAY / 2) => {}
            }
        };
        outcome.unwrap();
    }
    let totals = session.metrics().speculation;
    assert!(totals.for_time == 1 && totals.for_silence == 0 && totals.won == 1, "{totals}");
    memory.nodes()[0].resume();
}

/// Outside of tokio there is no timer to be had but that of the session's runtime.
#[test]
fn g5_1_a_request_outside_of_tokio_has_executions_beside_it() {
    let home = tokio::runtime::Runtime::new().unwrap();
    let (memory, session) = home.block_on(with_delay(1));
    silence(&memory, 0..1);
    for _ in 0..6 {
        let call = session.query(INSERT, ()).idempotent(true).timeout(PATIENCE);
        super::close::block_on(call).unwrap();
    }
    assert!(session.metrics().speculation.won > 0);
    let _home = home.enter();
    drop((session, memory));
}

/// Nor does one go where another one beside the first is.
#[tokio::test(start_paused = true)]
async fn g14_3_executions_beside_the_first_do_not_meet_at_a_host() {
    let (memory, session) = with_delay(2).await;
    silence(&memory, 0..3);
    let overloaded = Prime::statement(INSERT).error(0x1001, "too much to do");
    memory.nodes()[1].prime(overloaded.after(3 * DELAY));
    for _ in 0..6 {
        let before: Vec<_> =
            memory.nodes().iter().map(|node| node.count_statement(INSERT)).collect();
        let call = session.query(INSERT, ()).idempotent(true).timeout(Duration::from_secs(1));
        let mut call = Box::pin(call);
        assert!(poll_once(&mut call).await.is_pending());
        tokio::time::sleep(Duration::from_millis(1)).await;
        // The first one begins its plan anew, and is then anywhere.
        let is_first = memory.nodes()[1].count_statement(INSERT) > before[1];
        let _ = call.await.unwrap_err();
        if is_first {
            continue;
        }
        for (number, node) in memory.nodes().iter().enumerate() {
            assert!(node.count_statement(INSERT) <= before[number] + 1, "twice at {number}");
        }
    }
}

/// A PREPARE executes nothing, whatever the text does: it need not wait for a host that is quiet.
#[tokio::test(start_paused = true)]
async fn g13_3_a_prepare_at_a_host_that_goes_quiet_goes_elsewhere_as_well() {
    let (memory, session) = with(|_| {}).await;
    memory.nodes()[2].stop();
    let mut calls = JoinSet::new();
    for number in 0..9 {
        let session = session.clone();
        calls.spawn(async move {
            let began = Instant::now();
            let text = format!("INSERT INTO users (id, number) VALUES (1, {number})");
            session.prepare(&text).await.unwrap();
            began.elapsed()
        });
    }
    while let Some(took) = calls.join_next().await {
        let took = took.unwrap();
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
    memory.nodes()[2].resume();
}

/// One that waits there for its statement to be prepared, too.
#[tokio::test(start_paused = true)]
async fn g13_3_a_request_at_a_host_that_goes_quiet_while_it_prepares_goes_elsewhere_as_well() {
    let (memory, session) = with(|_| {}).await;
    let select = "SELECT v FROM t";
    let read = session.prepare(select).await.unwrap();
    for node in memory.nodes() {
        memory.nodes().iter().for_each(ScriptedNode::forget_prepared);
        let held = node.hold(Prime::prepare(select));
        let came = |held: &Held| !held.is_empty();
        // Each host has its turn.
        let call = loop {
            let mut call = Box::pin(session.execute(&read, ()));
            assert!(poll_once(&mut call).await.is_pending());
            tokio::select! {
                outcome = &mut call => drop(outcome.unwrap()),
                () = eventually(PATIENCE, "it is asked to prepare", || came(&held)) => break call,
            }
        };
        node.stop();
        let began = Instant::now();
        call.await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
        held.release();
        node.resume();
        eventually(PATIENCE, "it is heard", || session.health().local_hosts_up == 3).await;
    }
}

#[derive(Debug)]
struct SameHost;

impl RetryPolicy for SameHost {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        RetryVerdict::SameHost
    }
}

/// One that is sent there once more, when it has gone quiet before.
#[tokio::test(start_paused = true)]
async fn g13_3_a_request_that_comes_back_to_a_host_that_has_gone_quiet_goes_elsewhere_as_well() {
    let memory = Memory::of(three());
    let pause = Duration::from_secs(2);
    let builder = memory.builder().retries(|settings| {
        (settings.backoff.first, settings.backoff.longest) = (pause, pause);
    });
    let session = builder.retry_policy(SameHost).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).error(0x1001, "too much to do").first(1));
    }
    let mut call = Box::pin(session.query(INSERT, ()).idempotent(true));
    assert!(poll_once(&mut call).await.is_pending());
    let asked = || memory.nodes().iter().position(|node| node.count_statement(INSERT) > 0);
    eventually(PATIENCE, "one has refused", || asked().is_some()).await;
    let stopped = &memory.nodes()[asked().unwrap()];
    let id = Uuid::from_bytes(stopped.member().host_id);
    assert!(poll_once(&mut call).await.is_pending());
    memory.nodes().iter().for_each(ScriptedNode::clear_primes);
    stopped.stop();
    // It owes something, and is quiet before the pause is over.
    let mut owed = Box::pin(session.query("SELECT v FROM t", ()).host(id));
    assert!(poll_once(&mut owed).await.is_pending());
    let began = Instant::now();
    call.await.unwrap();
    assert!(began.elapsed() < pause + Duration::from_millis(100), "{:?}", began.elapsed());
    stopped.resume();
}

/// Whichever of them fails first.
#[tokio::test(start_paused = true)]
async fn g14_3_an_error_of_the_first_ends_nothing_while_another_runs() {
    let (memory, session) = with_delay(1).await;
    let refused = Prime::statement(INSERT).error(SYNTAX, "it would be the same anywhere");
    memory.nodes()[0].prime(refused.after(2 * DELAY));
    for node in &memory.nodes()[1..] {
        node.prime(Prime::statement(INSERT).after(4 * DELAY));
    }
    for _ in 0..3 {
        session.query(INSERT, ()).idempotent(true).await.unwrap();
    }
    assert!(session.metrics().speculation.won > 0);
}

/// It is not asked for again with each poll.
#[tokio::test(start_paused = true)]
async fn g14_3_there_is_one_try_for_time_once_the_budget_is_used_up() {
    let (memory, session) = with(|settings| {
        settings.policy = Some(Arc::new(ConstantDelay { delay: DELAY, most: 2 }));
        (settings.budget.per_cent, settings.budget.reserve) = (0, 0);
    })
    .await;
    silence(&memory, 0..3);
    let mut call =
        Box::pin(session.query(INSERT, ()).idempotent(true).timeout(Duration::from_secs(1)));
    let error = loop {
        tokio::select! {
            ended = &mut call => break ended.unwrap_err(),
            () = tokio::time::sleep(DELAY / 2) => {}
        }
    };
    assert!(error.is_timeout(), "{error}");
    let totals = session.metrics().speculation;
    assert_eq!((totals.for_time, totals.over_budget), (0, 1), "{totals}");
}
