//! Figures for the systems that collect them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::memory::Memory;
use super::{INSERT, SELECT, prime_users};
use crate::export::{OperationDuration, SessionCollector, observe, observe_with};
use crate::uuid::Uuid;
use crate::{
    Observer, ReportHost, RequestEnding, RequestKind, RequestReport, Session, Step, StepKind,
};

/// Five reads by a named statement, a write, and one that fails.
async fn use_it(memory: &Memory, session: &Session) {
    prime_users(memory.node(), 25);
    let by_city = session.prepare(SELECT).await.unwrap().name("users.by \"city\"\n");
    for _ in 0..5 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    session.query(INSERT, ()).await.unwrap();
    memory.node().prime(Prime::statement(INSERT).first(1).error(0x2200, "no"));
    session.query(INSERT, ()).await.unwrap_err();
}

fn scraped(collector: SessionCollector) -> String {
    let (mut registry, mut text) = (Registry::default(), String::new());
    registry.register_collector(Box::new(collector));
    encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn prometheus_is_given_what_the_session_has_counted() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    use_it(&memory, &session).await;
    let text = scraped(SessionCollector::new(&session));
    let host = memory.node().address();
    for line in [
        "# TYPE cqlwire_requests counter",
        "# HELP cqlwire_requests Requests, each with all of its attempts, by what became of them.",
        "cqlwire_requests_total{outcome=\"ok\"} 7",
        "cqlwire_requests_total{outcome=\"server_errors\"} 1",
        "cqlwire_requests_total{outcome=\"cancelled\"} 0",
        "cqlwire_server_errors_total{code=\"invalid\"} 1",
        "cqlwire_requests_under_way 0",
        "cqlwire_prepared_total 1",
        "# HELP cqlwire_retries_over_budget Retries and plans that there were not, since the budget was \
         used up: so many requests failed for it.",
        "cqlwire_held{what=\"connections\"} 1",
        "cqlwire_control_connection 1",
        "# TYPE cqlwire_request_duration_seconds histogram",
        "cqlwire_request_duration_seconds_count{kind=\"read\"} 5",
        "cqlwire_request_duration_seconds_bucket{le=\"+Inf\",kind=\"read\"} 5",
        "cqlwire_statement_duration_seconds_count{statement=\"users.by \\\"city\\\"\\n\"} 5",
    ] {
        assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
    }
    let of_host = format!("cqlwire_host_up{{host=\"{host}\",data_center=\"datacenter1\",rack=");
    assert!(text.lines().any(|line| line.starts_with(&of_host) && line.ends_with(" 1")), "{text}");
    assert!(!text.contains("host_attempt_duration"), "only if it is asked for");
    let with_hosts = scraped(SessionCollector::new(&session).times_of_hosts(true));
    assert!(with_hosts.contains("cqlwire_host_attempt_duration_seconds_bucket{"), "{with_hosts}");
}

#[tokio::test(start_paused = true)]
async fn each_family_has_one_name_and_says_what_it_is() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    use_it(&memory, &session).await;
    let text = scraped(SessionCollector::new(&session).times_of_hosts(true));
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        assert!(names.insert(name), "{name} twice");
        assert!(help.ends_with('.') && !help.contains(['[', '`']), "{line}");
    }
    let metrics = session.metrics();
    let (pools, requests) = (metrics.pools, metrics.requests.each().count());
    let groups = [
        ("retries", metrics.retries.each().count()),
        ("streams", metrics.streams.each().count()),
        ("cluster", metrics.cluster.each().count()),
        ("connections", pools.connections.each().count()),
        ("attempts", pools.requests.each().count()),
        ("host_connections", pools.connections.each().count()),
        ("host_attempts", pools.requests.each().count()),
    ];
    for (group, figures) in groups {
        let (whole, prefix) = (format!("cqlwire_{group}"), format!("cqlwire_{group}_"));
        let is_of_group = |name: &&&str| **name == whole || name.starts_with(&prefix);
        let of_group = names.iter().filter(is_of_group).count();
        assert_eq!(of_group, figures, "{group}");
    }
    let outcomes = text.lines().filter(|line| line.starts_with("cqlwire_requests_total{")).count();
    assert_eq!(outcomes, requests - 1, "without those that were begun");
}

/// What servers and users may say without an end makes no series.
#[tokio::test(start_paused = true)]
async fn g9_5_there_are_as_many_series_whatever_servers_say_and_texts_hold() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    use_it(&memory, &session).await;
    let series = || {
        let text = scraped(SessionCollector::new(&session).times_of_hosts(true));
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect::<BTreeSet<_>>()
    };
    let unknown_code = |code| Prime::statement(INSERT).first(1).error(0x7000 + code, "who knows");
    memory.node().prime(unknown_code(0));
    session.query(INSERT, ()).await.unwrap_err();
    let before = series();
    for number in 1..100 {
        memory.node().prime(unknown_code(number));
        session.query(INSERT, ()).await.unwrap_err();
        session.query(&format!("SELECT {number} FROM users"), ()).await.unwrap();
    }
    assert_eq!(session.metrics().requests.server_errors, 101);
    // Texts without values are not prepared, and are reads as those before.
    assert_eq!(series(), before);
}

/// The dashboard and the alert rules ask for figures that there are.
#[tokio::test(start_paused = true)]
async fn what_dashboards_and_alerts_ask_for_is_there() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    use_it(&memory, &session).await;
    let text = scraped(SessionCollector::new(&session).times_of_hosts(true));
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<_> = samples.map(|line| line.split(['{', ' ']).next().unwrap()).collect();
    let pages = [
        include_str!("../../../../docs/monitoring/grafana.json"),
        include_str!("../../../../docs/monitoring/alerts.yml"),
    ];
    let _: serde_json::Value = serde_json::from_str(pages[0]).unwrap();
    for page in pages {
        let is_name = |of: char| of.is_ascii_lowercase() || of == '_';
        let words = page.split(|of| !is_name(of)).filter(|word| word.starts_with("cqlwire_"));
        let asked: BTreeSet<_> = words.collect();
        assert!(asked.len() > 8, "{asked:?}");
        let missing: Vec<_> = asked.difference(&there).collect();
        assert!(missing.is_empty(), "{missing:?} of {there:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_who_collects_figures_keeps_a_session_open() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let shared = std::sync::Arc::downgrade(session.shared());
    let collector = SessionCollector::new(&session);
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();
    observe(&session, &provider.meter("test"));
    session.close(super::PATIENCE).await;
    drop(session);
    eventually(super::PATIENCE, "nothing holds it", || shared.strong_count() == 0).await;
    assert_eq!(scraped(collector), "# EOF\n");
    provider.force_flush().unwrap();
    assert!(exporter.get_finished_metrics().unwrap().iter().all(|all| figures(all).is_empty()));
}

/// Each figure with its name and attributes.
fn figures(all: &ResourceMetrics) -> Vec<(String, u64)> {
    let mut figures = Vec::new();
    for metric in all.scope_metrics().flat_map(ScopeMetrics::metrics) {
        let named = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>| {
            let mut named = metric.name().to_owned();
            attributes.for_each(|one| named += &format!(" {}={}", one.key, one.value));
            named
        };
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => figures.extend(
                sum.data_points().map(|point| (named(&mut point.attributes()), point.value())),
            ),
            AggregatedMetrics::U64(MetricData::Gauge(gauge)) => figures.extend(
                gauge.data_points().map(|point| (named(&mut point.attributes()), point.value())),
            ),
            AggregatedMetrics::F64(MetricData::Histogram(times)) => figures.extend(
                times.data_points().map(|point| (named(&mut point.attributes()), point.count())),
            ),
            other => panic!("{}: {other:?}", metric.name()),
        }
    }
    figures
}

/// In real time: the observer thread has it.
#[tokio::test]
async fn opentelemetry_observes_what_the_session_has_counted_and_times_each_request() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let meter = provider.meter("test");
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session =
        memory.builder().observer(OperationDuration::new(&meter)).connect().await.unwrap();
    observe(&session, &meter);
    use_it(&memory, &session).await;
    let host = memory.node().address();
    let metrics = session.metrics();
    // Its observers have heard of all then.
    session.close(super::PATIENCE).await;
    provider.force_flush().unwrap();
    let exported = exporter.get_finished_metrics().unwrap();
    let figures = figures(exported.last().unwrap());
    let figure = |name: &str| {
        let found = figures.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not in {figures:?}")).1
    };
    assert_eq!(figure("cqlwire.requests outcome=ok"), 7);
    assert_eq!(figure("cqlwire.server_errors code=invalid"), 1);
    assert_eq!(figure("cqlwire.attempts_requests"), metrics.pools.requests.requests);
    let durations = figures.iter().filter(|(name, _)| name.starts_with("db.client.operation"));
    let all: Vec<_> = durations.collect();
    assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), metrics.requests.begun, "{all:?}");
    let of = |operation: &str, error: Option<&str>| {
        let wanted =
            [format!("db.operation.name={operation}"), format!("server.port={}", host.port())];
        let with = |name: &str| wanted.iter().all(|attribute| name.contains(attribute));
        let failed = |name: &str| match error {
            None => !name.contains("error.type"),
            Some(code) => name.contains(&format!("error.type={code}")),
        };
        let matching = all.iter().filter(|(name, _)| with(name) && failed(name));
        matching.map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!((of("INSERT", None), of("INSERT", Some("8704"))), (1, 1), "{all:?}");
    // Without its PREPARE, which belongs to no host.
    assert_eq!(of("SELECT", None), 5, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn figures_of_several_sessions_of_one_meter_are_told_apart() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let [orders, users] = [memory.session().await, memory.session().await];
    for (name, session) in [("orders", &orders), ("users", &users)] {
        let attributes = [opentelemetry::KeyValue::new("session", name)];
        observe_with(session, &provider.meter("test"), attributes);
    }
    use_it(&memory, &users).await;
    provider.force_flush().unwrap();
    let exported = exporter.get_finished_metrics().unwrap();
    let figures = figures(exported.last().unwrap());
    for (name, expected) in [("orders", 0), ("users", 7)] {
        let named = |figure: &&(String, u64)| {
            figure.0.starts_with("cqlwire.requests ")
                && figure.0.contains("outcome=ok")
                && figure.0.contains(&format!("session={name}"))
        };
        let found: Vec<_> = figures.iter().filter(named).collect();
        assert!(matches!(found[..], [(_, count)] if *count == expected), "{found:?}");
    }
}

/// In real time: what is observed is looked at anew by each collection.
#[tokio::test]
async fn each_collection_observes_what_the_session_has_counted_by_then() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    observe(&session, &provider.meter("test"));
    let collected = || {
        exporter.reset();
        provider.force_flush().unwrap();
        let figures = figures(exporter.get_finished_metrics().unwrap().last().unwrap());
        figures.into_iter().find(|(name, _)| name == "cqlwire.requests outcome=ok").unwrap().1
    };
    for count in 0..3 {
        eventually(super::PATIENCE, "it is collected", || collected() == count).await;
        session.query(INSERT, ()).await.unwrap();
    }
}

#[test]
fn opentelemetry_is_told_in_seconds_how_long_which_requests_took() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let durations = OperationDuration::new(&provider.meter("test"));
    let address = SocketAddr::from(([10, 0, 0, 7], 9_142)).into();
    let host = ReportHost { id: Uuid::nil(), address, data_center: "near".into() };
    for millis in [250, 2_000] {
        durations.request(&RequestReport {
            kind: RequestKind::Read,
            statement: SELECT.into(),
            keyspace: Some("shop".into()),
            took: Duration::from_millis(millis),
            steps: vec![Step { at: Duration::ZERO, kind: StepKind::Sent(host.clone()) }],
            ending: RequestEnding::Ok,
        });
    }
    provider.force_flush().unwrap();
    let exported = exporter.get_finished_metrics().unwrap();
    let scopes = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    let all: Vec<_> = scopes.flat_map(ScopeMetrics::metrics).collect();
    let [metric] = all[..] else { panic!("{all:?}") };
    assert_eq!((metric.name(), metric.unit()), ("db.client.operation.duration", "s"));
    let AggregatedMetrics::F64(MetricData::Histogram(times)) = metric.data() else {
        panic!("{metric:?}");
    };
    let point = times.data_points().next().unwrap();
    assert_eq!((point.sum(), point.count()), (2.25, 2));
    assert_eq!((point.min(), point.max()), (Some(0.25), Some(2.0)));
    // From a millisecond to ten seconds.
    let bounds: Vec<_> = point.bounds().collect();
    assert_eq!((bounds.first(), bounds.last()), (Some(&0.001), Some(&10.0)));
    let attributes = point.attributes().map(|one| format!("{}={}", one.key, one.value));
    let expected = [
        "db.collection.name=users",
        "db.namespace=shop",
        "db.operation.name=SELECT",
        "db.system.name=cassandra",
        "server.address=10.0.0.7",
        "server.port=9142",
    ];
    assert_eq!(attributes.collect::<BTreeSet<_>>(), BTreeSet::from(expected.map(str::to_owned)));
}
