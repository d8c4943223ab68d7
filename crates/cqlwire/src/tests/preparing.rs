//! Hosts that have forgotten a statement: what may be executed there until they have said anew what
//! they make of it, and what a PREPARE that fails means for the statement.

use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::PATIENCE;
use super::memory::Memory;
use super::statements::{WRITE, alter, connected, names_the_column, second_values, three};
use crate::codec::{ColumnType, Opcode};
use crate::{PreparedStatement, Result, Session};

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
    let went_on = || held.len() == 2 || second.is_finished();
    eventually(PATIENCE, "the other one goes on", went_on).await;
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
