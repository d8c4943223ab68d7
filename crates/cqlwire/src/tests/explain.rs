//! What happened on the way to a result.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Member;
use cqlwire_testkit::schema::{Keyspace, Table};
use cqlwire_testkit::tls::{Authority, TlsNode, acceptor};

use super::memory::Memory;
use super::scripted::Dials;
use super::*;
use crate::{ConstantDelay, ErrorKind, RequestReport, Step, StepKind, Tls};

const READ: &str = "SELECT v FROM app.t WHERE k = ?";

async fn session_of(cluster: &ScriptedCluster) -> Session {
    let dialer = Arc::new(Dials(cluster.clone()));
    let builder = Session::builder()
        .contact_points([cluster.address(0).to_string()])
        .ready_when(3)
        .connection(|settings| settings.dialer = Some(dialer));
    builder.connect().await.unwrap()
}

fn words(report: &RequestReport) -> Vec<String> {
    report.steps.iter().map(|step| step.kind.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_explanation_says_where_a_request_belongs_and_where_it_went() {
    let table = Table::new("t").partition_key("k", "int").column("v", "text");
    let cluster = ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .keyspace(Keyspace::network("app", [("dc1", "2")]).table(table))
        .in_memory();
    let session = session_of(&cluster).await;
    let first = session.query(READ, (7,)).explain().await;
    let report = first.report.unwrap();
    assert!(first.result.is_ok());
    assert_eq!(words(&report)[0], "prepared", "{report}");
    let second = session.query(READ, (7,)).explain().await;
    let report = second.report.as_ref().unwrap();
    let steps = words(report);
    assert_eq!(steps[0], "its statement was prepared before", "{report}");
    let StepKind::Routed { token, replicas } = &report.steps[1].kind else { panic!("{report}") };
    assert_eq!(*token, session.topology().token(&7_i32.to_be_bytes()));
    assert_eq!(replicas.len(), 2);
    let coordinator = report.coordinator().unwrap();
    assert!(replicas.iter().any(|replica| replica.host == *coordinator), "{report}");
    assert!(replicas.iter().all(|replica| replica.in_flight.is_some()), "{report}");
    let host = &coordinator.address;
    let [.., sent, queued, written, first_byte, response, decoded] = &steps[..] else {
        panic!("{report}")
    };
    assert_eq!(*sent, format!("sent to {host}"));
    assert!(queued.ends_with(&format!(" bytes queued at {host}")), "{queued}");
    assert_eq!(*written, format!("written to {host}"));
    assert_eq!(*first_byte, format!("first byte from {host}"));
    assert!(response.starts_with("response of"), "{response}");
    assert_eq!(*decoded, format!("decoded what came from {host}"));
    let table = second.to_string();
    assert!(table.starts_with("SELECT v FROM app.t WHERE k = ?\n"), "{table}");
    assert!(table.trim_end().ends_with("done"), "{table}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_explained_too_and_costs_no_other_request_anything() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let late = session.query(INSERT, ()).timeout(Duration::from_secs(1)).explain().await;
    assert!(late.result.unwrap_err().is_timeout());
    let report = late.report.unwrap();
    assert_eq!(report.took, Duration::from_secs(1));
    assert_eq!(report.attempts(), 1, "{report}");
    assert!(report.error().is_some_and(crate::Error::is_timeout));
    assert!(!session.shared().is_watched());
    let elsewhere = session.with_keyspace("other").await.unwrap().prepare(SELECT).await.unwrap();
    let refused = session.execute(&elsewhere, ("Oslo",)).explain().await;
    assert!(matches!(refused.result.unwrap_err().kind(), ErrorKind::PreparedElsewhere { .. }));
    let report = refused.report.unwrap();
    assert!(report.error().is_some() && report.attempts() == 0, "{report}");
    session.close(Duration::from_secs(1)).await;
    let closed = session.query(INSERT, ()).explain().await;
    assert!(matches!(closed.result.unwrap_err().kind(), ErrorKind::SessionClosed));
    assert!(closed.report.is_none());
}

/// When which attempt got how far, in milliseconds: sent, queued, written, its first byte, decoded.
fn times(report: &RequestReport) -> Vec<(&'static str, u128)> {
    let word = |kind: &StepKind| match kind {
        StepKind::Sent(_) => Some("sent"),
        StepKind::Queued { waited: false, .. } => Some("queued"),
        StepKind::Queued { waited: true, .. } => Some("queued at last"),
        StepKind::Written(_) => Some("written"),
        StepKind::FirstByte(_) => Some("first byte"),
        StepKind::Response { .. } => Some("response"),
        StepKind::Decoded(_) => Some("decoded"),
        StepKind::Failed(..) => Some("failed"),
        _ => None,
    };
    let steps = report.steps.iter();
    steps.filter_map(|step| Some((word(&step.kind)?, step.at.as_millis()))).collect()
}

/// One connection, on which one request at a time is in flight.
async fn one_by_one(node: ScriptedNode) -> (Arc<Memory>, Session) {
    let memory = Memory::of([node]);
    let dialer = Arc::clone(&memory);
    let session = memory.builder().connection(|settings| {
        settings.dialer = Some(dialer);
        settings.multiplexer.max_in_flight = 1;
    });
    let session = session.connect().await.unwrap();
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn an_explanation_says_when_each_attempt_got_how_far() {
    let (memory, session) = one_by_one(ScriptedNode::builder().in_memory()).await;
    let slow = Prime::statement(INSERT).after(Duration::from_millis(30));
    memory.node().prime(slow);
    let call = || session.query(INSERT, ()).explain();
    let (first, second) = tokio::join!(call(), call());
    let (first, second) = (first.report.unwrap(), second.report.unwrap());
    let alone = [
        ("sent", 0),
        ("queued", 0),
        ("written", 0),
        ("first byte", 30),
        ("response", 30),
        ("decoded", 30),
    ];
    assert_eq!(times(&first), alone, "{first}");
    let waited = [
        ("sent", 0),
        ("queued at last", 30),
        ("written", 30),
        ("first byte", 60),
        ("response", 60),
        ("decoded", 60),
    ];
    assert_eq!(times(&second), waited, "{second}");
    let bytes = first.steps.iter().find_map(|step| match step.kind {
        StepKind::Queued { bytes, .. } => Some(bytes),
        _ => None,
    });
    assert!(bytes.unwrap() > INSERT.len() + 9, "{first}");
    assert!(second.to_string().contains(", after it had waited\n"), "{second}");
}

#[tokio::test(start_paused = true)]
async fn what_was_withdrawn_or_lost_is_explained_as_far_as_it_got() {
    let (memory, session) = one_by_one(ScriptedNode::builder().in_memory()).await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let call = |millis| session.query(INSERT, ()).timeout(Duration::from_millis(millis)).explain();
    let (written, withdrawn) = tokio::join!(call(500), call(100));
    let expected = [("sent", 0), ("queued", 0), ("written", 0), ("failed", 500)];
    let written = written.report.unwrap();
    assert_eq!(times(&written), expected, "{written}");
    let withdrawn = withdrawn.report.unwrap();
    assert_eq!(times(&withdrawn), [("sent", 0), ("failed", 100)], "{withdrawn}");
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).reset());
    let lost = session.query(INSERT, ()).explain().await;
    assert!(lost.result.unwrap_err().may_have_been_applied());
    let lost = lost.report.unwrap();
    let expected = [("sent", 0), ("queued", 0), ("written", 0), ("failed", 0)];
    assert_eq!(times(&lost), expected, "{lost}");
}

/// What came from the other one last is not where it came to.
#[tokio::test(start_paused = true)]
async fn executions_beside_each_other_are_explained_each_with_its_times() {
    let nodes = [1, 2].map(|number| {
        let member = Member::new(([127, 0, 0, number], 9042).into());
        ScriptedNode::builder().member(member).in_memory()
    });
    nodes[0].set_peers([nodes[1].member()]);
    let memory = Memory::of(nodes);
    let session = memory.builder().ready_when(2).connect().await.unwrap();
    for node in memory.nodes() {
        let after = |millis| Prime::statement("SELECT slow").after(Duration::from_millis(millis));
        node.prime(after(50));
    }
    let delay = ConstantDelay { delay: Duration::from_millis(20), most: 1 };
    let slow = session.query("SELECT slow", ()).speculative_policy(delay).explain().await;
    let report = slow.report.unwrap();
    let expected = [
        ("sent", 0),
        ("queued", 0),
        ("written", 0),
        ("sent", 20),
        ("queued", 20),
        ("written", 20),
        ("first byte", 50),
        ("response", 50),
        ("decoded", 50),
    ];
    assert_eq!(times(&report), expected, "{report}");
    let sent_to = |step: &Step| match &step.kind {
        StepKind::Sent(host) => Some(host.clone()),
        _ => None,
    };
    let first = report.steps.iter().find_map(sent_to);
    assert_eq!((report.attempts(), report.coordinator()), (2, first.as_ref()), "{report}");
}

/// It has forgotten the statement, and is taught it in between: each attempt has its own times.
#[tokio::test(start_paused = true)]
async fn a_host_that_is_asked_again_is_explained_attempt_by_attempt() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let prepared = session.prepare(INSERT).await.unwrap();
    memory.node().forget_prepared();
    let slow = Prime::statement(INSERT).after(Duration::from_millis(30));
    memory.node().prime(slow);
    let explained = session.execute(&prepared, ()).explain().await;
    let report = explained.report.unwrap();
    assert!(explained.result.is_ok(), "{report}");
    let expected = [
        ("sent", 0),
        ("queued", 0),
        ("written", 0),
        ("first byte", 0),
        ("response", 0),
        ("decoded", 0),
        ("failed", 0),
        ("sent", 0),
        ("queued", 0),
        ("written", 0),
        ("first byte", 30),
        ("response", 30),
        ("decoded", 30),
    ];
    assert_eq!(times(&report), expected, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_an_attempt_is_explained_as_well() {
    let authority = Authority::new("servers");
    let node = ScriptedNode::builder().in_memory();
    let node = TlsNode::listen(node, acceptor(&authority.sign("127.0.0.1"), None)).await.unwrap();
    let tls = Tls::trusting(authority.pem().as_bytes()).unwrap();
    let builder = Session::builder().contact_points([node.address().to_string()]).tls(tls);
    let session = builder.connect().await.unwrap();
    let held = node.node().hold(Prime::statement(INSERT));
    let released = async {
        eventually(PATIENCE, "it has come", || held.len() == 1).await;
        held.release();
    };
    let (explained, ()) = tokio::join!(session.query(INSERT, ()).explain(), released);
    let report = explained.report.unwrap();
    let words: Vec<_> = times(&report).into_iter().map(|(word, _)| word).collect();
    let expected = ["sent", "queued", "written", "first byte", "response", "decoded"];
    assert_eq!(words, expected, "{report}");
}

/// Whoever is told of all requests is told of them without these times.
#[tokio::test(start_paused = true)]
async fn only_who_asked_for_one_request_has_its_times() {
    #[derive(Debug)]
    struct Told(std::sync::mpsc::Sender<RequestReport>);
    impl crate::Observer for Told {
        fn request(&self, report: &RequestReport) {
            drop(self.0.send(report.clone()));
        }
    }
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let (told, reports) = std::sync::mpsc::channel();
    let session = memory.builder().observer(Told(told)).connect().await.unwrap();
    session.query(INSERT, ()).await.unwrap();
    // From a thread of the session, whose time is not paused.
    let report = reports.recv_timeout(PATIENCE).unwrap();
    assert_eq!(times(&report), [("sent", 0), ("response", 0)], "{report}");
}
