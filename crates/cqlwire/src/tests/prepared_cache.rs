//! One prepared cache a session: who prepares, who waits, what is kept.

use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::time::Instant;

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter, connected as all_connected, three};
use super::{PATIENCE, SELECT, prime_users};
use crate::codec::{ColumnType, Opcode};
use crate::{ErrorKind, Session, TimeoutPhase};

async fn with_users() -> (std::sync::Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 3);
    let session = memory.session().await;
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn g15_3_a_hundred_who_ask_for_one_text_are_one_prepare() {
    let (memory, session) = with_users().await;
    let held = memory.node().hold(Prime::prepare(SELECT));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.prepare(SELECT).await })
        })
        .collect();
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    held.release();
    let mut ids = Vec::new();
    for call in calls {
        ids.push(call.await.unwrap().unwrap().id());
    }
    assert!(ids.windows(2).all(|two| two[0] == two[1]));
    session.prepare(SELECT).await.unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), 1);
}

#[tokio::test(start_paused = true)]
async fn g8_5_who_began_to_prepare_may_go_and_takes_it_from_nobody() {
    let (memory, session) = with_users().await;
    let held = memory.node().hold(Prime::prepare(SELECT));
    let mut first = Box::pin(session.prepare(SELECT));
    assert!(poll_once(&mut first).await.is_pending());
    let mut second = Box::pin(session.prepare(SELECT));
    assert!(poll_once(&mut second).await.is_pending());
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    drop(first);
    held.release();
    second.await.unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), 1);
}

#[tokio::test(start_paused = true)]
async fn g15_3_a_preparation_that_nobody_waits_for_any_more_is_begun_anew() {
    let (memory, session) = with_users().await;
    let held = memory.node().hold(Prime::prepare(SELECT));
    let mut only = Box::pin(session.prepare(SELECT));
    assert!(poll_once(&mut only).await.is_pending());
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    drop(only);
    let mut another = Box::pin(session.prepare(SELECT));
    assert!(poll_once(&mut another).await.is_pending());
    eventually(PATIENCE, "it is asked anew", || held.len() == 2).await;
    held.release();
    another.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g15_3_a_failure_is_for_those_who_waited_and_is_not_kept() {
    let (memory, session) = with_users().await;
    let text = "SELECT nothing FROM users";
    let held = memory.node().hold(Prime::prepare(text).error(0x2200, "undefined column"));
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.prepare(text).await })
        })
        .collect();
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    held.release();
    for call in waiting {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
    }
    assert_eq!(memory.node().count(Opcode::Prepare), 1);
    memory.node().prime(Prime::prepare(text));
    session.prepare(text).await.unwrap_or_else(|error| panic!("it was kept: {error}"));
}

/// Whoever has more time than the one who began is not cut short by it.
#[tokio::test(start_paused = true)]
async fn g6_1_each_who_waits_for_a_statement_has_its_own_deadline() {
    let (memory, session) = with_users().await;
    let held = memory.node().hold(Prime::prepare(SELECT));
    let short = Duration::from_secs(1);
    let mut begins = Box::pin(session.query(SELECT, ("Oslo",)).timeout(short));
    assert!(poll_once(&mut begins).await.is_pending());
    let mut waits = Box::pin(session.query(SELECT, ("Oslo",)).timeout(3 * short));
    assert!(poll_once(&mut waits).await.is_pending());
    let error = begins.await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
    assert!(poll_once(&mut waits).await.is_pending(), "it has more time");
    let mut shorter = Box::pin(session.query(SELECT, ("Oslo",)).timeout(short / 2));
    let error = (&mut shorter).await.unwrap_err();
    let phase = TimeoutPhase::Prepare;
    assert!(
        matches!(error.kind(), ErrorKind::Timeout { phase: of, .. } if *of == phase),
        "{error}"
    );
    assert!(error.elapsed().unwrap() < short / 2 + Duration::from_millis(50), "{error:?}");
    held.release();
    assert_eq!(waits.await.unwrap().row_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_shared_preparation_dropped_at_every_poll_leaves_nothing() {
    let (_memory, session) = with_users().await;
    let fresh = || {
        Box::pin(async {
            let both = async { tokio::join!(session.prepare(SELECT), session.prepare(SELECT)) };
            let (first, second) = both.await;
            first.and(second).map(drop)
        })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 2, "dropped at {dropped} points only");
    session.prepare(SELECT).await.unwrap();
}

/// What somebody holds is one statement for all, however many texts come and go.
#[tokio::test(start_paused = true)]
async fn g15_3_texts_with_values_in_them_do_not_add_up() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.builder().prepared_statements(8).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    for number in 0..100 {
        session.prepare(&format!("SELECT {number} FROM t")).await.unwrap();
    }
    let kept = session.shared().statements.count();
    assert!(kept <= 8 + 1 + 2, "{kept}");
    let prepares = memory.node().count(Opcode::Prepare);
    assert_eq!(session.prepare(WRITE).await.unwrap().id(), write.id());
    assert_eq!(memory.node().count(Opcode::Prepare), prepares, "it is held, so it is kept");
}

/// While it gets but a part of its share, it is taught what is in use.
#[tokio::test(start_paused = true)]
async fn g15_4_a_host_that_comes_up_is_taught_what_is_in_use() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = all_connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let second = &memory.nodes()[1];
    let prepares = second.count(Opcode::Prepare);
    let topology = session.topology();
    let is_second =
        |host: &&std::sync::Arc<crate::Host>| host.address().socket() == Some(second.address());
    let host = topology.hosts().iter().find(is_second).unwrap().id();
    session.force_down(host).await;
    eventually(PATIENCE, "it is down", || session.resources().connections == 2).await;
    second.forget_prepared();
    session.force_up(host).await;
    eventually(PATIENCE, "it is taught", || second.count(Opcode::Prepare) == prepares + 1).await;
    for k in 0..60 {
        session.execute(&write, (k, 5_i32)).await.unwrap();
    }
    assert!(second.count(Opcode::Execute) > 0);
    assert_eq!(second.count(Opcode::Prepare), prepares + 1, "it knew the statement");
}

/// One that takes the PREPARE and answers nothing holds up no other, and keeps no session.
#[tokio::test(start_paused = true)]
async fn g15_4_a_silent_host_that_comes_up_holds_up_no_other_and_keeps_no_session() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = all_connected(nodes).await;
    let _write = session.prepare(WRITE).await.unwrap();
    let mut held = Vec::new();
    for number in 0..30 {
        held.push(session.prepare(&format!("SELECT {number} FROM t")).await.unwrap());
    }
    let hosts: Vec<_> = session.topology().hosts().iter().map(|host| host.id()).collect();
    let (silent, well) = (&memory.nodes()[1], &memory.nodes()[2]);
    for &host in &hosts[1..] {
        session.force_down(host).await;
    }
    eventually(PATIENCE, "they are down", || session.resources().connections == 1).await;
    for node in [silent, well] {
        node.forget_prepared();
    }
    silent.prime(Prime::opcode(Opcode::Prepare).silence());
    let prepares = well.count(Opcode::Prepare);
    let (asked, began) = (silent.count(Opcode::Prepare), Instant::now());
    for &host in &hosts[1..] {
        session.force_up(host).await;
    }
    eventually(PATIENCE, "the one is taught", || well.count(Opcode::Prepare) == prepares + 31)
        .await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    eventually(PATIENCE, "the other is asked", || silent.count(Opcode::Prepare) > asked).await;
    let tasks = session.shared().cluster().tasks().clone();
    drop((held, _write, session));
    let dropped = Instant::now();
    eventually(PATIENCE, "nothing of the session is left", || tasks.is_empty()).await;
    assert!(dropped.elapsed() < Duration::from_millis(100), "{:?}", dropped.elapsed());
    assert!(silent.count(Opcode::Prepare) <= asked + 4, "it was asked for no more of them");
}

/// Who began to prepare it does so on a runtime that does not run any more, or is gone: whoever
/// waits on another one has the statement all the same.
#[test]
fn g8_5_a_preparation_goes_on_when_the_runtime_of_who_began_it_does_not_run() {
    begun_on_another_runtime(false);
}

#[test]
fn g8_5_a_preparation_goes_on_when_the_runtime_of_who_began_it_is_gone() {
    begun_on_another_runtime(true);
}

fn begun_on_another_runtime(is_gone: bool) {
    let home = tokio::runtime::Runtime::new().unwrap();
    let (memory, session) = home.block_on(async {
        let memory = Memory::of([ScriptedNode::builder().in_memory()]);
        prime_users(memory.node(), 3);
        memory.node().prime(Prime::prepare(SELECT).first(1).error(0x1001, "too much to do"));
        let pause = Duration::from_millis(500);
        let builder = memory.builder().retries(|settings| {
            (settings.backoff.first, settings.backoff.longest) = (pause, pause);
        });
        let session = builder.connect().await.unwrap();
        (memory, session)
    });
    let here = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, waits) = (here(), here());
    let begins = session.clone();
    let mut begun = Box::pin(async move { begins.prepare(SELECT).await.map(drop) });
    first.block_on(async {
        let waited = tokio::time::timeout(Duration::from_millis(100), &mut begun).await;
        assert!(waited.is_err(), "it pauses");
    });
    let mut second = Box::pin(session.prepare(SELECT));
    waits.block_on(async { assert!(poll_once(&mut second).await.is_pending()) });
    drop(begun);
    let first = (!is_gone).then_some(first);
    let waiting = async { tokio::time::timeout(Duration::from_secs(3), second).await.ok() };
    waits.block_on(waiting).expect("nobody wakes it").unwrap();
    let _home = home.enter();
    drop((first, session, memory));
}

/// Whether they were prepared, failed, or were given up.
#[tokio::test(start_paused = true)]
async fn g15_3_texts_that_come_and_go_leave_no_preparation_behind() {
    let (memory, session) = with_users().await;
    let held = memory.node().hold(Prime::prepare("SELECT held"));
    for number in 0..20 {
        let text = format!("SELECT {number} FROM users");
        memory.node().prime(Prime::prepare(&text).error(0x2200, "undefined column"));
        session.prepare(&text).await.unwrap_err();
        let mut dropped = Box::pin(session.prepare("SELECT held"));
        assert!(poll_once(&mut dropped).await.is_pending());
    }
    let prepared = session.prepare(SELECT).await.unwrap();
    assert_eq!(session.shared().statements.in_preparation(), 0);
    for _ in 0..20 {
        memory.node().forget_prepared();
        session.execute(&prepared, ("Oslo",)).await.unwrap();
    }
    assert_eq!(session.shared().teachings.count(), 0);
    drop(held);
}
