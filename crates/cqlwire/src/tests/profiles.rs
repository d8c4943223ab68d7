//! Profiles: what a request takes from them, which one it takes, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, RequestFields, ScriptedNode};
use tokio::time::Instant;
use uuid::Uuid;

use super::memory::{Memory, at_rest, ends_after};
use super::statements::three;
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::codec::{Opcode, ProtocolVersion};
use crate::{
    Consistency, ErrorKind, ExecutionProfile, FailedAttempt, HostIndex, LoadBalancing,
    NeverSpeculate, RetryPolicy, RetryVerdict, Routing, SerialConsistency, Session, SingleHost,
    SlowRequest, SpeculativePolicy, Topology, Tried,
};

const SOON: Duration = Duration::from_millis(300);
const ALL: &str = "SELECT * FROM users";
const OVERLOADED: i32 = 0x1001;

fn of_version(version: ProtocolVersion) -> Arc<Memory> {
    Memory::of([ScriptedNode::builder().versions([version]).in_memory()])
}

/// What the last request of this kind said.
fn last(memory: &Memory, opcode: Opcode) -> RequestFields {
    let received = memory.nodes().iter().flat_map(ScriptedNode::received);
    let of_ours = |text: &String| [INSERT, SELECT, ALL].contains(&text.as_str());
    let mut received =
        received.filter(|one| one.opcode == opcode && one.statements.iter().any(of_ours));
    let mut last = received.next().unwrap();
    for one in received {
        last = one;
    }
    last.fields
}

async fn all_connected(session: &Session) {
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
}

fn unusual() -> ExecutionProfile {
    ExecutionProfile::default()
        .consistency(Consistency::Two)
        .serial_consistency(SerialConsistency::Serial)
        .page_size(7)
        .tracing(true)
}

const USUAL: RequestFields = RequestFields {
    consistency: Some(Consistency::LocalQuorum),
    serial_consistency: Some(SerialConsistency::LocalSerial),
    page_size: Some(5_000),
    timestamp_micros: None,
    keyspace: None,
    now_in_seconds: None,
    tracing: false,
    custom_payload: None,
};

const UNUSUAL: RequestFields = RequestFields {
    consistency: Some(Consistency::Two),
    serial_consistency: Some(SerialConsistency::Serial),
    page_size: Some(7),
    timestamp_micros: None,
    keyspace: None,
    now_in_seconds: None,
    tracing: true,
    custom_payload: None,
};

/// A batch has no pages.
fn of_batch(fields: &RequestFields) -> RequestFields {
    RequestFields { page_size: None, ..fields.clone() }
}

#[tokio::test(start_paused = true)]
async fn what_a_profile_says_is_in_every_request_that_is_made_by_it() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let memory = of_version(version);
        prime_users(memory.node(), 3);
        let builder = memory.builder().named_profile("unusual", unusual());
        let session = builder.connect().await.unwrap();
        let by_city = session.prepare(SELECT).await.unwrap();
        let named = session.profile_named("unusual").unwrap();
        let mut batch = session.batch();
        batch.add(INSERT, ()).unwrap();
        for (switched, expected) in [(false, &USUAL), (true, &UNUSUAL)] {
            if switched {
                session.use_profile("unusual").unwrap();
            }
            session.query(ALL, ()).await.unwrap();
            assert_eq!(last(&memory, Opcode::Query), *expected, "{version}");
            session.execute(&by_city, ("Oslo",)).await.unwrap();
            assert_eq!(last(&memory, Opcode::Execute), *expected, "{version}");
            session.execute(&by_city, ("Oslo",)).rows::<(i64, String)>().try_next().await.unwrap();
            assert_eq!(last(&memory, Opcode::Execute), *expected, "{version}: of a stream");
            batch.execute().await.unwrap();
            assert_eq!(last(&memory, Opcode::Batch), of_batch(expected), "{version}");
        }
        assert_eq!(session.profile_name(), "unusual");
        session.use_profile("default").unwrap();
        session.query(ALL, ()).profile(named).await.unwrap();
        assert_eq!(last(&memory, Opcode::Query), UNUSUAL, "{version}: by name");
        batch.execute().profile(named).await.unwrap();
        assert_eq!(last(&memory, Opcode::Batch), of_batch(&UNUSUAL), "{version}: by name");
        let own = session.query(ALL, ()).profile(named).page_size(9).tracing(false);
        own.consistency(Consistency::One).await.unwrap();
        let consistency = Some(Consistency::One);
        let expected = RequestFields { consistency, page_size: Some(9), tracing: false, ..UNUSUAL };
        assert_eq!(last(&memory, Opcode::Query), expected, "{version}: its own comes first");
        session.query(ALL, ()).page_size(0).await.unwrap();
        assert_eq!(last(&memory, Opcode::Query).page_size, Some(1), "never none at all");
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeouts_of_a_profile_are_those_of_its_requests() {
    let memory = Memory::of(three());
    prime_users(memory.node(), 3);
    let patient = ExecutionProfile::default();
    let builder = memory
        .builder()
        .named_profile("hasty", patient.clone().timeout(SOON))
        .named_profile("moving on", patient.attempt_timeout(SOON).idempotent(true))
        .named_profile("short", ExecutionProfile::default().stream_timeout(SOON));
    let session = builder.connect().await.unwrap();
    all_connected(&session).await;
    memory.node().prime(Prime::statement(INSERT).silence());

    session.use_profile("moving on").unwrap();
    for _ in 0..3 {
        let began = Instant::now();
        session.query(INSERT, ()).await.unwrap();
        assert!(began.elapsed() <= SOON + Duration::from_millis(50), "{:?}", began.elapsed());
    }
    memory.nodes().iter().for_each(|node| node.prime(Prime::statement(INSERT).silence()));
    session.use_profile("hasty").unwrap();
    let error = ends_after(SOON, session.query(INSERT, ())).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    memory.nodes().iter().for_each(|node| node.prime(Prime::prepare("SELECT 2").silence()));
    let error = ends_after(SOON, session.prepare("SELECT 2")).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");

    session.use_profile("short").unwrap();
    memory.nodes().iter().for_each(|node| node.prime(Prime::statement(ALL).silence()));
    let mut rows = session.query(ALL, ()).rows::<(i64,)>();
    let error = ends_after(SOON, rows.try_next()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_before_a_switch_goes_on_as_it_began() {
    let memory = of_version(ProtocolVersion::V5);
    prime_users(memory.node(), 30);
    let profile = ExecutionProfile::default().page_size(10).prefetch_pages(0);
    let builder = memory.builder().profile(profile).named_profile("unusual", unusual());
    let session = builder.connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    let (before, batch) = (session.query(ALL, ()), session.batch());
    session.clone().use_profile("unusual").unwrap();
    before.await.unwrap();
    assert_eq!(last(&memory, Opcode::Query), RequestFields { page_size: Some(10), ..USUAL });
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    assert_eq!(last(&memory, Opcode::Execute), RequestFields { page_size: Some(10), ..USUAL });
    let error = session.use_profile("unheard of").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Settings { setting, .. } if setting == "profile"),
        "{error}"
    );
    assert!(error.to_string().contains("`unheard of`, but default, unusual"), "{error}");
    assert_eq!(session.profile_name(), "unusual", "nothing is changed by an error");
    drop((pages, batch));
    at_rest(&session).await;
}

/// Counts how often it is asked, and by its number says which one it is.
#[derive(Debug, Default)]
struct Asked(AtomicUsize);

impl Asked {
    fn take(&self) -> usize {
        self.0.swap(0, Relaxed)
    }
}

impl RetryPolicy for Asked {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0.fetch_add(1, Relaxed);
        RetryVerdict::Fail
    }
}

impl SpeculativePolicy for Asked {
    fn delay(&self, _: &SlowRequest<'_>) -> Option<Duration> {
        self.0.fetch_add(1, Relaxed);
        None
    }
}

impl LoadBalancing for Asked {
    fn next(
        &self,
        _: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        self.0.fetch_add(1, Relaxed);
        topology.local_hosts().iter().copied().find(|host| !tried.contains(*host))
    }
}

#[tokio::test(start_paused = true)]
async fn the_policies_of_a_profile_decide_about_its_requests_unless_they_have_their_own() {
    let memory = Memory::of(three());
    let [of_session, of_profile, own] = [(); 3].map(|()| Arc::new(Asked::default()));
    let profile = ExecutionProfile::default()
        .retry_policy(of_profile.clone())
        .speculative_policy(of_profile.clone())
        .load_balancing(of_profile.clone());
    let speculative = of_session.clone();
    let builder = memory
        .builder()
        .retry_policy(of_session.clone())
        .speculation(|settings| settings.policy = Some(speculative))
        .load_balancing(of_session.clone())
        .named_profile("asked", profile);
    let session = builder.connect().await.unwrap();
    all_connected(&session).await;
    for node in memory.nodes() {
        node.prime(Prime::statement(ALL).error(OVERLOADED, "no"));
    }
    let asked = || [&of_session, &of_profile, &own].map(|policy| policy.take());
    asked();
    session.query(ALL, ()).await.unwrap_err();
    assert_eq!(asked(), [3, 0, 0]);
    session.query(ALL, ()).rows::<(i64,)>().try_next().await.unwrap_err();
    assert_eq!(asked(), [3, 0, 0]);
    session.use_profile("asked").unwrap();
    session.query(ALL, ()).await.unwrap_err();
    assert_eq!(asked(), [0, 3, 0]);
    let mut rows = session.query(ALL, ()).rows::<(i64,)>();
    session.use_profile("default").unwrap();
    rows.try_next().await.unwrap_err();
    assert_eq!(asked(), [0, 3, 0], "a stream takes them along");
    let profile = session.profile_named("asked").unwrap();
    let call = session.query(ALL, ()).retry_policy(own.clone()).profile(profile);
    call.await.unwrap_err();
    assert_eq!(asked(), [0, 3, 0], "a profile replaces what was said before it");
    let call = session.query(ALL, ()).profile(profile).retry_policy(own.clone());
    call.load_balancing(own.clone()).speculative_policy(NeverSpeculate).await.unwrap_err();
    assert_eq!(asked(), [0, 0, 2]);
    let call = session.query(ALL, ()).profile(profile).speculative_policy(own.clone());
    call.rows::<(i64,)>().try_next().await.unwrap_err();
    assert_eq!(asked(), [0, 2, 1], "what it does not say itself, its profile does");
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).error(OVERLOADED, "no"));
    }
    batch.execute().profile(profile).idempotent(true).await.unwrap_err();
    assert_eq!(asked(), [0, 3, 0]);
}

/// Whatever it is that has a text prepared.
#[tokio::test(start_paused = true)]
async fn the_hosts_that_a_policy_chooses_prepare_its_texts() {
    let memory = Memory::of(three());
    prime_users(memory.node(), 3);
    let id = Uuid::from_bytes(memory.nodes()[2].member().host_id);
    let single = ExecutionProfile::default().load_balancing(SingleHost::new(id));
    let session = memory.builder().named_profile("single", single).connect().await.unwrap();
    all_connected(&session).await;
    let profile = session.profile_named("single").unwrap();
    let text = |number| format!("INSERT INTO users (id) VALUES (?) -- {number}");
    let texts: Vec<_> = (0..20).map(text).collect();
    for texts in texts.chunks(5) {
        session.query(&texts[0], ([1_u8],)).profile(profile).await.unwrap();
        let call = session.query(&texts[1], ([1_u8],)).load_balancing(SingleHost::new(id));
        call.pages().try_next().await.unwrap();
        let mut batch = session.batch();
        batch.add(&*texts[2], ([1_u8],)).unwrap();
        batch.execute().profile(profile).await.unwrap();
        session.use_profile("single").unwrap();
        session.prepare(&texts[3]).await.unwrap();
        session.insert_all(&*texts[4], [([1_u8],)]).await.unwrap();
        session.use_profile("default").unwrap();
    }
    let prepared = |node: &ScriptedNode| node.count(Opcode::Prepare);
    let by_host: Vec<_> = memory.nodes().iter().map(prepared).collect();
    assert_eq!(by_host, [0, 0, 20]);
}

/// A request borrows its policies.
#[tokio::test(start_paused = true)]
async fn a_request_by_a_profile_counts_nothing() {
    let memory = of_version(ProtocolVersion::V5);
    let policy = Arc::new(Asked::default());
    let profile = ExecutionProfile::default().retry_policy(Arc::clone(&policy));
    let session = memory.builder().profile(profile).connect().await.unwrap();
    let profile = session.profile();
    let held = || (Arc::strong_count(&policy), profile.held_by());
    let before = held();
    let mut requests: Vec<_> = (0..10).map(|_| session.query(INSERT, ())).collect();
    requests.push(session.query(INSERT, ()).profile(profile));
    for request in &mut requests {
        assert!(poll_once(request).await.is_pending());
    }
    assert_eq!(held(), before);
}

#[tokio::test(start_paused = true)]
async fn names_of_profiles_are_told_apart() {
    for (names, wrong) in [
        (["a", "a"], "two named `a`"),
        (["a", "default"], "two named `default`"),
        (["a", ""], "its name is empty"),
    ] {
        let memory = of_version(ProtocolVersion::V5);
        let builder = names.iter().fold(memory.builder(), |builder, name| {
            builder.named_profile(*name, ExecutionProfile::default())
        });
        let error = builder.connect().await.unwrap_err();
        assert!(error.to_string().contains("named_profile"), "{error}");
        assert!(error.to_string().contains(wrong), "{error}");
    }
}
