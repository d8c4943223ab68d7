//! Traces of a real server, which writes them after it has answered.

use std::time::Duration;

use cqlwire::{ErrorKind, ExecutionProfile, ProtocolVersion};
use cqlwire_testkit::cassandra;
use uuid::Uuid;

use super::{builder, close, create};

#[tokio::test]
async fn a_trace_is_there_with_its_events_on_every_version() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let builder = builder(cassandra::shared().await);
        let session = builder.protocol_versions(version, version).connect().await.unwrap();
        create(&session, "traced", "t (k int PRIMARY KEY, v int)").await;
        let insert = "INSERT INTO traced.t (k, v) VALUES (?, ?)";
        let insert = session.prepare(insert).await.unwrap();
        let written = session.execute(&insert, (1, 2)).tracing(true).await.unwrap();
        let mut batch = session.batch();
        batch.add(&insert, (2, 3)).unwrap();
        let together = batch.execute().tracing(true).await.unwrap();
        let text = "SELECT * FROM traced.t";
        let mut pages = session.query(text, ()).page_size(1).tracing(true).pages();
        let page = pages.try_next().await.unwrap().unwrap();
        let next = pages.try_next().await.unwrap().unwrap();
        let ids =
            [written.page(), together.page(), &page, &next].map(|page| page.tracing_id().unwrap());
        for (number, id) in ids.into_iter().enumerate() {
            let trace = session.trace(id).await.unwrap();
            assert_eq!(trace.id, id);
            assert!(trace.duration > Duration::ZERO && trace.duration < Duration::from_secs(30));
            assert_eq!(Some(trace.coordinator), page.coordinator().map(|at| at.ip()), "{trace}");
            assert!(trace.coordinator_port.is_some() && trace.client.is_some(), "{trace}");
            assert_eq!(trace.command, "QUERY");
            assert!(trace.started_at.is_some() && !trace.request.is_empty(), "{trace:?}");
            assert!(!trace.events.is_empty(), "{trace}");
            for event in &trace.events {
                assert_eq!(event.source, trace.coordinator);
                assert!(!event.activity.is_empty() && event.thread.is_some(), "{event:?}");
                assert!(event.elapsed.is_some_and(|elapsed| elapsed < Duration::from_secs(30)));
                assert_eq!(event.id.get_version_num(), 1);
            }
            if number >= 2 {
                assert_eq!(trace.parameters["query"], text, "{trace}");
                assert_eq!(trace.parameters["page_size"], "1", "{trace}");
            }
        }
        let error =
            session.query("SELECT nothing FROM traced.t", ()).tracing(true).await.unwrap_err();
        let refused = session.trace(error.tracing_id().unwrap()).await.unwrap();
        assert_eq!(refused.parameters["query"], "SELECT nothing FROM traced.t");
        drop((written, together, page, next, pages));
        close(session).await;
    }
}

#[tokio::test]
async fn a_trace_that_nobody_writes_is_an_error() {
    let soon = ExecutionProfile::default().timeout(Duration::from_secs(1));
    let session = builder(cassandra::shared().await).profile(soon).connect().await.unwrap();
    let error = session.trace(Uuid::from_bytes([7; 16])).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoTrace { has_begun: false, .. }), "{error}");
    close(session).await;
}
