//! What happened on the way to a result.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::schema::{Keyspace, Table};

use super::memory::Memory;
use super::scripted::Dials;
use super::*;
use crate::{ErrorKind, StepKind};

const READ: &str = "SELECT v FROM app.t WHERE k = ?";

async fn session_of(cluster: &ScriptedCluster) -> Session {
    let dialer = Arc::new(Dials(cluster.clone()));
    let builder = Session::builder()
        .contact_points([cluster.address(0).to_string()])
        .ready_when(3)
        .connection(|settings| settings.dialer = Some(dialer));
    builder.connect().await.unwrap()
}

fn words(report: &crate::RequestReport) -> Vec<String> {
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
    assert!(steps.last().unwrap().starts_with("response of"), "{report}");
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
