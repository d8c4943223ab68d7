//! What a session counts, and how it is shown.

use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::memory::{Memory, at_rest};
use super::statements::three;
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::{ErrorCode, RequestKind};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn each_kind_of_request_has_its_times() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let before = session.metrics();
    for _ in 0..5 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    while pages.try_next().await.unwrap().is_some() {}
    let mut batch = session.batch();
    batch.add(&by_city, ("Oslo",)).unwrap();
    batch.execute().await.unwrap();
    session.query(INSERT, ()).await.unwrap();

    let metrics = session.metrics().since(&before);
    let counts = |kind| metrics.latency(kind).map_or(0, |latencies| latencies.requests.count());
    assert_eq!(RequestKind::ALL.map(counts), [5, 0, 1, 0, 3, 1], "{metrics}");
    assert_eq!((metrics.requests.begun, metrics.requests.ok), (10, 10));
    assert_eq!((metrics.prepared.prepared, metrics.kept_statements), (0, 1));
    assert_eq!(before.latency(RequestKind::Prepare).unwrap().requests.count(), 1);
    let host = &metrics.hosts[0];
    assert_eq!(host.latency(RequestKind::Page).unwrap().count(), 3);
    assert_eq!(host.totals.requests, metrics.pools.requests);
    assert!(host.is_up && host.open_connections == 1);
}

/// A request's time is all that its caller waits, an attempt's its own.
#[tokio::test(start_paused = true)]
async fn what_is_sent_again_counts_as_one_request_and_as_its_attempts() {
    let memory = Memory::of(three());
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    let slow_to_fail = Prime::statement(INSERT).first(2).error(0x1001, "busy").after(20 * MS);
    memory.nodes()[0].prime(slow_to_fail);
    let before = session.metrics();
    for _ in 0..3 {
        session.query(INSERT, ()).idempotent(true).await.unwrap();
    }
    let metrics = session.metrics().since(&before);
    let latencies = metrics.latency(RequestKind::Other).unwrap();
    assert_eq!((latencies.requests.count(), latencies.attempts.count()), (3, 4), "{metrics}");
    assert_eq!((metrics.retries.retries, metrics.retries.after_server_errors), (1, 1));
    assert_eq!((metrics.pools.requests.requests, metrics.pools.requests.errors), (4, 1));
    for longest in [latencies.requests.max(), latencies.attempts.max()] {
        assert!((20 * MS..21 * MS).contains(&longest.unwrap()), "{metrics}");
    }
    let second = latencies.requests.quantile(0.6).unwrap();
    assert!(second < MS, "the others are quick: {metrics}");
}

/// Of a request that waits in vain for a host to read, and then goes to the next, the second attempt
/// is quick, and the whole is not.
#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_no_time_of_the_attempt_after_it() {
    let memory = Memory::of(three());
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    memory.nodes().iter().for_each(ScriptedNode::pause_reading);
    let text = "x".repeat(1 << 20);
    let before = session.metrics();
    let moves_on = async {
        tokio::time::sleep(40 * MS).await;
        let is_asked = |node: &ScriptedNode| {
            let host = |host: &&crate::HostMetrics| host.address == node.address().to_string();
            session.metrics().hosts.iter().find(host).unwrap().usage.requests > 0
        };
        let asked = memory.nodes().iter().find(|node| is_asked(node)).unwrap();
        memory.nodes().iter().for_each(ScriptedNode::resume_reading);
        asked.reset_connections();
    };
    let (written, ()) = tokio::join!(session.query(&text, ()), moves_on);
    written.unwrap();
    let since = session.metrics().since(&before);
    assert_eq!(since.pools.requests.unsent, 1, "{since}");
    let latencies = since.latency(RequestKind::Other).unwrap();
    assert_eq!((latencies.requests.count(), latencies.attempts.count()), (1, 1), "{since}");
    assert!(latencies.requests.max().unwrap() >= 40 * MS, "{since}");
    assert!(latencies.attempts.max().unwrap() < 20 * MS, "{since}");
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_by_what_servers_say() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    for code in [0x2200, 0x2200, 0x1600, 0x7777] {
        memory.node().prime(Prime::statement(INSERT).first(1).error(code, "no"));
        session.query(INSERT, ()).await.unwrap_err();
    }
    let errors = session.metrics().server_errors;
    let expected =
        [(Some(ErrorCode::CdcWriteFailure), 1), (Some(ErrorCode::Invalid), 2), (None, 1)];
    assert_eq!(errors, expected);
    assert_eq!(session.metrics().requests.server_errors, 4);
}

/// It is in the metrics what was let go of, and when it waited in vain.
#[tokio::test(start_paused = true)]
async fn g6_3_what_takes_too_long_counts_by_what_it_waited_for_and_with_its_time() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(Prime::statement(INSERT).silence());
    let session = memory.builder().max_requests(1).connect().await.unwrap();
    let first = session.query(INSERT, ()).timeout(30 * MS);
    let second = session.query(INSERT, ()).timeout(10 * MS);
    let (first, second) = tokio::join!(first, second);
    assert!(first.unwrap_err().is_timeout() && second.unwrap_err().is_timeout());
    let metrics = session.metrics();
    let requests = metrics.requests;
    assert_eq!((requests.timed_out_waiting, requests.timed_out_queued), (1, 1), "{metrics}");
    let latencies = metrics.latency(RequestKind::Other).unwrap();
    assert_eq!((latencies.requests.count(), latencies.attempts.count()), (2, 1));
    assert!(latencies.attempts.max().unwrap() >= 30 * MS);
    assert_eq!(metrics.pools.requests.timed_out, 1);
}

/// It would make the others look fast.
#[tokio::test(start_paused = true)]
async fn what_is_turned_away_has_no_time() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.builder().max_requests(1).max_queued_requests(0).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let before = session.metrics();
    session.execute(&by_city, (7_i32,)).await.unwrap_err();
    session.query("USE shop", ()).await.unwrap_err();
    let first = session.execute(&by_city, ("Oslo",));
    let (first, second) = tokio::join!(first, session.query(INSERT, ()));
    assert!(first.is_ok() && second.is_err());
    session.execute(&by_city, ("Oslo",)).page_size(10).await.unwrap_err();
    let since = session.metrics().since(&before);
    assert_eq!((since.requests.invalid, since.requests.rejected), (2, 1), "{since}");
    assert_eq!((since.requests.ok, since.requests.unreadable), (1, 1), "{since}");
    let count = |kind| since.latency(kind).map_or(0, |latencies| latencies.requests.count());
    // A response that is of no use took its time all the same.
    assert_eq!(RequestKind::ALL.map(count), [2, 0, 0, 0, 0, 0], "{since}");
}

/// As a request does that is no page.
#[tokio::test(start_paused = true)]
async fn a_page_that_fails_before_it_is_sent_has_its_time_too() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 5);
    let session = memory.builder().max_requests(1).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap().name("users.by_city");
    memory.node().prime(Prime::statement(INSERT).silence());
    memory.node().prime(Prime::prepare("SELECT 2").silence());
    let first = session.query(INSERT, ()).timeout(30 * MS);
    let mut pages = session.execute(&by_city, ("Oslo",)).timeout(10 * MS).pages();
    let (first, page) = tokio::join!(first, pages.try_next());
    assert!(first.unwrap_err().is_timeout() && page.unwrap_err().is_timeout());
    let mut pages = session.query("SELECT 2", (1,)).timeout(20 * MS).pages();
    assert!(pages.try_next().await.unwrap_err().is_timeout());
    let metrics = session.metrics();
    let latencies = metrics.latency(RequestKind::Page).unwrap();
    assert_eq!((latencies.requests.count(), latencies.attempts.count()), (2, 0), "{metrics}");
    let times = [0.5, 1.0].map(|part| latencies.requests.quantile(part).unwrap());
    assert!(times[0] >= 10 * MS && times[1] >= 20 * MS, "{times:?}");
    assert_eq!(metrics.statements[0].failed, 1);
}

#[tokio::test(start_paused = true)]
async fn g9_5_a_host_that_leaves_takes_its_times_along_and_leaves_its_figures() {
    let nodes = three();
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    for _ in 0..9 {
        session.query(INSERT, ()).await.unwrap();
    }
    let before = session.metrics();
    assert_eq!(before.hosts.len(), 3);
    memory.nodes()[0].set_peers([memory.nodes()[1].member()]);
    session.refresh(PATIENCE).await;
    eventually(PATIENCE, "it has gone", || session.metrics().hosts.len() == 2).await;
    at_rest(&session).await;
    let after = session.metrics();
    assert_eq!(after.pools.requests.responses, before.pools.requests.responses);
    assert_eq!(after.latency(RequestKind::Other).unwrap().requests.count(), 9);
}

/// What it has then is not what it had.
#[tokio::test(start_paused = true)]
async fn g9_5_a_host_that_left_and_came_back_is_compared_with_nothing() {
    let memory = Memory::of(three());
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    for _ in 0..30 {
        session.query(INSERT, ()).await.unwrap();
    }
    let before = session.metrics();
    let members = [1, 2].map(|number| memory.nodes()[number].member());
    for (peers, hosts) in [(&members[..1], 2), (&members[..], 3)] {
        memory.nodes()[0].set_peers(peers.to_vec());
        session.refresh(PATIENCE).await;
        let metrics = || session.metrics();
        eventually(PATIENCE, "so many hosts", || metrics().hosts.len() == hosts).await;
    }
    eventually(PATIENCE, "it is connected", || session.resources().connections == 3).await;
    at_rest(&session).await;
    for _ in 0..6 {
        session.query(INSERT, ()).await.unwrap();
    }
    let since = session.metrics().since(&before);
    let each: Vec<_> = since.hosts.iter().map(|host| host.totals.requests.responses).collect();
    // The one that is new was asked who it is, too.
    assert!(each[..2] == [2, 2] && each[2] > 2, "{since}");
    let times = |host: &crate::HostMetrics| host.latency(RequestKind::Other).unwrap().count();
    assert_eq!(since.hosts.iter().map(times).collect::<Vec<_>>(), [2, 2, 2]);
    let opened = since.hosts.iter().map(|host| host.totals.connections.opened);
    assert_eq!(opened.collect::<Vec<_>>(), [0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn g9_5_a_statement_with_a_name_is_counted_under_it_and_names_are_as_many_as_statements() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap().name("users.by_city");
    memory.node().prime(Prime::statement(SELECT).after(7 * MS).first(3));
    for _ in 0..3 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    let before = session.metrics();
    let again = session.prepare(SELECT).await.unwrap().name("another name");
    let mut pages = session.execute(&again, ("Oslo",)).page_size(10).pages();
    while pages.try_next().await.unwrap().is_some() {}
    memory.node().prime(Prime::statement(SELECT).first(1).error(0x2200, "no"));
    session.execute(&by_city, ("Oslo",)).await.unwrap_err();

    assert_eq!(before.statements[0].latency.count(), 3);
    let quantile = before.statements[0].latency.quantile(0.5).unwrap();
    assert!((7 * MS..8 * MS).contains(&quantile), "{before}");
    let since = session.metrics().since(&before).statements;
    assert_eq!(since.len(), 1, "the first name stays");
    assert_eq!((&*since[0].name, since[0].ok, since[0].failed), ("users.by_city", 3, 1));
    let table = session.metrics().to_string();
    assert!(table.contains("users.by_city           7"), "{table}");
}

#[tokio::test(start_paused = true)]
async fn g9_3_getting_into_a_keyspace_is_a_request_too() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    drop(session.with_keyspace("shop").await.unwrap());
    session.use_keyspace("shop").await.unwrap();
    session.with_keyspace("").await.unwrap_err();
    session.use_keyspace("").await.unwrap_err();
    let requests = session.metrics().requests;
    assert_eq!((requests.begun, requests.ok, requests.invalid), (4, 2, 2), "{requests}");
}

#[tokio::test(start_paused = true)]
async fn they_read_as_a_table() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 5);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    memory.node().prime(Prime::statement(SELECT).after(3 * MS));
    for _ in 0..100 {
        session.execute(&by_city, ("Oslo",)).await.unwrap();
    }
    drop(session.execute(&by_city, ("Oslo",)));
    let table = session.metrics().to_string();
    println!("{table}");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "requests       begun 101, ok 101");
    let head = "latency             count        p50        p90        p99      p99.9        max";
    let at = lines.iter().position(|line| *line == head).unwrap();
    assert!(lines[at + 1].starts_with("read                  100     3."), "{table}");
    assert!(lines.iter().any(|line| line.starts_with("host 127.0.0.1:9042 (")), "{table}");
    assert!(lines.iter().all(|line| line.len() < 160), "{table}");
}

#[cfg(feature = "serde")]
#[tokio::test(start_paused = true)]
async fn they_are_written_by_serde() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    session.query(INSERT, ()).await.unwrap();
    let value = serde_json::to_value(session.metrics()).unwrap();
    assert_eq!(value["requests"]["ok"], 1);
    assert_eq!(value["latencies"]["other"]["requests"]["count"], 1);
    assert_eq!(value["hosts"][0]["totals"]["connections"]["opened"], 1);
}
