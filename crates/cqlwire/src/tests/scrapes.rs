//! What is scraped by Prometheus, as a strict reader of its format takes it.

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::memory::Memory;
use super::open_metrics::Page;
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::Session;
use crate::export::SessionCollector;

/// What any text may hold.
const STRANGE: &str = "a\\n \"b\"\n{c=\"d\"} ,é\u{1F600}\r# EOF\\";

fn scraped(registry: &Registry) -> Page {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    Page::read(&text)
}

fn registry_of(session: &Session) -> Registry {
    let mut registry = Registry::default();
    let collector = SessionCollector::new(session).times_of_hosts(true);
    registry.register_collector(Box::new(collector));
    registry
}

async fn use_it(session: &Session, name: &str) {
    let by_city = session.prepare(SELECT).await.unwrap().name(name);
    for _ in 0..5 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    session.query(INSERT, ()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_scraped_is_in_the_format_whatever_names_are_like() {
    let mut member = Member::new(([127, 0, 0, 1], 9042).into());
    (member.data_center, member.rack) = (STRANGE.to_owned(), format!("rack {STRANGE}"));
    let memory = Memory::of([ScriptedNode::builder().member(member).in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    use_it(&session, STRANGE).await;
    let page = scraped(&registry_of(&session));
    let [up] = page.of("cqlwire_host_up") else { panic!("{page:?}") };
    assert_eq!((up.label("data_center"), up.value), (STRANGE, 1.0));
    assert_eq!(up.label("rack"), format!("rack {STRANGE}"));
    let family = "cqlwire_statement_duration_seconds";
    let count = format!("{family}_count");
    assert!((page.one(family, &count, &[("statement", STRANGE)]) - 5.0).abs() < 0.1);
    let help = &page.0["cqlwire_host_up"].help;
    assert!(help.ends_with('.') && !help.contains('\\'), "{help}");
}

#[tokio::test(start_paused = true)]
async fn each_figure_is_what_the_session_counts_under_its_name() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    use_it(&session, "users").await;
    memory.node().prime(Prime::statement(SELECT).first(1).error(0x2200, "no"));
    let by_city = session.prepare(SELECT).await.unwrap();
    session.execute(&by_city, ("Oslo",)).await.unwrap_err();
    // Two attempts, and a response that is owed.
    memory.node().prime(Prime::statement("SELECT 1").first(1).error(0x1001, "no"));
    session.query("SELECT 1", ()).await.unwrap();
    let held = memory.node().hold(Prime::statement(INSERT));
    let other = session.clone();
    let owed = tokio::spawn(async move { other.query(INSERT, ()).await.map(drop) });
    eventually(PATIENCE, "the host has it", || held.len() == 1).await;
    let (page, metrics) = (scraped(&registry_of(&session)), session.metrics());
    let is = |family: &str, suffix: &str, labels: &[(&str, &str)], expected: u64| {
        let figure = page.one(family, &format!("{family}{suffix}"), labels);
        assert!((figure - expected as f64).abs() < 0.1, "{family}: {figure}, not {expected}");
    };
    let host = &metrics.hosts[0];
    for (name, count) in host.totals.connections.each() {
        is(&format!("cqlwire_host_connections_{name}"), "_total", &[], count);
    }
    for (name, count) in host.totals.requests.each() {
        is(&format!("cqlwire_host_attempts_{name}"), "_total", &[], count);
    }
    assert_eq!((host.usage.in_flight, host.usage.waiting), (1, 0));
    is("cqlwire_host_in_flight", "", &[], 1);
    is("cqlwire_host_waiting", "", &[], 0);
    is("cqlwire_host_orphaned", "", &[], 0);
    let reads = metrics.latency(crate::net::RequestKind::Read).unwrap();
    assert_ne!(reads.requests.count(), reads.attempts.count());
    let of_reads = [("kind", "read")];
    is("cqlwire_request_duration_seconds", "_count", &of_reads, reads.requests.count());
    is("cqlwire_attempt_duration_seconds", "_count", &of_reads, reads.attempts.count());
    is("cqlwire_statement_failures", "_total", &[("statement", "users")], 1);
    held.release();
    owed.await.unwrap().unwrap();
}

/// While a node takes the place of another one, peers may list both at its address.
#[tokio::test(start_paused = true)]
async fn hosts_at_one_address_are_told_apart() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let replaced = Member { host_id: [7; 16], ..memory.node().member() };
    memory.node().set_peers([replaced]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    assert_eq!(session.topology().hosts().len(), 2);
    let page = scraped(&registry_of(&session));
    assert_eq!(page.of("cqlwire_host_up").len(), 2);
}

/// Hosts of other data centers get no connections: an alert for hosts that are down would never end.
#[tokio::test(start_paused = true)]
async fn hosts_that_are_not_to_be_connected_to_are_not_on_the_page() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let mut far = Member::new(([127, 0, 0, 9], 9042).into());
    (far.data_center, far.host_id) = ("elsewhere".to_owned(), [7; 16]);
    memory.node().set_peers([far]);
    prime_users(memory.node(), 25);
    let local = memory.node().member().data_center;
    let session = memory.builder().local_data_center(local).connect().await.unwrap();
    let metrics = session.metrics();
    assert_eq!(metrics.hosts.iter().filter(|host| !host.is_up).count(), 1);
    assert!(metrics.to_string().contains("not connected to"), "{metrics}");
    #[cfg(feature = "serde")]
    {
        let written = serde_json::to_value(&metrics).unwrap();
        let hosts = written["hosts"].as_array().unwrap().iter();
        let mut distances: Vec<_> = hosts.map(|host| host["distance"].as_str().unwrap()).collect();
        distances.sort_unstable();
        assert_eq!(distances, ["ignored", "local"]);
    }
    let page = scraped(&registry_of(&session));
    let [up] = page.of("cqlwire_host_up") else { panic!("{page:?}") };
    assert_eq!(up.value, 1.0);
}

#[tokio::test(start_paused = true)]
async fn several_sessions_are_one_page_on_which_each_name_stands_once() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let sessions = [memory.session().await, memory.session().await];
    for session in &sessions {
        use_it(session, "users").await;
    }
    let mut registry = Registry::default();
    let named = ["one", "two"].into_iter().zip(&sessions);
    registry.register_collector(Box::new(SessionCollector::of_several(named)));
    let page = scraped(&registry);
    for name in ["one", "two"] {
        let of = [("session", name), ("outcome", "ok")];
        let ok = page.one("cqlwire_requests", "cqlwire_requests_total", &of);
        assert!((ok - 7.0).abs() < 0.1, "{ok}");
    }
}

/// Statements go from the cache one by one: what was counted of a name must not go back with them.
#[tokio::test(start_paused = true)]
async fn figures_of_a_name_do_not_go_back_when_a_statement_goes_from_the_cache() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.builder().prepared_statements(8).connect().await.unwrap();
    use_it(&session, "users").await;
    let held = session.prepare(INSERT).await.unwrap().name("users");
    session.execute(&held, ()).await.unwrap();
    let ok = |session: &Session| {
        let metrics = session.metrics();
        metrics.statements.iter().find(|one| one.name == "users").map_or(0, |one| one.ok)
    };
    assert_eq!(ok(&session), 6);
    for number in 0..100 {
        let text = format!("INSERT INTO users (id) VALUES ({number})");
        session.prepare(&text).await.unwrap();
    }
    assert!(session.metrics().prepared.evicted > 50);
    assert_eq!(ok(&session), 6, "what is held has the name still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_be_closed_and_dropped_while_it_is_scraped() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    for _ in 0..20 {
        let session = memory.session().await;
        use_it(&session, "users").await;
        let shared = std::sync::Arc::downgrade(session.shared());
        let registry = registry_of(&session);
        let (begun, has_begun) = std::sync::mpsc::channel();
        let scraper = std::thread::spawn(move || {
            let mut pages = 0;
            loop {
                let page = scraped(&registry);
                pages += 1;
                begun.send(()).unwrap_or_default();
                if page.0.is_empty() {
                    return pages;
                }
            }
        });
        has_begun.recv().unwrap();
        session.close(PATIENCE).await;
        drop(session);
        eventually(PATIENCE, "nothing holds it", || shared.strong_count() == 0).await;
        assert!(scraper.join().unwrap() >= 1);
    }
}
