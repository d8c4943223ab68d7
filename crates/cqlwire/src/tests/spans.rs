//! Requests as spans, as an exporter of OpenTelemetry gets them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cqlwire_testkit::log::{LogLines, beside_others};
use cqlwire_testkit::node::Member;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::{Instrument, Level, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

use super::memory::Memory;
use super::*;
use crate::codec::{Opcode, ProtocolVersion};
use crate::{Consistency, ConstantDelay, CustomPayload};

/// What this thread does from now on, as it is exported.
struct Exported {
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
    _until_dropped: tracing::subscriber::DefaultGuard,
}

impl Exported {
    fn begin() -> Self {
        beside_others();
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        let _until_dropped = tracing::subscriber::set_default(subscriber);
        Self { exporter, provider, _until_dropped }
    }

    /// The spans of requests, and that of whoever made them.
    fn spans(&self) -> (Vec<SpanData>, SpanData) {
        self.provider.force_flush().unwrap();
        let spans = self.exporter.get_finished_spans().unwrap();
        let (own, of_user) =
            spans.into_iter().partition::<Vec<_>, _>(|span| span.name != "handler");
        (own, of_user.into_iter().next().unwrap())
    }
}

fn attributes(span: &SpanData) -> BTreeMap<String, String> {
    let each = span.attributes.iter();
    each.map(|one| (one.key.to_string(), one.value.to_string())).collect()
}

fn events(span: &SpanData) -> Vec<&str> {
    span.events.iter().map(|event| &*event.name).collect()
}

async fn within_a_handler<F: Future>(work: F) -> F::Output {
    work.instrument(info_span!("handler")).await
}

fn two_nodes() -> std::sync::Arc<Memory> {
    let nodes = [1, 2].map(|number| {
        let member = Member::new(([127, 0, 0, number], 9042).into());
        ScriptedNode::builder().member(member).in_memory()
    });
    nodes[0].set_peers([nodes[1].member()]);
    Memory::of(nodes)
}

#[tokio::test(start_paused = true)]
async fn a_request_is_a_span_of_its_caller_with_the_attributes_of_the_conventions() {
    let memory = two_nodes();
    prime_users(memory.node(), 3);
    prime_users(&memory.nodes()[1], 3);
    let session = memory.builder().ready_when(2).keyspace("shop").connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    // Until both hosts know it.
    for _ in 0..2 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    let exported = Exported::begin();
    within_a_handler(async {
        let read = session.execute(&by_city, ("geheim",)).consistency(Consistency::One);
        read.page_size(100).await.unwrap();
    })
    .await;
    let (spans, handler) = exported.spans();
    let [span] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!(span.parent_span_id, handler.span_context.span_id());
    assert_eq!(span.span_context.trace_id(), handler.span_context.trace_id());
    assert_eq!((&*span.name, &span.span_kind), ("SELECT users", &SpanKind::Client));
    assert_eq!(span.status, Status::Unset);
    let attributes = attributes(span);
    let host = &attributes["server.address"];
    let found = session.topology();
    let found = found.hosts().iter().find(|one| one.address().host() == *host).unwrap();
    for (name, expected) in [
        ("db.system.name", "cassandra"),
        ("db.namespace", "shop"),
        ("db.collection.name", "users"),
        ("db.operation.name", "SELECT"),
        ("cassandra.consistency.level", "one"),
        ("cassandra.page.size", "100"),
        ("cassandra.query.idempotent", "true"),
        ("cassandra.speculative_execution.count", "0"),
        ("cassandra.coordinator.id", &*found.id().to_string()),
        ("cassandra.coordinator.dc", found.data_center()),
        ("server.port", "9042"),
        ("session", &*session.id().to_string()),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(expected), "{name}");
    }
    for name in ["db.query.text", "error.type", "db.response.status_code"] {
        assert_eq!(attributes.get(name), None, "{name}");
    }
    assert_eq!(events(span), ["attempt", "response"]);
    assert!(!format!("{span:?}").contains("geheim"));
}

#[tokio::test(start_paused = true)]
async fn attempts_retries_and_what_a_server_says_are_events_and_attributes() {
    let memory = two_nodes();
    for node in memory.nodes() {
        let text = "SELECT v FROM shop.t WHERE k = 'geheim'";
        node.prime(Prime::statement(text).nth(1).error(0x1001, "too much for k = 'geheim'"));
        node.prime(Prime::statement(text).error(0x2200, "no column k = 'geheim'"));
        node.prime(Prime::statement(text).first(1).error(0x1001, "too much for k = 'geheim'"));
    }
    let logs = |logs: &mut crate::LogSettings| logs.statements_in_traces = true;
    let session = memory.builder().ready_when(2).logs(logs).connect().await.unwrap();
    let exported = Exported::begin();
    let text = "SELECT v FROM shop.t WHERE k = 'geheim'";
    within_a_handler(session.query(text, ())).await.unwrap_err();
    let (spans, _) = exported.spans();
    let [span] = &spans[..] else { panic!("{spans:#?}") };
    let attributes = attributes(span);
    for (name, expected) in [
        ("db.collection.name", "shop.t"),
        ("db.query.text", "SELECT v FROM shop.t WHERE k = ?"),
        ("db.response.status_code", "8704"),
        ("error.type", "8704"),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(expected), "{name}");
    }
    let Status::Error { description } = &span.status else { panic!("{:?}", span.status) };
    assert!(description.ends_with("no column k = ?"), "{description}");
    let events = events(span);
    let attempt = ["attempt", "response", "attempt failed"];
    assert_eq!(events[..3], attempt, "{events:?}");
    assert_eq!(events[events.len() - 3..], attempt, "{events:?}");
    assert!(!format!("{span:?}").contains("geheim"));
}

#[tokio::test(start_paused = true)]
async fn pages_batches_prepares_and_speculative_executions_are_spans() {
    let memory = two_nodes();
    memory.nodes().iter().for_each(|node| prime_users(node, 25));
    let delay = ConstantDelay { delay: Duration::from_millis(20), most: 1 };
    let session = memory.builder().ready_when(2).connect().await.unwrap();
    let exported = Exported::begin();
    within_a_handler(async {
        let by_city = session.prepare(SELECT).await.unwrap();
        let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
        while pages.try_next().await.unwrap().is_some() {}
        let mut batch = session.batch();
        batch.add(INSERT, ()).unwrap().add(INSERT, ()).unwrap();
        batch.execute().await.unwrap();
        for node in memory.nodes() {
            node.prime(Prime::statement("SELECT slow").after(Duration::from_millis(50)));
        }
        let slow = session.query("SELECT slow", ()).speculative_policy(delay);
        slow.await.unwrap();
        let cancelled = session.query("SELECT slow", ());
        tokio::time::timeout(Duration::from_millis(5), cancelled).await.unwrap_err();
    })
    .await;
    let (spans, handler) = exported.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    let pages = ["SELECT users"; 3];
    let expected = [&["PREPARE users"][..], &pages, &["BATCH", "SELECT", "SELECT"]].concat();
    assert_eq!(names, expected);
    let own = handler.span_context.span_id();
    assert!(spans.iter().all(|span| span.parent_span_id == own), "{spans:#?}");
    assert_eq!(attributes(&spans[1])["cassandra.page.size"], "10");
    assert_eq!(attributes(&spans[4])["db.operation.batch.size"], "2");
    let slow = attributes(&spans[5]);
    assert_eq!(slow["cassandra.speculative_execution.count"], "1");
    assert_eq!(events(&spans[5])[..3], ["attempt", "speculative execution", "attempt"]);
    assert_eq!(attributes(&spans[6])["error.type"], "cancelled");
}

/// A session that tells servers the trace of each request.
fn telling(builder: SessionBuilder) -> SessionBuilder {
    let w3c = TraceContextPropagator::new();
    builder.trace_context(move |span, fields| w3c.inject_context(&span.context(), fields))
}

fn of_version(version: ProtocolVersion) -> std::sync::Arc<Memory> {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    prime_users(memory.node(), 25);
    memory
}

/// The payloads that came with the executions of statements, in order.
fn payloads(memory: &Memory) -> Vec<Option<CustomPayload>> {
    let received = memory.nodes().iter().flat_map(ScriptedNode::received);
    let of_users = received.filter(|one| {
        let texts = [SELECT, INSERT, "SELECT slow"];
        one.statements.iter().any(|text| texts.contains(&&**text)) && one.opcode != Opcode::Prepare
    });
    of_users.map(|one| one.fields.custom_payload).collect()
}

/// As W3C writes it, of a span that is sampled.
fn traceparent(span: &SpanData) -> CustomPayload {
    let (trace, span) = (span.span_context.trace_id(), span.span_context.span_id());
    let parent = format!("00-{trace}-{span}-01");
    payload([("traceparent", &*parent), ("tracestate", "")])
}

fn payload<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> CustomPayload {
    let field = |(key, value): (&str, &str)| {
        (key.to_owned(), Some(Bytes::copy_from_slice(value.as_bytes())))
    };
    fields.into_iter().map(field).collect()
}

#[tokio::test(start_paused = true)]
async fn a_server_is_told_the_trace_and_the_span_of_each_request_where_there_is_room_for_it() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let memory = of_version(version);
        let session = telling(memory.builder()).connect().await.unwrap();
        let by_city = session.prepare(SELECT).await.unwrap();
        let exported = Exported::begin();
        within_a_handler(async {
            session.query(INSERT, ()).await.unwrap();
            session.query(SELECT, ("Oslo",)).await.unwrap();
            let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
            while pages.try_next().await.unwrap().is_some() {}
            let mut batch = session.batch();
            batch.add(INSERT, ()).unwrap();
            batch.execute().await.unwrap();
            batch.execute().await.unwrap();
        })
        .await;
        let (spans, handler) = exported.spans();
        let trace = handler.span_context.trace_id();
        assert_eq!(spans.len(), 7, "{spans:#?}");
        assert!(spans.iter().all(|span| span.span_context.trace_id() == trace), "{spans:#?}");
        let told: Vec<_> = match version {
            ProtocolVersion::V3 => spans.iter().map(|_| None).collect(),
            _ => spans.iter().map(traceparent).map(Some).collect(),
        };
        assert_eq!(payloads(&memory), told, "{version}");
        // That a span is told early takes nothing from it.
        assert_eq!(attributes(&spans[1])["cassandra.coordinator.dc"], "datacenter1");
        assert_eq!(events(&spans[1]), ["attempt", "response"]);
    }
}

#[tokio::test(start_paused = true)]
async fn all_attempts_of_a_request_are_of_one_span() {
    let memory = two_nodes();
    for node in memory.nodes() {
        node.prime(Prime::statement(INSERT).error(0x1001, "too much"));
        node.prime(Prime::statement("SELECT slow").after(Duration::from_millis(50)));
    }
    let delay = ConstantDelay { delay: Duration::from_millis(20), most: 1 };
    let session = telling(memory.builder().ready_when(2)).connect().await.unwrap();
    for text in [INSERT, "SELECT slow"] {
        let exported = Exported::begin();
        let before = payloads(&memory).len();
        let call = session.query(text, ()).idempotent(true).speculative_policy(delay);
        within_a_handler(async { drop(call.await) }).await;
        let (spans, _) = exported.spans();
        let [span] = &spans[..] else { panic!("{spans:#?}") };
        let payloads = payloads(&memory);
        assert!(payloads.len() - before >= 2, "{text}: {payloads:?}");
        let told = Some(traceparent(span));
        let own = payloads.iter().filter(|payload| **payload == told).count();
        assert_eq!(own, payloads.len() - before, "{payloads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_user_sends_along_comes_before_the_trace_and_goes_with_it() {
    let memory = of_version(ProtocolVersion::V5);
    let builder = memory.builder().trace_context(|_, fields| {
        let each = [("traceparent", "theirs".to_owned()), ("baggage", "x".repeat(9 << 10))];
        fields.extend(each.map(|(key, value)| (key.to_owned(), value)));
    });
    let session = builder.connect().await.unwrap();
    let own = payload([("order", "66")]);
    session.query(INSERT, ()).custom_payload(own).await.unwrap();
    session.query(INSERT, ()).custom_payload(payload([("traceparent", "mine")])).await.unwrap();
    session.query(INSERT, ()).await.unwrap();
    let expected = [
        payload([("order", "66"), ("traceparent", "theirs")]),
        payload([("traceparent", "mine")]),
        payload([("traceparent", "theirs")]),
    ];
    assert_eq!(payloads(&memory), expected.map(Some));
}

/// Of too many fields, those stay that say which trace it is.
#[tokio::test(start_paused = true)]
async fn baggage_without_end_does_not_cost_the_trace() {
    let memory = of_version(ProtocolVersion::V5);
    let builder = memory.builder().trace_context(|_, fields| {
        let baggage = (0..100).map(|number| format!("baggage{number}"));
        let trace = ["traceparent", "tracestate"].map(str::to_owned);
        fields.extend(baggage.chain(trace).map(|key| (key, "theirs".to_owned())));
    });
    let session = builder.connect().await.unwrap();
    for _ in 0..5 {
        session.query(INSERT, ()).await.unwrap();
    }
    for told in payloads(&memory) {
        let told = told.unwrap();
        assert!(["traceparent", "tracestate"].iter().all(|key| told.contains_key(*key)));
        assert_eq!(told.len(), 16);
    }
}

/// A payload has room for so many fields, all of which are its user's: none is left for the trace.
#[tokio::test(start_paused = true)]
async fn a_payload_that_is_full_goes_as_it_is() {
    let memory = of_version(ProtocolVersion::V5);
    let builder = memory.builder().trace_context(|_, fields| {
        fields.extend(["a", "b"].map(|key| (key.to_owned(), "theirs".to_owned())));
    });
    let session = builder.connect().await.unwrap();
    let most = usize::from(u16::MAX);
    for (own, theirs) in [(most, 0), (most - 1, 1), (most - 2, 2)] {
        let own: CustomPayload = (0..own).map(|key| (key.to_string(), None)).collect();
        let before = payloads(&memory).len();
        session.query(INSERT, ()).custom_payload(own.clone()).await.unwrap();
        let mut told = payloads(&memory).remove(before).unwrap();
        assert!(own.keys().all(|key| told.remove(key).is_some()));
        assert_eq!(told.len(), theirs);
    }
}

/// Nobody wants spans of requests: those of their callers are told, if there are any.
#[tokio::test(start_paused = true)]
async fn the_trace_of_its_caller_is_told_of_a_request_that_is_no_span() {
    let memory = of_version(ProtocolVersion::V5);
    let builder = memory.builder().trace_context(|span, fields| {
        let name = span.metadata().map(|metadata| metadata.name().to_owned());
        fields.extend(name.map(|name| ("span".to_owned(), name)));
    });
    let session = builder.connect().await.unwrap();
    session.query(INSERT, ()).await.unwrap();
    let _log = LogLines::collect(Level::INFO);
    within_a_handler(session.query(INSERT, ())).await.unwrap();
    let _log = LogLines::collect(Level::DEBUG);
    within_a_handler(session.query(INSERT, ())).await.unwrap();
    let told = ["handler", "request"].map(|name| Some(payload([("span", name)])));
    assert_eq!(payloads(&memory), [&[None][..], &told].concat());
}

#[tokio::test(start_paused = true)]
async fn a_trace_context_that_panics_fails_no_request_and_is_said_in_the_log() {
    let memory = of_version(ProtocolVersion::V5);
    let builder = memory.builder().trace_context(|_, _| panic!("no trace today"));
    let session = builder.connect().await.unwrap();
    let log = LogLines::collect(Level::ERROR);
    for _ in 0..3 {
        session.query(INSERT, ()).await.unwrap();
    }
    assert_eq!(payloads(&memory), vec![None; 3]);
    let lines = log.all();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(format!("{line:?}").contains("no trace today"), "{line:?}");
}

/// A request writes nothing down, and makes no span, as long as nobody wants that level.
#[tokio::test(start_paused = true)]
async fn requests_are_no_spans_where_nobody_wants_them() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    for (level, is_watched) in
        [(Level::INFO, false), (Level::DEBUG, true), (Level::TRACE, true), (Level::WARN, false)]
    {
        let log = LogLines::collect(level);
        assert_eq!(session.shared().is_watched(), is_watched, "{level}");
        session.query(INSERT, ()).await.unwrap();
        let spans = log.all().iter().filter(|line| line.target == "cqlwire::request").count();
        assert_eq!(spans > 0, is_watched, "{level}");
    }
}
