//! Transactions of Cassandra 6: sent once, whatever becomes of them.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;

use super::PATIENCE;
use super::memory::Memory;
use super::statements::three;
use crate::{FailedAttempt, RetryPolicy, RetryVerdict, Session};

/// With all that may stand between its first words.
const TRANSACTION: &str = "/* SELECT */ begin -- BATCH\n\tTransaction // IF\r\
     LET a = (SELECT n FROM users WHERE id = 1); SELECT a.n; \
     IF a.n = 1 THEN UPDATE users SET n += 1 WHERE id = 1; END IF COMMIT TRANSACTION";

/// What would have it sent to each host, if it were asked.
#[derive(Debug)]
struct Everywhere;

impl RetryPolicy for Everywhere {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        RetryVerdict::NextHost
    }
}

/// What may be said after something was done: each code whose error has no more than a text, and an end.
fn ends() -> Vec<Prime> {
    let any = || Prime::statement(TRANSACTION);
    let codes = [0x0000, 0x1001, 0x1002, 0x1003, 0x2200, 0x7777];
    let said = codes.into_iter().map(|code| any().error(code, "no"));
    said.chain([any().close(), any().reset(), any().silence()]).collect()
}

fn sent(memory: &Memory) -> usize {
    memory.nodes().iter().map(|node| node.count_statement(TRANSACTION)).sum()
}

async fn session(memory: &Arc<Memory>) -> Session {
    let session = memory.builder().retry_policy(Everywhere).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    session
}

#[tokio::test(start_paused = true)]
async fn g14_1_a_transaction_is_sent_once_whatever_is_said_of_it_and_however_it_is_asked_for() {
    for way in 0..4 {
        for end in ends() {
            let memory = Memory::of(three());
            let session = session(&memory).await;
            memory.nodes().iter().for_each(|node| node.prime(end.clone()));
            let short = Duration::from_millis(100);
            let query = || session.query(TRANSACTION, ()).attempt_timeout(short);
            let error = match way {
                0 => query().await.map(drop).unwrap_err(),
                1 => query().pages().try_next().await.map(drop).unwrap_err(),
                2 => {
                    let prepared = session.prepare(TRANSACTION).await.unwrap();
                    let execution = session.execute(&prepared, ()).attempt_timeout(short);
                    execution.await.map(drop).unwrap_err()
                }
                _ => {
                    let mut rows = query().rows::<(i64,)>();
                    rows.try_next().await.map(drop).unwrap_err()
                }
            };
            assert!(error.may_have_been_applied(), "{way}: {error}");
            assert_eq!(sent(&memory), 1, "{way}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_said_to_be_idempotent_is_sent_again() {
    let memory = Memory::of(three());
    let session = session(&memory).await;
    let end = Prime::statement(TRANSACTION).error(0x1001, "no");
    memory.nodes().iter().for_each(|node| node.prime(end.clone()));
    session.query(TRANSACTION, ()).idempotent(true).await.unwrap_err();
    assert!(sent(&memory) >= 3, "to each host");
}
