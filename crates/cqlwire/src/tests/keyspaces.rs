//! USE changes one connection of many: it does not get through, however it is written.

use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::memory::Memory;
use super::{INSERT, PATIENCE};
use crate::ErrorKind;
use crate::codec::Opcode;

const WAYS: [&str; 6] = [
    "USE other",
    "/**/USE \"Other\"",
    "USE\"Other\"",
    "-- which\nuse other",
    "// which\r\n\tuse/**/other;",
    " /* a */ -- b\n /* c */ uSe other",
];

#[tokio::test(start_paused = true)]
async fn g15_6_use_is_seen_on_every_path_before_anything_is_sent() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().keyspace("shop").connect().await.unwrap();
    let sent = || [Opcode::Query, Opcode::Prepare].map(|opcode| memory.node().count(opcode));
    let before = sent();
    for text in WAYS {
        let errors = [
            session.query(text, ()).await.map(drop).unwrap_err(),
            session.prepare(text).await.map(drop).unwrap_err(),
            session.query(text, ()).pages().try_next().await.map(drop).unwrap_err(),
            session.query(text, ()).rows::<(i32,)>().try_next().await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error.kind(), ErrorKind::UseStatement), "{text}: {error}");
            assert!(!error.may_have_been_applied(), "{text}: nothing was sent");
        }
    }
    assert_eq!(sent(), before);
    let connections = memory.node().accepted();
    assert!(connections.iter().all(|one| one.keyspace.as_deref() != Some("other")));
}

/// A server has other words for it than this driver knows.
#[tokio::test(start_paused = true)]
async fn g15_6_a_keyspace_that_changed_unasked_ends_the_connection_with_its_call() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().keyspace("shop").connect().await.unwrap();
    let mut set_keyspace = vec![0, 0, 0, 3, 0, 5];
    set_keyspace.extend_from_slice(b"other");
    let flags = crate::codec::EnvelopeFlags::default();
    let switch = Prime::statement("SWITCH TO other").raw(Opcode::Result, flags, set_keyspace);
    memory.node().prime(switch);
    let error = session.query("SWITCH TO other", ()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::KeyspaceSwitched { .. }), "{error}");
    assert!(error.may_have_been_applied(), "{error}");
    cqlwire_testkit::eventually(PATIENCE, "another is open", || {
        session.resources().connections == 1 && session.resources().is_idle()
    })
    .await;
    session.query(INSERT, ()).idempotent(true).await.unwrap();
    let received = memory.node().received();
    let connection = |text: &str| {
        let by_text = received.iter().find(|one| one.statements.iter().any(|own| own == text));
        by_text.unwrap().connection
    };
    assert_ne!(connection("SWITCH TO other"), connection(INSERT));
}
