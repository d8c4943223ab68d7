//! Traces: they come late, in parts, or never.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_testkit::cancel::cancel_at_every_poll;
use cqlwire_testkit::node::{Prime, Row, ScriptedNode, columns};
use tokio::time::Instant;

use super::memory::{Memory, at_rest, ends_after};
use crate::codec::{ColumnSpec, ColumnType, EncodedValues, ProtocolVersion};
use crate::uuid::Uuid;
use crate::value::CqlTimestamp;
use crate::{Consistency, EncodeValues, ErrorKind, ExecutionProfile, Session};

const SESSION: &str = "SELECT * FROM system_traces.sessions WHERE session_id = ?";
const EVENTS: &str = "SELECT * FROM system_traces.events WHERE session_id = ?";
const ID: Uuid = Uuid::from_bytes([7; 16]);
const COORDINATOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
const REPLICA: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn row(columns: &[ColumnSpec], values: impl EncodeValues) -> Row {
    let encoded = EncodedValues::encode(&values, columns, BytesMut::new()).unwrap();
    // Each with its length, which is negative of null.
    let cell = |value: &[u8]| (value[0] < 0x80).then(|| BytesMut::from(&value[4..]).freeze());
    encoded.each().map(cell).collect()
}

/// `duration` once there is one; the ports unless the servers are old.
fn session_columns(has_ports: bool) -> Vec<ColumnSpec> {
    let text = || Box::new(ColumnType::Text);
    let mut columns = columns([
        ("session_id", ColumnType::Uuid),
        ("client", ColumnType::Inet),
        ("command", ColumnType::Text),
        ("coordinator", ColumnType::Inet),
        ("duration", ColumnType::Int),
        ("parameters", ColumnType::Map(text(), text())),
        ("request", ColumnType::Text),
        ("started_at", ColumnType::Timestamp),
        ("coordinator_port", ColumnType::Int),
    ]);
    columns.truncate(if has_ports { 9 } else { 8 });
    columns
}

fn event_columns() -> Vec<ColumnSpec> {
    columns([
        ("session_id", ColumnType::Uuid),
        ("event_id", ColumnType::TimeUuid),
        ("activity", ColumnType::Text),
        ("source", ColumnType::Inet),
        ("source_elapsed", ColumnType::Int),
        ("source_port", ColumnType::Int),
        ("thread", ColumnType::Text),
    ])
}

fn parameters() -> BTreeMap<String, String> {
    [("query".to_owned(), "SELECT * FROM users".to_owned())].into()
}

/// How much of a trace there is at each look; the last one stays. `None` is no row.
type Looks = &'static [Option<Option<i32>>];

/// The row of the trace, as it comes about.
fn prime_session(node: &ScriptedNode, looks: Looks, has_ports: bool) {
    let (seen, shape) = (AtomicUsize::new(0), session_columns(has_ports));
    let rows = move |_: &_| {
        let look = seen.fetch_add(1, Relaxed).min(looks.len() - 1);
        let Some(duration) = looks[look] else { return Vec::new() };
        let of_all = (ID, COORDINATOR, "QUERY", COORDINATOR, duration, parameters());
        let (request, at, port) = ("Execute CQL3 query", CqlTimestamp(5), 7_000);
        let (a, b, c, d, e, f) = of_all;
        let columns = session_columns(has_ports);
        match has_ports {
            true => vec![row(&columns, (a, b, c, d, e, f, request, at, port))],
            false => vec![row(&columns, (a, b, c, d, e, f, request, at))],
        }
    };
    let markers = columns([("session_id", ColumnType::Uuid)]);
    node.prime(Prime::statement(SESSION).rows_from(shape, rows).binds(markers, &[0]));
}

/// As many events as there are at each look; the last number stays.
fn prime_events(node: &ScriptedNode, looks: &'static [u8]) {
    let seen = AtomicUsize::new(0);
    let rows = move |received: &cqlwire_testkit::node::Received| {
        // Each further page is of the same look.
        let first = received.page.is_none_or(|page| page == 0);
        let look = if first { seen.fetch_add(1, Relaxed) } else { seen.load(Relaxed) - 1 };
        let event = |number: u8| {
            let id = Uuid::from_bytes([number; 16]);
            let thread = "ReadStage-1".to_owned();
            let activity = format!("step {number}");
            let elapsed = i32::from(number) * 10;
            row(&event_columns(), (ID, id, activity, REPLICA, elapsed, 7_001, thread))
        };
        (0..looks[look.min(looks.len() - 1)]).map(event).collect()
    };
    let markers = columns([("session_id", ColumnType::Uuid)]);
    node.prime(Prime::statement(EVENTS).rows_from(event_columns(), rows).binds(markers, &[0]));
}

async fn one(version: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    // What looks for a trace is not to leave one, nor to be cut off.
    let profile = ExecutionProfile::default().tracing(true).page_size(7);
    let session = memory.builder().profile(profile).connect().await.unwrap();
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn a_trace_is_waited_for_until_it_is_there_with_all_of_its_events() {
    for (version, has_ports) in
        [(ProtocolVersion::V3, false), (ProtocolVersion::V4, true), (ProtocolVersion::V5, true)]
    {
        let (memory, session) = one(version).await;
        prime_session(memory.node(), &[None, None, Some(None), Some(Some(1_234))], has_ports);
        prime_events(memory.node(), &[3, 20, 20]);
        let trace = session.trace(ID).await.unwrap();
        assert_eq!(
            (trace.id, trace.coordinator, trace.client),
            (ID, COORDINATOR, Some(COORDINATOR))
        );
        assert_eq!(trace.coordinator_port, has_ports.then_some(7_000), "{version}");
        assert_eq!(trace.duration, Duration::from_micros(1_234));
        assert_eq!((&*trace.command, &*trace.request), ("QUERY", "Execute CQL3 query"));
        assert_eq!((trace.started_at, &trace.parameters), (Some(CqlTimestamp(5)), &parameters()));
        assert_eq!(trace.events.len(), 20, "{version}");
        for (number, event) in (0_u8..).zip(&trace.events) {
            assert_eq!(event.id, Uuid::from_bytes([number; 16]));
            assert_eq!(event.activity, format!("step {number}"));
            assert_eq!((event.source, event.source_port), (REPLICA, Some(7_001)));
            assert_eq!(event.elapsed, Some(Duration::from_micros(u64::from(number) * 10)));
            assert_eq!(event.thread.as_deref(), Some("ReadStage-1"));
        }
        let text = trace.to_string();
        assert!(
            text.starts_with("Execute CQL3 query by 127.0.0.1: 1.234ms (trace 07070707"),
            "{text}"
        );
        assert!(text.contains("\n  query: SELECT * FROM users\n"), "{text}");
        assert!(text.ends_with("\n       190µs  127.0.0.2  step 19"), "{text}");
        assert_eq!(memory.node().count_statement(SESSION), 4);
        // The second look and the third one take three pages each.
        assert_eq!(memory.node().count_statement(EVENTS), 1 + 3 + 3);
        let looks = memory.node().received();
        for look in looks.iter().filter(|one| one.statements.iter().any(|text| text == EVENTS)) {
            assert!(!look.fields.tracing, "{look:?}");
            assert!(look.fields.consistency.is_none_or(|level| level == Consistency::One));
        }
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_trace_that_never_comes_is_an_error_in_time_that_says_how_far_it_got() {
    for (looks, says, begun) in [
        (&[None] as Looks, "is not there: no server has written it", false),
        (&[None, Some(None)], "has not come to its end yet", true),
    ] {
        let (memory, session) = one(ProtocolVersion::V5).await;
        prime_session(memory.node(), looks, true);
        let began = Instant::now();
        let error = session.trace(ID).await.unwrap_err();
        let took = began.elapsed();
        assert!(
            (9..=10).contains(&took.as_secs()) && took < Duration::from_millis(10_050),
            "{took:?}"
        );
        let ErrorKind::NoTrace { id: ID, has_begun } = error.kind() else { panic!("{error}") };
        assert_eq!(*has_begun, begun);
        let text = error.to_string();
        assert!(text.contains(says) && text.contains("07070707"), "{text}");
        assert!(error.is_retryable() && !error.may_have_been_applied(), "{text}");
        let asked = memory.node().count_statement(SESSION);
        assert!((30..50).contains(&asked), "{asked}: not too often");
    }
}

/// Only the end of the time is the end of looking: whatever else goes wrong is said.
#[tokio::test(start_paused = true)]
async fn an_error_while_more_events_are_waited_for_is_the_error_of_the_trace() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    prime_session(memory.node(), &[Some(Some(5))], true);
    prime_events(memory.node(), &[1, 2, 3, 3]);
    assert_eq!(session.trace(ID).await.unwrap().events.len(), 3);
    prime_events(memory.node(), &[1, 2, 3, 3]);
    let looks = memory.node().count_statement(EVENTS);
    memory.node().prime(Prime::statement(EVENTS).nth(2).error(0x2200, "unconfigured table"));
    let error = session.trace(ID).await.unwrap_err();
    assert!(error.to_string().contains("unconfigured table"), "{error}");
    assert_eq!(memory.node().count_statement(EVENTS) - looks, 2);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_trace_whose_events_do_not_come_is_what_there_is_of_it() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    prime_session(memory.node(), &[Some(Some(5))], true);
    prime_events(memory.node(), &[0]);
    let began = Instant::now();
    let trace = session.trace(ID).await.unwrap();
    assert!(trace.events.is_empty() && began.elapsed() < Duration::from_secs(1));
    prime_events(memory.node(), &[0, 0, 0, 2]);
    assert_eq!(session.trace(ID).await.unwrap().events.len(), 2);
    // More of them at each look: the end of the time is the end of it.
    let hasty =
        memory.builder().profile(ExecutionProfile::default().timeout(Duration::from_millis(60)));
    let hasty = hasty.connect().await.unwrap();
    prime_events(memory.node(), &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(!hasty.trace(ID).await.unwrap().events.is_empty());
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_trace_of_servers_that_say_nothing_is_a_timeout() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    prime_session(memory.node(), &[Some(None)], true);
    assert!(session.trace(ID).await.is_err());
    // What was seen before is said.
    let seen = memory.node().count_statement(SESSION);
    prime_session(memory.node(), &[Some(None)], true);
    memory.node().prime(Prime::statement(SESSION).nth(3).silence());
    let error = ends_after(Duration::from_secs(10), session.trace(ID)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoTrace { has_begun: true, .. }), "{error}");
    assert_eq!(memory.node().count_statement(SESSION), seen + 3);
    memory.node().prime(Prime::statement(SESSION).silence());
    let error = ends_after(Duration::from_secs(10), session.trace(ID)).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
    session.close(Duration::from_secs(1)).await;
    assert!(session.trace(ID).await.unwrap_err().is_closed());
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_trace_dropped_at_every_poll() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    prime_events(memory.node(), &[3]);
    let fresh = || {
        prime_session(memory.node(), &[None, Some(Some(5))], true);
        Box::pin(session.trace(ID))
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    assert_eq!(output.unwrap().events.len(), 3);
    assert!(dropped >= 6, "dropped at {dropped} points only");
}
