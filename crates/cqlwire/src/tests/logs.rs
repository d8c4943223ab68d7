//! What a person on duty reads: the log of a day with faults, and no secret in it.

use std::collections::BTreeMap;
use std::time::Duration;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::log::{LogLine, LogLines};
use tokio::time::sleep;
use tracing::Level;

use super::scripted::{self, three};
use super::*;
use crate::codec::{EnvelopeFlags, Opcode};
use crate::{HostDescription, HostFilter};

const HOUR: Duration = Duration::from_secs(3_600);

fn builder_of(cluster: &ScriptedCluster) -> SessionBuilder {
    scripted::builder_of(cluster, "dc1")
        .topology_refresh_interval(HOUR / 12)
        .logs(|logs| logs.slow_request = Some(Duration::from_secs(2)))
        .logs(|logs| logs.large_response_bytes = 100_000)
        .retries(|retries| (retries.budget.per_cent, retries.budget.reserve) = (0, 20))
}

/// A response with this warning.
fn warns(text: &str) -> Prime {
    let mut body = 1_u16.to_be_bytes().to_vec();
    body.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    body.extend(text.as_bytes());
    // Void.
    body.extend([0, 0, 0, 1]);
    Prime::statement("warns").raw(Opcode::Result, EnvelopeFlags::WARNING, body)
}

/// Everything that a cluster and its requests may have happen to them.
struct Day {
    cluster: ScriptedCluster,
    session: Session,
}

impl Day {
    async fn hosts_go_and_come(&self) {
        self.cluster.kill(1);
        sleep(3 * HOUR).await;
        self.cluster.start(1);
        sleep(HOUR).await;
        // The one that is asked about the cluster.
        self.cluster.restart(0);
        sleep(HOUR).await;
        let fourth = self.cluster.join("dc1", "rack1");
        let node = self.cluster.node(fourth);
        eventually(HOUR, "it is connected", || node.connections() == 2).await;
        self.cluster.leave(fourth);
        sleep(HOUR).await;
    }

    async fn servers_warn(&self) {
        for text in ["Batch of 5.1KiB for k = 'geheim'", "Batch of 6.2KiB for k = 'geheim'"] {
            (0..3).for_each(|node| self.cluster.node(node).prime(warns(text)));
            for _ in 0..500 {
                self.session.query("warns", ()).await.unwrap();
            }
        }
    }

    async fn responses_are_large(&self) {
        let shape = columns([("v", ColumnType::Text)]);
        for node in 0..3 {
            let large = Prime::statement("SELECT large FROM t WHERE k = 7");
            let rows = large.rows(shape.clone(), vec![vec![cell("x".repeat(200_000))]]);
            self.cluster.node(node).prime(rows);
        }
        for _ in 0..100 {
            self.session.query("SELECT large FROM t WHERE k = 7", ()).await.unwrap();
        }
    }

    async fn hosts_forget(&self) {
        let read = self.session.prepare("SELECT v FROM app.t WHERE k = ?").await.unwrap();
        for key in 0..1_000 {
            (0..3).for_each(|node| self.cluster.node(node).forget_prepared());
            self.session.execute(&read, (key,)).await.unwrap();
        }
    }

    async fn requests_are_slow(&self) {
        for node in 0..3 {
            let slow = Prime::statement("SELECT slow FROM t WHERE k = 'geheim'");
            self.cluster.node(node).prime(slow.after(Duration::from_millis(2_500)));
        }
        let slow = || async {
            let text = "SELECT slow FROM t WHERE k = 'geheim'";
            self.session.query(text, ()).await.unwrap();
        };
        futures_util::future::join_all((0..500).map(|_| slow())).await;
    }

    async fn the_retry_budget_is_spent(&self) {
        for node in 0..3 {
            let overloaded = Prime::statement("SELECT overloaded").error(0x1001, "too much to do");
            self.cluster.node(node).prime(overloaded);
        }
        for _ in 0..500 {
            self.session.query("SELECT overloaded", ()).await.unwrap_err();
        }
    }
}

/// How many lines there are of each kind that a person on duty sees.
fn kinds(lines: &[LogLine]) -> BTreeMap<(Level, String), usize> {
    let mut kinds = BTreeMap::new();
    for line in lines.iter().filter(|line| line.level <= Level::INFO) {
        *kinds.entry((line.level, line.message.clone())).or_default() += 1;
    }
    kinds
}

#[tokio::test(start_paused = true)]
async fn a_day_of_faults_is_told_once_each_by_lines_with_the_id_of_their_session() {
    let log = LogLines::collect(Level::TRACE);
    let cluster = three();
    let session = builder_of(&cluster).connect().await.unwrap();
    let day = Day { cluster, session };
    day.hosts_go_and_come().await;
    day.servers_warn().await;
    day.responses_are_large().await;
    day.hosts_forget().await;
    day.requests_are_slow().await;
    day.the_retry_budget_is_spent().await;
    sleep(17 * HOUR).await;
    day.session.close(Duration::from_secs(5)).await;

    let lines = log.all();
    let id = day.session.id().to_string();
    for line in lines.iter().filter(|line| line.target.starts_with("cqlwire")) {
        // What happens to a request is said within its span, which begins with the id.
        let is_in_span =
            line.target == "cqlwire::request" && !line.fields.contains_key("otel.name");
        assert!(is_in_span || line.fields.get("session") == Some(&id), "{line}");
        assert!(!line.to_string().contains("geheim"), "{line}");
    }
    let once = [
        (Level::INFO, "connected"),
        (Level::INFO, "closed"),
        (Level::INFO, "host added"),
        (Level::INFO, "host removed"),
        (Level::WARN, "the server warns"),
        (Level::WARN, "a large response"),
        (Level::WARN, "a slow request"),
        (Level::WARN, "the retry budget is spent: requests fail that would have been sent again"),
    ];
    let seen = kinds(&lines);
    for (level, words) in once {
        assert_eq!(seen.get(&(level, words.to_owned())), Some(&1), "{words} in {seen:#?}");
    }
    assert_eq!(log.beginning("a storm of UNPREPARED").len(), 1);
    // Both connections to each of three hosts.
    assert_eq!(log.beginning("lost a connection").len(), 2 * 3, "{seen:#?}");
    assert_eq!(log.beginning("lost the control connection").len(), 1, "{seen:#?}");
    let in_vain =
        log.beginning("no connection").into_iter().filter(|line| line.level == Level::WARN);
    let hosts: Vec<_> = in_vain.map(|line| line.fields["host"].clone()).collect();
    let down_for_long = day.cluster.address(1).to_string();
    assert_eq!(hosts.iter().filter(|host| **host == down_for_long).count(), 1, "{hosts:?}");
    // A host may be up again before it is seen to be down.
    assert!((2..=3).contains(&log.beginning("host down").len()), "{seen:#?}");
    let in_all: usize = seen.values().sum();
    assert!(in_all < 40, "{seen:#?}");
}

/// Reads what the lines say.
#[tokio::test(start_paused = true)]
async fn lines_say_what_to_look_for() {
    let log = LogLines::collect(Level::DEBUG);
    let cluster = three();
    let session = builder_of(&cluster).connect().await.unwrap();
    let field = |line: &LogLine, name| line.fields.get(name).cloned().unwrap_or_default();
    let [connected] = &log.beginning("connected")[..] else { panic!("connected once") };
    for (name, value) in [
        ("cluster", "scripted"),
        ("hosts", "3"),
        ("local_hosts_up", "3"),
        ("local_data_center", "dc1"),
        ("data_centers", "dc1"),
        ("releases", "5.0.9"),
        ("protocol", "v5"),
        ("connections_per_host", "2"),
    ] {
        assert_eq!(field(connected, name), value, "{connected}");
    }

    let day = Day { cluster, session };
    day.requests_are_slow().await;
    let [slow] = &log.beginning("a slow request")[..] else { panic!("one slow request") };
    assert_eq!(field(slow, "statement"), "SELECT slow FROM t WHERE k = ?");
    assert_eq!((field(slow, "took"), field(slow, "attempts")), ("2.5s".into(), "1".into()));
    assert!(field(slow, "steps").starts_with("+0.0ns sent to 10."), "{slow}");
    assert!(field(slow, "steps").contains("+2.5s response of"), "{slow}");
    sleep(Duration::from_secs(60)).await;
    day.requests_are_slow().await;
    assert_eq!(field(&log.beginning("a slow request")[1], "passed_over"), "499");

    day.cluster.kill(1);
    sleep(HOUR).await;
    let [down] = &log.beginning("host down")[..] else { panic!("down once") };
    assert_eq!(field(down, "host"), day.cluster.address(1).to_string());
    assert!(!field(down, "reason").is_empty());
    day.cluster.start(1);
    sleep(HOUR).await;
    let up: Vec<_> =
        log.beginning("host up").into_iter().filter(|l| l.level == Level::INFO).collect();
    let [up] = &up[..] else { panic!("up once: {up:?}") };
    assert!(field(up, "down_for").starts_with("3"), "{up}");
}

#[derive(Debug)]
struct PanickingFilter;

impl HostFilter for PanickingFilter {
    fn accepts(&self, host: &HostDescription) -> bool {
        assert!(host.rack != "rack2", "what a filter does");
        true
    }
}

/// The hosts are listed each five minutes.
#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_each_listing_of_a_day_is_told_once() {
    let log = LogLines::collect(Level::INFO);
    let cluster = three();
    let builder = builder_of(&cluster).ready_when(2).host_filter(PanickingFilter);
    let session = builder.connect().await.unwrap();
    sleep(24 * HOUR).await;
    assert_eq!(log.beginning("the host filter panicked").len(), 1);
    assert!(log.all().iter().filter(|line| line.target.starts_with("cqlwire")).count() < 5);
    drop(session);
}
