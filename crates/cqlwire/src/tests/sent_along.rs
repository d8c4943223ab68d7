//! What goes along with a request, and what comes along with a response: the time of servers, custom
//! payloads, warnings, ids of traces.

use std::sync::Arc;

use bytes::Bytes;
use cqlwire_testkit::node::{Prime, Received, ScriptedNode};

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter, three};
use super::{INSERT, PATIENCE, SELECT, answer_users};
use crate::codec::{ColumnType, EncodeError, Opcode, Prefixes, ProtocolVersion};
use crate::uuid::Uuid;
use crate::{CustomPayload, Error, ErrorKind, Session};

const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
const NOW: i32 = 1_900_000_000;
const OVERLOADED: i32 = 0x1001;

fn payload() -> CustomPayload {
    let value = Bytes::from_static(b"order 66");
    [("trace".to_owned(), Some(value)), ("empty".to_owned(), None)].into()
}

async fn one(version: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    memory.node().prime(answer_users(25));
    let session = memory.session().await;
    (memory, session)
}

/// The requests with statements of ours, those to prepare them left out.
fn executed(memory: &Memory) -> Vec<Received> {
    let is_ours = |one: &Received| {
        one.opcode != Opcode::Prepare
            && one.statements.iter().any(|text| [INSERT, SELECT, WRITE].contains(&&**text))
    };
    memory.nodes().iter().flat_map(ScriptedNode::received).filter(is_ours).collect()
}

/// Each way to send a request with both of them, or one.
async fn send_all(
    session: &Session,
    now: Option<i32>,
    payload: Option<&CustomPayload>,
) -> Vec<Result<(), Error>> {
    macro_rules! with {
        ($call:expr) => {{
            let mut call = $call;
            if let Some(now) = now {
                call = call.now_in_seconds(now);
            }
            if let Some(payload) = payload {
                call = call.custom_payload(payload.clone());
            }
            call
        }};
    }
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 2)).unwrap();
    let two_pages = async {
        let mut pages = with!(session.query(SELECT, ("Oslo",))).page_size(20).pages();
        while pages.try_next().await?.is_some() {}
        Ok(())
    };
    vec![
        with!(session.query(INSERT, ())).await.map(drop),
        with!(session.query(WRITE, (1, 2))).await.map(drop),
        with!(session.query(WRITE, (1, 2))).unprepared().await.map(drop),
        with!(session.execute(&write, (1, 2))).await.map(drop),
        with!(batch.execute()).await.map(drop),
        two_pages.await,
    ]
}

#[tokio::test(start_paused = true)]
async fn what_goes_along_is_in_each_request_that_can_say_it() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        let now = (version >= ProtocolVersion::V5).then_some(NOW);
        let payload = (version >= ProtocolVersion::V4).then(payload);
        for outcome in send_all(&session, now, payload.as_ref()).await {
            outcome.unwrap();
        }
        let executed = executed(&memory);
        assert_eq!(executed.len(), 7, "{version}");
        for request in executed {
            assert_eq!(request.fields.now_in_seconds, now, "{version}: {request:?}");
            assert_eq!(request.fields.custom_payload, payload, "{version}: {request:?}");
        }
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_version_cannot_say_is_an_error_before_anything_is_sent() {
    for (version, now, payload, expected) in [
        (ProtocolVersion::V3, Some(NOW), None, "now_in_seconds"),
        (ProtocolVersion::V4, Some(NOW), None, "now_in_seconds"),
        (ProtocolVersion::V3, None, Some(payload()), "custom payload"),
    ] {
        let (memory, session) = one(version).await;
        for outcome in send_all(&session, now, payload.as_ref()).await {
            let error = outcome.unwrap_err();
            let ErrorKind::Encode(EncodeError::NotInVersion { what, .. }) = error.kind() else {
                panic!("{error}");
            };
            assert_eq!(*what, expected);
            let text = error.to_string();
            assert!(text.contains(expected) && text.contains(&version.to_string()), "{text}");
            assert!(!error.may_have_been_applied() && !error.is_retryable(), "{text}");
        }
        assert_eq!(executed(&memory).len(), 0, "{version}");
        assert_eq!(session.metrics().requests.invalid, 6);
        at_rest(&session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_along_goes_along_with_every_attempt() {
    let memory = Memory::of(three());
    memory.nodes()[..2].iter().for_each(|node| {
        node.prime(Prime::statement(INSERT).error(OVERLOADED, "no"));
    });
    let session = memory.builder().ready_when(3).connect().await.unwrap();
    let all_connected = || session.resources().connections == 3;
    cqlwire_testkit::eventually(PATIENCE, "all are connected", all_connected).await;
    for _ in 0..3 {
        let call = session.query(INSERT, ()).idempotent(true).now_in_seconds(NOW);
        call.custom_payload(payload()).await.unwrap();
    }
    let executed = executed(&memory);
    assert!(executed.len() > 3);
    assert!(executed.iter().all(|one| one.fields.now_in_seconds == Some(NOW)));
    assert!(executed.iter().all(|one| one.fields.custom_payload == Some(payload())));
}

/// What comes along on this version.
fn expected(version: ProtocolVersion) -> Prefixes {
    let id = Some(Uuid::from_bytes([7; 16]));
    match version {
        ProtocolVersion::V3 => Prefixes::new(id, Vec::new(), None),
        _ => Prefixes::new(id, vec!["look here".to_owned()], Some(payload())),
    }
}

#[tokio::test(start_paused = true)]
async fn g4_1_what_comes_along_is_with_every_result_every_page_and_every_error() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        let write = session.prepare(WRITE).await.unwrap();
        let mut batch = session.batch();
        batch.add(&write, (1, 2)).unwrap();
        let along = |prime: Prime| memory.node().prime(prime.along(expected(ProtocolVersion::V5)));
        for opcode in [Opcode::Query, Opcode::Execute, Opcode::Batch] {
            along(Prime::opcode(opcode));
        }
        along(answer_users(25));
        let expected = expected(version);
        let of_page = |page: &crate::Page| {
            let (warnings, payload) = (page.warnings().to_vec(), page.custom_payload().cloned());
            Prefixes::new(page.tracing_id(), warnings, payload)
        };
        for result in [
            session.query(INSERT, ()).await.unwrap(),
            session.query(WRITE, (1, 2)).await.unwrap(),
            session.execute(&write, (1, 2)).await.unwrap(),
            session.query(SELECT, ("Oslo",)).await.unwrap(),
            batch.execute().await.unwrap(),
        ] {
            assert_eq!(of_page(result.page()), expected, "{version}");
        }
        let mut pages = session.query(SELECT, ("Oslo",)).page_size(10).pages();
        for _ in 0..3 {
            let page = pages.try_next().await.unwrap().unwrap();
            assert_eq!(of_page(&page), expected, "{version}");
        }
        let mut rows = session.query(SELECT, ("Oslo",)).page_size(10).rows::<(i64, String)>();
        let mut count = 0;
        while rows.try_next().await.unwrap().is_some() {
            assert_eq!(of_page(rows.page().unwrap()), expected, "{version}");
            count += 1;
        }
        assert_eq!(count, 25);
        drop((pages, rows));

        let of_error = |error: &Error| {
            let (warnings, payload) = (error.warnings().to_vec(), error.custom_payload().cloned());
            Prefixes::new(error.tracing_id(), warnings, payload)
        };
        let mut pages = session.query(SELECT, ("Oslo",)).page_size(10).pages();
        pages.try_next().await.unwrap().unwrap();
        for opcode in [Opcode::Query, Opcode::Execute, Opcode::Batch, Opcode::Prepare] {
            along(Prime::opcode(opcode).error(0x2200, "that is wrong"));
        }
        for error in [
            session.query(INSERT, ()).await.map(drop).unwrap_err(),
            session.execute(&write, (1, 2)).await.map(drop).unwrap_err(),
            session.prepare("SELECT 1").await.map(drop).unwrap_err(),
            batch.execute().await.map(drop).unwrap_err(),
            async {
                while pages.try_next().await?.is_some() {}
                Ok(())
            }
            .await
            .unwrap_err(),
        ] {
            assert_eq!(of_error(&error), expected, "{version}: {error}");
        }
    }
}

/// Also with those of the hosts that were asked before the last.
#[tokio::test(start_paused = true)]
async fn what_comes_along_with_an_attempt_that_failed_is_in_the_error_of_the_whole() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let along = expected(ProtocolVersion::V5);
    memory.node().prime(Prime::statement(INSERT).error(OVERLOADED, "no").along(along.clone()));
    let session = memory.session().await;
    let error = session.query(INSERT, ()).idempotent(true).await.unwrap_err();
    assert!(error.attempts().len() > 1, "{error}");
    for attempt in error.attempts() {
        assert!(matches!(&attempt.failure, crate::AttemptFailure::Server { prefixes, .. }
            if *prefixes == along));
    }
}
