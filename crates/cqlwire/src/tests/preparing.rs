//! Hosts that have forgotten a statement: what may be executed there until they have said anew what
//! they make of it, and what a PREPARE that fails means for the statement.

use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use tokio::time::Instant;

use super::PATIENCE;
use super::memory::Memory;
use super::statements::{WRITE, alter, connected, names_the_column, second_values, three};
use crate::codec::{ColumnType, Opcode};
use crate::{PreparedStatement, Result, Session};

/// A session with one node, and a statement that the node has forgotten.
async fn forgotten() -> (std::sync::Arc<Memory>, Session, PreparedStatement) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.session().await;
    let write = session.prepare(WRITE).await.unwrap();
    memory.node().forget_prepared();
    (memory, session, write)
}

fn write_five(session: &Session, write: &PreparedStatement) -> tokio::task::JoinHandle<Result<()>> {
    let (session, write) = (session.clone(), write.clone());
    tokio::spawn(async move { session.execute(&write, (1, 5_i32)).await.map(drop) })
}

/// From its PREPARE on the host takes the old id for the new statement, though nobody has read yet
/// what that is.
#[tokio::test(start_paused = true)]
async fn g15_1_nobody_executes_by_what_a_host_forgot_while_it_is_asked() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.session().await;
    let write = session.prepare(WRITE).await.unwrap();
    session.execute(&write, (0, 5_i32)).await.unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    let held = memory.node().hold(Prime::prepare(WRITE));
    let first = write_five(&session, &write);
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    let before = second_values(memory.node()).len();
    let second = write_five(&session, &write);
    eventually(PATIENCE, "both are inside", || session.resources().calls == 2).await;
    assert_eq!(held.len(), 1, "the other one waits with the first");
    held.release();
    for outcome in [first.await.unwrap(), second.await.unwrap()] {
        names_the_column(&outcome.expect_err("an int went where a float belongs"));
    }
    assert_eq!(second_values(memory.node()).len(), before, "nothing was executed");
}

/// A PREPARE executes nothing, whatever becomes of it: the statement goes to the next host.
#[tokio::test(start_paused = true)]
async fn g14_1_a_prepare_that_fails_does_not_fail_a_write() {
    let overloaded = || Prime::prepare(WRITE).error(0x1001, "too much to do");
    let cut = || Prime::prepare(WRITE).cut_after(0);
    for prime in [overloaded(), cut()] {
        let nodes = three();
        alter(&nodes, &ColumnType::Int);
        let (memory, session) = connected(nodes).await;
        let write = session.prepare(WRITE).await.unwrap();
        memory.node().forget_prepared();
        memory.node().prime(prime);
        for k in 0..6 {
            session.execute(&write, (k, 5_i32)).await.unwrap();
        }
        assert!(memory.node().count(Opcode::Prepare) > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn g14_2_a_prepare_that_fails_has_applied_nothing() {
    let silent = || Prime::prepare(WRITE).silence();
    let cut = || Prime::prepare(WRITE).cut_after(0);
    let overloaded = || Prime::prepare(WRITE).error(0x1001, "too much to do");
    let nonsense = || Prime::prepare(WRITE).void();
    for prime in [silent(), cut(), overloaded(), nonsense()] {
        let memory = Memory::of([ScriptedNode::builder().in_memory()]);
        alter(memory.nodes(), &ColumnType::Int);
        let session = memory.session().await;
        let write = session.prepare(WRITE).await.unwrap();
        memory.node().forget_prepared();
        memory.node().prime(prime.clone());
        let write = session.execute(&write, (1, 5_i32)).timeout(Duration::from_secs(1));
        let error = write.await.unwrap_err();
        assert!(!error.may_have_been_applied(), "{prime:?}: {error}");
        let silent = prime.clone();
        assert_eq!(error.is_timeout(), format!("{silent:?}").contains("Never"), "{error}");
    }
}

/// Each host has its turn in full, whatever the one before it was asked to prepare.
#[tokio::test(start_paused = true)]
async fn g15_4_each_host_of_a_plan_may_prepare() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    for node in memory.nodes() {
        node.forget_prepared();
    }
    for node in &memory.nodes()[..2] {
        node.prime(Prime::prepare(WRITE).error(0x1001, "too much to do"));
    }
    for k in 0..3 {
        session.execute(&write, (k, 5_i32)).await.unwrap();
    }
    let there = second_values(&memory.nodes()[2]);
    assert_eq!(there.len(), 4, "one that it did not know, and all three");
}

/// A host that was restarted is asked by all at once, and taught each statement once.
#[tokio::test(start_paused = true)]
async fn g15_4_a_host_that_forgot_is_taught_once_for_all_who_wait() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let texts: Vec<_> =
        (0..200).map(|number| format!("INSERT INTO t{number} (k) VALUES (?)")).collect();
    let markers = columns([("k", ColumnType::Int)]);
    let mut statements = Vec::new();
    for text in &texts {
        memory.node().prime(Prime::statement(text).void().binds(markers.clone(), &[0]));
        statements.push(session.prepare(text).await.unwrap());
    }
    memory.node().forget_prepared();
    let before = memory.node().count(Opcode::Prepare);
    let calls: Vec<_> = (0..5_000_i32)
        .zip(statements.iter().cycle())
        .map(|(k, statement)| {
            let (session, statement) = (session.clone(), statement.clone());
            tokio::spawn(async move { session.execute(&statement, (k,)).await.map(drop) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let prepares = memory.node().count(Opcode::Prepare) - before;
    assert!((200..=220).contains(&prepares), "{prepares}");
}

/// So many at a time, whatever there is to be taught.
#[tokio::test(start_paused = true)]
async fn g15_4_a_host_is_taught_so_many_statements_at_a_time() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let mut statements = Vec::new();
    for number in 0..40 {
        let text = format!("INSERT INTO t{number} (k) VALUES (1)");
        statements.push(session.prepare(&text).await.unwrap());
    }
    memory.node().forget_prepared();
    let held = memory.node().hold(Prime::opcode(Opcode::Prepare));
    let calls: Vec<_> = statements
        .into_iter()
        .map(|statement| {
            let session = session.clone();
            tokio::spawn(async move { session.execute(&statement, ()).await.map(drop) })
        })
        .collect();
    eventually(PATIENCE, "it is asked", || held.len() == 16).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(held.len(), 16);
    held.release();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// The one who began goes; whoever waits is taught all the same.
#[tokio::test(start_paused = true)]
async fn g8_5_who_began_to_teach_a_host_may_go_and_takes_it_from_nobody() {
    let (memory, session, write) = forgotten().await;
    let held = memory.node().hold(Prime::prepare(WRITE));
    let first = write_five(&session, &write);
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    let second = write_five(&session, &write);
    eventually(PATIENCE, "both are inside", || session.resources().calls == 2).await;
    // The second has heard by now that the host does not know it, and waits.
    tokio::time::sleep(Duration::from_millis(10)).await;
    first.abort();
    eventually(PATIENCE, "the first has gone", || session.resources().calls == 1).await;
    held.release();
    second.await.unwrap().unwrap();
    assert_eq!(memory.node().count(Opcode::Prepare), 2);
}

/// Whoever has more time than the one who began is not cut short by it.
#[tokio::test(start_paused = true)]
async fn g6_1_each_who_waits_for_a_host_to_be_taught_has_its_own_deadline() {
    let (memory, session, write) = forgotten().await;
    let held = memory.node().hold(Prime::prepare(WRITE));
    let call = |timeout| {
        let (session, write) = (session.clone(), write.clone());
        tokio::spawn(
            async move { session.execute(&write, (1, 5_i32)).timeout(timeout).await.map(drop) },
        )
    };
    let begins = call(Duration::from_secs(1));
    eventually(PATIENCE, "the host is asked", || held.len() == 1).await;
    let (waits, shorter) = (call(Duration::from_secs(5)), call(Duration::from_millis(500)));
    let error = shorter.await.unwrap().unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
    assert!(error.elapsed().unwrap() < Duration::from_millis(550), "{error}");
    assert!(begins.await.unwrap().unwrap_err().is_timeout());
    held.release();
    waits.await.unwrap().unwrap();
}

/// Those with little time begin to teach the host, one after the other; the one with much joins each
/// of them. Nobody has forgotten anything.
#[tokio::test(start_paused = true)]
async fn g15_4_who_joins_those_with_little_time_is_not_told_that_the_host_forgot() {
    let (memory, session, write) = forgotten().await;
    memory.node().prime(Prime::prepare(WRITE).after(Duration::from_millis(400)));
    let call = |millis| {
        let (session, write) = (session.clone(), write.clone());
        tokio::spawn(async move {
            let timeout = Duration::from_millis(millis);
            session.execute(&write, (1, 5_i32)).timeout(timeout).await.map(drop)
        })
    };
    let short = [100, 200, 300, 350].map(call);
    let long = call(10_000);
    for short in short {
        let error = short.await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error}");
    }
    long.await.unwrap().unwrap();
}

/// It waits a moment before it is taught again, on the session's runtime.
#[test]
fn g5_1_a_host_that_forgets_again_is_taught_again_outside_of_tokio() {
    let home = tokio::runtime::Runtime::new().unwrap();
    let (memory, session, write) = home.block_on(forgotten());
    let held = memory.node().hold(Prime::prepare(WRITE));
    let forgets = std::thread::scope(|scope| {
        let call = scope.spawn(|| super::close::block_on(session.execute(&write, (1, 5_i32))));
        let mut round = 0;
        while !call.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
            if !held.is_empty() {
                held.release_nth(0);
                if round < 1 {
                    memory.node().forget_prepared();
                }
                round += 1;
            }
        }
        call.join()
    });
    forgets.unwrap().unwrap();
    let _home = home.enter();
    drop((session, memory));
}

/// What the values do not fit is what the host has just said: it is not asked again.
#[tokio::test(start_paused = true)]
async fn g15_1_values_that_do_not_fit_cost_a_host_one_prepare() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    alter(memory.nodes(), &ColumnType::Int);
    let session = memory.session().await;
    let write = session.prepare(WRITE).await.unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    for _ in 0..3 {
        let before = memory.node().count(Opcode::Prepare);
        names_the_column(&session.execute(&write, (1, 5_i32)).await.unwrap_err());
        assert!(memory.node().count(Opcode::Prepare) <= before + 1);
    }
}

/// Each of them that the host before it did not remember.
#[tokio::test(start_paused = true)]
async fn g15_4_each_host_of_a_plan_may_prepare_as_often_as_the_first() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let id = write.id();
    memory.nodes().iter().for_each(ScriptedNode::forget_prepared);
    for node in &memory.nodes()[..2] {
        node.prime(super::basics::unprepared(&id));
    }
    for k in 0..3 {
        session.execute(&write, (k, 5_i32)).await.unwrap();
    }
    assert_eq!(second_values(&memory.nodes()[2]).len(), 4);
}

/// So that a host which cannot hold all that it is taught is not taught without end, nor by all who
/// wait at once.
#[tokio::test(start_paused = true)]
async fn g15_4_a_host_that_forgets_at_once_is_taught_again_after_a_pause() {
    let (memory, session, write) = forgotten().await;
    let id = write.id();
    let mut pauses = Vec::new();
    for forgets in [1, 2] {
        let mut took = Vec::new();
        for _ in 0..40 {
            // It does not know it, is taught, and has forgotten it so often by then.
            memory.node().prime(super::basics::unprepared(&id).first(1 + forgets));
            let began = Instant::now();
            session.execute(&write, (1, 5_i32)).await.unwrap();
            took.push(began.elapsed());
        }
        pauses.push(took);
    }
    let most = |millis| Duration::from_millis(millis);
    let of = |took: &[Duration]| took.iter().sum::<Duration>() / 40;
    assert!(pauses[0].iter().all(|took| *took <= most(21)), "{pauses:?}");
    assert!(pauses[1].iter().all(|took| *took <= most(62)), "{pauses:?}");
    // At random, so that not all come back at the same time.
    assert!((most(6)..most(15)).contains(&of(&pauses[0])), "{pauses:?}");
    assert!((most(20)..most(42)).contains(&of(&pauses[1])), "{pauses:?}");
    pauses[0].sort();
    pauses[0].dedup();
    assert!(pauses[0].len() > 5, "{pauses:?}");
}
