//! Requests that take longer than nearly all others of the session, and are sent to another host as
//! well.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;
use tokio::time::{Instant, sleep};

use super::memory::Memory;
use super::statements::three;
use super::{PATIENCE, SELECT, answer_users};
use crate::{ErrorKind, PercentileDelay, PreparedStatement, RequestKind, Session};

const MS: Duration = Duration::from_millis(1);

/// Three hosts that take so long for a read.
async fn with(
    policy: PercentileDelay,
    time: Duration,
) -> (Arc<Memory>, Session, PreparedStatement) {
    let memory = Memory::of(three());
    answer_after(&memory, time);
    let settings =
        memory.builder().speculation(|settings| settings.policy = Some(Arc::new(policy)));
    let session = settings.connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    (memory, session, by_city)
}

fn answer_after(memory: &Memory, time: Duration) {
    for node in memory.nodes() {
        node.clear_primes();
        node.prime(answer_users(1).after(time));
    }
}

async fn read(session: &Session, by_city: &PreparedStatement, times: usize) {
    for _ in 0..times {
        session.execute(by_city, ("Oslo",)).await.unwrap();
    }
}

/// A read that its host does not answer: how long it takes.
async fn slow_read(memory: &Memory, session: &Session, by_city: &PreparedStatement) -> Duration {
    memory.nodes().iter().for_each(|node| node.prime(Prime::statement(SELECT).first(1).silence()));
    let began = Instant::now();
    let timeout = Duration::from_millis(150);
    drop(session.execute(by_city, ("Oslo",)).timeout(timeout).await);
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn g14_3_what_takes_longer_than_nearly_all_is_sent_to_another_host_as_well() {
    let policy = PercentileDelay::new(0.99).unwrap().least_attempts(200);
    let (memory, session, by_city) = with(policy, 5 * MS).await;
    read(&session, &by_city, 150).await;
    sleep(Duration::from_secs(2)).await;
    assert!(slow_read(&memory, &session, &by_city).await >= 150 * MS, "too few to go by");
    assert_eq!(session.metrics().speculation.for_time, 0);
    answer_after(&memory, 5 * MS);
    read(&session, &by_city, 100).await;
    sleep(Duration::from_secs(2)).await;

    // One beside the first, unless it is told otherwise, however long both take.
    assert!(slow_read(&memory, &session, &by_city).await >= 150 * MS);
    assert_eq!(session.metrics().speculation.for_time, 1);
    answer_after(&memory, 5 * MS);
    let before = session.metrics().speculation.for_time;
    memory.nodes()[0].prime(Prime::statement(SELECT).silence());
    for _ in 0..30 {
        let began = Instant::now();
        session.execute(&by_city, ("Oslo",)).await.unwrap();
        assert!(began.elapsed() < 12 * MS, "{:?}", began.elapsed());
    }
    let totals = session.metrics().speculation;
    assert!((5..=20).contains(&(totals.for_time - before)), "{totals}");
    assert_eq!(totals.won, totals.for_time - before, "{totals}");
}

#[tokio::test(start_paused = true)]
async fn however_fast_all_are_there_is_none_before_the_least_delay() {
    let policy = PercentileDelay::new(0.5).unwrap().at_least(40 * MS).least_attempts(10);
    let (memory, session, by_city) = with(policy, MS).await;
    read(&session, &by_city, 100).await;
    assert_eq!(session.metrics().speculation.for_time, 0);
    sleep(Duration::from_secs(2)).await;
    memory.nodes()[0].prime(Prime::statement(SELECT).silence());
    let mut longest = Duration::ZERO;
    for _ in 0..6 {
        let began = Instant::now();
        session.execute(&by_city, ("Oslo",)).await.unwrap();
        longest = longest.max(began.elapsed());
    }
    assert!((41 * MS..46 * MS).contains(&longest), "{longest:?}");
}

/// Of those that lose it is not known how long they would have taken. If they did not count at all,
/// all would look fast, and a host that is slow for good would have all of its reads sent twice for
/// ever.
#[tokio::test(start_paused = true)]
async fn g14_3_those_that_lose_count_with_their_time_and_the_percentile_follows() {
    let policy = PercentileDelay::new(0.9).unwrap().least_attempts(20);
    let (memory, session, by_city) = with(policy, 2 * MS).await;
    read(&session, &by_city, 20).await;
    // A third of all reads go there first.
    memory.nodes()[0].prime(answer_users(1).after(60 * MS));
    let mut longest = Vec::new();
    for _ in 0..12 {
        sleep(Duration::from_secs(2)).await;
        let mut of_round = Duration::ZERO;
        for _ in 0..60 {
            let began = Instant::now();
            read(&session, &by_city, 1).await;
            of_round = of_round.max(began.elapsed());
        }
        longest.push(of_round);
    }
    assert!(longest[0] < 7 * MS, "sent twice soon: {longest:?}");
    assert!(longest[11] > 12 * MS, "and later and later: {longest:?}");
}

/// A session that lives long goes by how its cluster is now: at any time in these minutes.
#[tokio::test(start_paused = true)]
async fn it_goes_by_the_last_minutes() {
    let policy = PercentileDelay::new(0.5).unwrap().least_attempts(50);
    let (memory, session, by_city) = with(policy, 2 * MS).await;
    read(&session, &by_city, 1_000).await;
    answer_after(&memory, 30 * MS);
    // Few of all that there were, but all of late.
    let mut before = session.metrics();
    for round in 0..38 {
        sleep(Duration::from_secs(10)).await;
        read(&session, &by_city, 15).await;
        if round == 20 {
            before = session.metrics();
        }
    }
    let since = session.metrics().since(&before);
    assert_eq!(since.latency(RequestKind::Read).unwrap().requests.count(), 17 * 15);
    assert!(since.speculation.for_time <= 5, "{}", since.speculation);
}

#[test]
fn a_part_that_is_none_is_refused_and_said() {
    for part in [0.0, 1.0, -0.5, 99.0, f64::NAN, f64::INFINITY] {
        let error = PercentileDelay::new(part).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error.kind(), ErrorKind::Settings { .. }), "{text}");
        assert!(
            text.starts_with("PercentileDelay: ") && text.ends_with(&part.to_string()),
            "{text}"
        );
    }
    PercentileDelay::new(0.001).unwrap();
}
