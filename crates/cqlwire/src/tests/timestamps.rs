//! Write times of the client: which requests have one, that it is one for all of their attempts, and
//! who draws it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Received, ScriptedNode, columns};

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter, three};
use super::{INSERT, PATIENCE, connected};
use crate::codec::{ColumnType, Opcode, ProtocolVersion};
use crate::{
    ClientTimestamps, ConstantDelay, ErrorKind, ExecutionProfile, FailedAttempt, RetryPolicy,
    RetryVerdict, Session, TimestampGenerator,
};

const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
const OVERLOADED: i32 = 0x1001;
const IF_EXISTS: &str = "DELETE FROM users WHERE id = 1 IF EXISTS";
const TRUNCATE: &str = "TRUNCATE users";
const TRANSACTION: &str =
    "BEGIN TRANSACTION UPDATE users SET n = 1 WHERE id = 1; COMMIT TRANSACTION";
const SELECT: &str = "SELECT * FROM users";
const SELECT_ONE: &str = "SELECT * FROM users WHERE id = 1";
const IF_NOT_EXISTS: &str = "INSERT INTO users (id) VALUES (1) IF NOT EXISTS";

async fn one(version: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.session().await;
    (memory, session)
}

async fn three_hosts(
    change: impl FnOnce(crate::SessionBuilder) -> crate::SessionBuilder,
) -> (Arc<Memory>, Session) {
    let memory = Memory::of(three());
    alter(memory.nodes(), &ColumnType::Int);
    let session = change(memory.builder()).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    (memory, session)
}

/// The requests that were sent with this statement in them, those to prepare it left out.
fn sent(memory: &Memory, statement: &str) -> Vec<Received> {
    let is_it = |one: &Received| {
        one.opcode != Opcode::Prepare && one.statements.iter().any(|text| text == statement)
    };
    memory.nodes().iter().flat_map(ScriptedNode::received).filter(is_it).collect()
}

/// The write times that they had.
fn times(memory: &Memory, statement: &str) -> Vec<Option<i64>> {
    sent(memory, statement).iter().map(|one| one.fields.timestamp_micros).collect()
}

/// The one that the only request had which was sent with this statement since the last look.
fn time(memory: &Memory, seen: &mut usize, statement: &str) -> Option<i64> {
    let times = times(memory, statement);
    assert_eq!(times.len(), *seen + 1, "{statement}");
    *seen = times.len();
    times[times.len() - 1]
}

/// How much each node has received so far.
fn so_far(memory: &Memory) -> Vec<usize> {
    memory.nodes().iter().map(|node| node.received().len()).collect()
}

/// The write times of what was executed since then, known to the node or not.
fn times_since(memory: &Memory, before: &[usize]) -> Vec<Option<i64>> {
    let since =
        memory.nodes().iter().zip(before).flat_map(|(node, at)| node.received().split_off(*at));
    let executes = since.filter(|one| matches!(one.opcode, Opcode::Execute | Opcode::Batch));
    executes.map(|one| one.fields.timestamp_micros).collect()
}

fn micros_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// Is it a time of now?
fn is_now(time: i64) -> bool {
    (micros_now() - 60_000_000..=micros_now()).contains(&time)
}

/// What is said of writes, and whether the first of a session has the time of the client then.
const SAID: [(ClientTimestamps, Option<bool>, bool); 7] = {
    use ClientTimestamps::{Always, AsNeeded, Never};
    [
        (AsNeeded, None, false),
        (AsNeeded, Some(false), false),
        (AsNeeded, Some(true), true),
        (Never, None, false),
        (Never, Some(true), false),
        (Always, None, true),
        (Always, Some(false), true),
    ]
};

#[tokio::test(start_paused = true)]
async fn plain_writes_have_a_time_by_what_is_said_of_them_and_nothing_else_has() {
    for (version, (which, idempotent, expected)) in
        VERSIONS.into_iter().flat_map(|version| SAID.map(|said| (version, said)))
    {
        let case = format!("{version}, {which:?}, {idempotent:?}");
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        for (text, is_write) in [
            (SELECT, false),
            (IF_EXISTS, false),
            (TRUNCATE, false),
            (TRANSACTION, false),
            (INSERT, true),
            // Once there was a write with a time.
            (SELECT_ONE, false),
            (IF_NOT_EXISTS, false),
        ] {
            let call = session.query(text, ()).client_timestamps(which);
            call.idempotent(idempotent).await.unwrap();
            let time = time(&memory, &mut 0, text);
            assert_eq!(time.map(is_now), (expected && is_write).then_some(true), "{case}");
        }
        let call = session.execute(&write, (1, 2)).client_timestamps(which);
        call.idempotent(idempotent).await.unwrap();
        let call = session.query(WRITE, (1, 2)).client_timestamps(which);
        call.idempotent(idempotent).await.unwrap();
        let call = session.query(WRITE, (1, 2)).client_timestamps(which);
        call.idempotent(idempotent).pages().try_next().await.unwrap();
        let times = times(&memory, WRITE);
        assert_eq!(times.len(), 3, "{case}");
        assert!(times.iter().all(|time| time.is_some() == expected), "{case}: {times:?}");
        assert!(!expected || times.is_sorted_by(|one, next| one < next), "{case}: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn batches_have_a_time_unless_they_are_conditional() {
    for (version, (which, idempotent, expected)) in
        VERSIONS.into_iter().flat_map(|version| SAID.map(|said| (version, said)))
    {
        let case = format!("{version}, {which:?}, {idempotent:?}");
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        let (mut plain, mut text, mut conditional) =
            (session.batch(), session.batch().unlogged(), session.batch());
        plain.add(&write, (1, 2)).unwrap();
        text.add(INSERT, ()).unwrap();
        conditional.add(IF_EXISTS, ()).unwrap().add(&write, (1, 2)).unwrap();
        for batch in [&conditional, &plain, &conditional, &text] {
            let call = batch.execute().client_timestamps(which).idempotent(idempotent);
            call.await.unwrap();
        }
        assert_eq!(times(&memory, IF_EXISTS), [None, None], "{case}");
        let (of_plain, of_text) = (times(&memory, WRITE)[1], times(&memory, INSERT)[0]);
        assert_eq!(of_plain.map(is_now), expected.then_some(true), "{case}");
        assert!(of_text.is_some() == expected && (!expected || of_text > of_plain), "{case}");
    }
}

/// Or else it could be older than what the session wrote before.
#[tokio::test(start_paused = true)]
async fn g14_5_a_session_that_has_given_a_time_gives_one_to_all_plain_writes() {
    let own = ExecutionProfile::default().idempotent(true).timestamp_generator(Ticks::default());
    let marked = ExecutionProfile::default().idempotent(true);
    for (profile, first) in [(&marked, None), (&own, Some(0))] {
        let (memory, session) = one(ProtocolVersion::V5).await;
        let write = session.prepare(WRITE).await.unwrap();
        let mut batch = session.batch();
        batch.add(&write, (1, 2)).unwrap();
        let mut seen = 0;
        let mut last = || time(&memory, &mut seen, WRITE);
        session.execute(&write, (1, 2)).await.unwrap();
        assert_eq!(last(), None);
        session.execute(&write, (1, 2)).profile(profile).await.unwrap();
        let marked = last();
        assert!(first.is_none_or(|first| marked == Some(first)) && marked.is_some());
        session.execute(&write, (1, 2)).await.unwrap();
        let second = last();
        assert!(second > marked, "{marked:?}, {second:?}");
        batch.execute().idempotent(false).await.unwrap();
        let third = last();
        assert!(third > second, "{second:?}, {third:?}");
        session.query(WRITE, (1, 2)).pages().try_next().await.unwrap();
        assert!(last() > third);
        session.execute(&write, (1, 2)).client_timestamps(ClientTimestamps::Never).await.unwrap();
        assert_eq!(last(), None);
    }
}

/// Is what begins right after a write with a time sent later? `begin` says how many requests are out
/// then.
async fn is_held_back(session: &Session, mut begin: impl AsyncFnMut() -> usize) -> bool {
    for _ in 0..1_000 {
        session.query(INSERT, ()).idempotent(true).await.unwrap();
        assert_eq!(session.resources().requests, 0);
        // Unless the millisecond was over just then.
        if begin().await == 0 {
            return true;
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn g14_5_a_conditional_statement_waits_for_the_millisecond_after_that_of_a_write() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let mut batch = session.batch();
    batch.add(IF_EXISTS, ()).unwrap();
    let requests = || session.resources().requests;
    for number in 0..4 {
        let held_back = is_held_back(&session, async || match number {
            0 => {
                let mut call = session.query(IF_EXISTS, ());
                assert!(poll_once(&mut call).await.is_pending());
                (requests(), call.await.unwrap()).0
            }
            1 => {
                let mut call = batch.execute();
                assert!(poll_once(&mut call).await.is_pending());
                (requests(), call.await.unwrap()).0
            }
            2 => {
                let mut pages = session.query(IF_EXISTS, ()).pages();
                let mut next = Box::pin(pages.try_next());
                assert!(poll_once(&mut next).await.is_pending());
                (requests(), next.await.unwrap()).0
            }
            _ => {
                let mut call = session.query(SELECT, ()).idempotent(true);
                assert!(poll_once(&mut call).await.is_pending());
                (requests(), call.await.unwrap()).0
            }
        });
        assert_eq!(held_back.await, number < 3, "{number}: a read is not");
    }
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_conditional_statement_that_waits_dropped_at_every_poll() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(IF_EXISTS).after(Duration::from_millis(2)));
    let mut batch = session.batch();
    batch.add(IF_EXISTS, ()).unwrap();
    for number in 0..3 {
        let fresh = || {
            Box::pin(async {
                session.query(INSERT, ()).idempotent(true).await?;
                match number {
                    0 => session.query(IF_EXISTS, ()).await.map(drop),
                    1 => batch.execute().await.map(drop),
                    _ => session.query(IF_EXISTS, ()).pages().try_next().await.map(drop),
                }
            })
        };
        let (output, dropped) =
            cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
        output.unwrap();
        assert!(dropped >= 3, "dropped at {dropped} points only");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_is_given_comes_before_any_that_is_drawn() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        let profile = ExecutionProfile::default().idempotent(true);
        let mut seen = 0;
        let call = session.execute(&write, (1, 2)).timestamp_micros(-7).profile(&profile);
        call.await.unwrap();
        assert_eq!(time(&memory, &mut seen, WRITE), Some(-7), "{version}");
        let call = session.execute(&write, (1, 2)).timestamp_micros(8).profile(&profile);
        call.pages().try_next().await.unwrap();
        assert_eq!(time(&memory, &mut seen, WRITE), Some(8), "{version}");
        let mut batch = session.batch();
        batch.add(&write, (1, 2)).unwrap();
        batch.execute().timestamp_micros(9).profile(&profile).await.unwrap();
        assert_eq!(time(&memory, &mut seen, WRITE), Some(9), "{version}");
        let call = session.execute(&write, (1, 2)).timestamp_micros(i64::MIN);
        let error = call.await.unwrap_err();
        assert!(error.to_string().contains("timestamp"), "{error}");
        assert_eq!(times(&memory, WRITE).len(), seen, "nothing of it was sent");
    }
}

/// Goes to the same host again, or to the next one.
#[derive(Debug)]
struct Again(RetryVerdict);

impl RetryPolicy for Again {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn g14_5_a_request_keeps_its_time_over_every_retry() {
    for verdict in [RetryVerdict::NextHost, RetryVerdict::SameHost] {
        let (memory, session) = three_hosts(|builder| builder.retry_policy(Again(verdict))).await;
        let write = session.prepare(WRITE).await.unwrap();
        let mut batch = session.batch();
        batch.add(&write, (1, 2)).unwrap();
        let mut all = BTreeSet::new();
        for way in 0..4 {
            let before = so_far(&memory);
            for node in memory.nodes() {
                let markers = columns([("k", ColumnType::Int), ("a", ColumnType::Int)]);
                let fails = Prime::statement(WRITE).first(1).error(OVERLOADED, "no");
                node.prime(fails.binds(markers, &[0]));
            }
            match way {
                0 => drop(session.execute(&write, (1, 2)).idempotent(true).await.unwrap()),
                1 => drop(session.query(WRITE, (1, 2)).idempotent(true).await.unwrap()),
                2 => drop(batch.execute().idempotent(true).await.unwrap()),
                _ => {
                    let call = session.query(WRITE, (1, 2)).idempotent(true);
                    drop(call.pages().try_next().await.unwrap());
                }
            }
            let times = times_since(&memory, &before);
            // And those of hosts that did not know the statement yet.
            let attempts = if verdict == RetryVerdict::NextHost { 4 } else { 2 };
            assert!(times.len() >= attempts, "{verdict:?}, way {way}: {times:?}");
            assert!(times[0].is_some_and(is_now), "{times:?}");
            assert!(times.iter().all(|time| *time == times[0]), "way {way}: {times:?}");
            assert!(all.insert(times[0]), "each request has its own");
            memory.nodes().iter().for_each(ScriptedNode::clear_primes);
            alter(memory.nodes(), &ColumnType::Int);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g14_5_executions_beside_each_other_have_the_same_time() {
    let policy = ConstantDelay { delay: Duration::from_millis(50), most: 2 };
    let (memory, session) = three_hosts(|builder| {
        builder.speculation(|settings| settings.policy = Some(Arc::new(policy)))
    })
    .await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 2)).unwrap();
    for node in memory.nodes() {
        session.execute(&write, (1, 2)).await.unwrap();
        node.prime(Prime::statement(WRITE).after(Duration::from_millis(120)));
    }
    for is_batch in [false, true] {
        let before = so_far(&memory);
        match is_batch {
            false => drop(session.execute(&write, (1, 2)).idempotent(true).await.unwrap()),
            true => drop(batch.execute().idempotent(true).await.unwrap()),
        }
        let times = times_since(&memory, &before);
        assert!(times.len() == 3 && times[0].is_some(), "{times:?}");
        assert!(times.iter().all(|time| *time == times[0]), "{times:?}");
    }
    at_rest(&session).await;
}

/// Values that are encoded anew, for a host that forgot the statement or takes it for another one.
#[tokio::test(start_paused = true)]
async fn g14_5_what_is_encoded_anew_has_the_time_that_it_had() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        let mut batch = session.batch();
        batch.add(&write, (1, 2)).unwrap();
        for (way, marker) in [(0, ColumnType::Int), (1, ColumnType::BigInt), (2, ColumnType::Int)] {
            let before = so_far(&memory);
            alter(memory.nodes(), &marker);
            let call = async {
                match (way, &marker) {
                    (0, _) => session.execute(&write, (1, 2)).idempotent(true).await,
                    // Values that fit the new marker, not the one that is known.
                    (1, _) => session.execute(&write, (1, Some(2_i64))).idempotent(true).await,
                    _ => batch.execute().idempotent(true).await,
                }
            };
            let drawn_before = micros_now();
            call.await.unwrap();
            // The first one is by an id that the node has forgotten, if its values fit what is known.
            let times = times_since(&memory, &before);
            assert_eq!(
                times.len(),
                if way == 0 { 2 } else { 1 },
                "{version}, way {way}: {times:?}"
            );
            assert!(times[0].is_some_and(|time| time >= drawn_before), "{times:?}");
            assert!(times.iter().all(|time| *time == times[0]), "{version}, way {way}: {times:?}");
        }
    }
}

/// The time is that of when it was asked for, not of when its turn came.
#[tokio::test(start_paused = true)]
async fn g14_5_times_are_in_the_order_of_the_calls_whoever_has_to_wait() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().max_requests(1).connect().await.unwrap();
    let held = memory.node().hold(Prime::statement(INSERT));
    let call = || Box::pin(session.query(INSERT, ()).idempotent(true));
    let (mut first, mut waiting) = (call(), call());
    assert!(poll_once(&mut first).await.is_pending());
    assert!(poll_once(&mut waiting).await.is_pending());
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    let mut last = batch.execute().idempotent(true);
    assert!(poll_once(&mut last).await.is_pending());
    let asked_by = micros_now();
    held.release();
    first.await.unwrap();
    waiting.await.unwrap();
    last.await.unwrap();
    let times: Vec<_> = times(&memory, INSERT).into_iter().map(Option::unwrap).collect();
    assert!(times.len() == 3 && times.is_sorted_by(|one, next| one < next), "{times:?}");
    assert!(times[2] <= asked_by, "{times:?}, {asked_by}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g14_5_times_increase_over_all_threads_of_a_session() {
    const TASKS: usize = 8;
    const EACH: usize = 250;
    let _alone = cqlwire_testkit::probe::alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let session = connected(&node).await;
    let write = |session: Session, task: usize| async move {
        let text = format!("INSERT INTO users (id) VALUES ({task})");
        for number in 0..EACH {
            if number % 5 == 0 {
                let mut batch = session.batch();
                batch.add(&*text, ()).unwrap();
                batch.execute().idempotent(true).await.unwrap();
            } else {
                session.query(&text, ()).idempotent(true).await.unwrap();
            }
        }
    };
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(write(session.clone(), task))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut all = BTreeSet::new();
    for task in 0..TASKS {
        let text = format!("INSERT INTO users (id) VALUES ({task})");
        let received = node.received().into_iter().filter(|one| one.statements == [&*text]);
        let times: Vec<_> = received.map(|one| one.fields.timestamp_micros.unwrap()).collect();
        assert_eq!(times.len(), EACH);
        assert!(times.is_sorted_by(|one, next| one < next), "task {task}: {times:?}");
        all.extend(times);
    }
    assert_eq!(all.len(), TASKS * EACH, "no time was drawn twice");
}

/// Counts by itself.
#[derive(Debug, Default)]
struct Ticks(AtomicI64);

impl TimestampGenerator for Ticks {
    fn next_micros(&self) -> Option<i64> {
        Some(self.0.fetch_add(1, Relaxed))
    }
}

/// Counts by itself; panics, or has none, where it is told to.
#[derive(Debug, Default)]
struct Own(AtomicI64);

const NONE: i64 = -1;
const PANICS: i64 = -2;

impl TimestampGenerator for Own {
    fn next_micros(&self) -> Option<i64> {
        match self.0.load(Relaxed) {
            NONE => None,
            PANICS => panic!("the clock is gone"),
            _ => Some(self.0.fetch_add(1, Relaxed)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_generator_is_the_requests_the_profiles_or_the_sessions_and_may_have_none() {
    let (of_profile, own) = (Arc::new(Own::default()), Arc::new(Own(AtomicI64::new(500))));
    let profile = ExecutionProfile::default()
        .idempotent(true)
        .timestamp_generator(of_profile.clone())
        .client_timestamps(ClientTimestamps::Always);
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().profile(profile).connect().await.unwrap();
    let plain = ExecutionProfile::default().idempotent(true);
    let mut seen = 0;
    let mut last = || time(&memory, &mut seen, INSERT);
    session.query(INSERT, ()).await.unwrap();
    assert_eq!(last(), Some(0));
    session.query(INSERT, ()).idempotent(false).await.unwrap();
    assert_eq!(last(), Some(1));
    session.query(INSERT, ()).timestamp_generator(own.clone()).await.unwrap();
    assert_eq!(last(), Some(500));
    session.query(INSERT, ()).pages().try_next().await.unwrap();
    assert_eq!(last(), Some(2), "a stream takes it along");
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    batch.execute().await.unwrap();
    assert_eq!(last(), Some(3));
    batch.execute().timestamp_generator(own.clone()).await.unwrap();
    assert_eq!(last(), Some(501));
    session.query(INSERT, ()).profile(&plain).await.unwrap();
    assert!(last().is_some_and(is_now));
    own.0.store(NONE, Relaxed);
    session.query(INSERT, ()).timestamp_generator(own.clone()).await.unwrap();
    assert_eq!(last(), None, "the server's");
    session.query(SELECT, ()).await.unwrap();
    assert_eq!(of_profile.0.load(Relaxed), 4, "nobody is asked about a read");
}

#[tokio::test(start_paused = true)]
async fn a_generator_that_panics_fails_its_own_request_and_nothing_of_it_is_sent() {
    let own = Arc::new(Own(AtomicI64::new(PANICS)));
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    let write = || session.query(INSERT, ()).idempotent(true);
    let mut others = Box::pin(write());
    assert!(poll_once(&mut others).await.is_pending());
    let errors = [
        write().timestamp_generator(own.clone()).await.map(drop).unwrap_err(),
        write().timestamp_generator(own.clone()).pages().try_next().await.map(drop).unwrap_err(),
        batch.execute().idempotent(true).timestamp_generator(own.clone()).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error.kind(), ErrorKind::TimestampGenerator { .. }), "{error}");
        assert!(error.to_string().contains("the clock is gone"), "{error}");
        assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error}");
    }
    others.await.unwrap();
    assert_eq!(times(&memory, INSERT).len(), 1);
    let metrics = session.metrics();
    assert_eq!((metrics.timestamps.panics, metrics.requests.invalid), (3, 3), "{metrics}");
    at_rest(&session).await;
}

/// The rows of a load have the order in which they were taken.
#[tokio::test(start_paused = true)]
async fn rows_of_a_load_have_times_of_their_own_in_their_order() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    let write = session.prepare(WRITE).await.unwrap();
    let rows = || (0..50).map(|number| (number, number));
    session.insert_all(&write, rows()).await.unwrap();
    assert!(times(&memory, WRITE).iter().all(Option::is_none));
    session.insert_all(&write, rows()).idempotent(true).await.unwrap();
    let mut by_key: Vec<_> = sent(&memory, WRITE)[50..]
        .iter()
        .map(|one| (one.values[0].clone().unwrap(), one.fields.timestamp_micros.unwrap()))
        .collect();
    by_key.sort();
    assert_eq!(by_key.len(), 50);
    assert!(by_key.is_sorted_by(|(_, one), (_, next)| one < next), "{by_key:?}");
    session.insert_all(&write, rows()).idempotent(true).timestamp_micros(7).await.unwrap();
    assert!(times(&memory, WRITE)[100..].iter().all(|time| *time == Some(7)));
}
