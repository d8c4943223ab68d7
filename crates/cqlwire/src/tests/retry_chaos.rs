//! Servers that do anything, under every policy: no write reaches them twice that may have been
//! begun.
//!
//! Each seed is a cluster of its own, and is named by what fails; `CQLWIRE_SEED` runs that one alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::PATIENCE;
use super::memory::{Memory, at_rest};
use super::seeds::each_seed;
use super::statements::three;
use crate::codec::Opcode;
use crate::{
    Consistency, DowngradingRetryPolicy, FailedAttempt, NeverRetry, PreparedStatement, RetryPolicy,
    RetryVerdict, Session,
};

/// Of each seed: so many requests at once, so often, each time with other faults.
const AT_ONCE: usize = 50;
const BURSTS: usize = 20;

#[derive(Debug)]
struct Always(RetryVerdict);

impl RetryPolicy for Always {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0
    }
}

fn policy(rng: &mut Rng) -> Option<Arc<dyn RetryPolicy>> {
    Some(match rng.u8(..8) {
        0 => Arc::new(NeverRetry),
        1 => Arc::new(DowngradingRetryPolicy),
        2 => Arc::new(Always(RetryVerdict::SameHost)),
        3 => Arc::new(Always(RetryVerdict::NextHost)),
        4 => Arc::new(Always(RetryVerdict::SameHostAt(Consistency::One))),
        _ => return None,
    })
}

/// What a host does with the statements of one burst.
#[derive(Copy, Clone, Debug)]
enum Fault {
    Works,
    Error(i32),
    Close,
    Reset,
    HalfClose,
    Silence,
    Late,
    Cut,
    Garbage,
}

const CODES: [i32; 21] = [
    0x0000, 0x000A, 0x0100, 0x1000, 0x1001, 0x1002, 0x1003, 0x1100, 0x1200, 0x1300, 0x1400, 0x1500,
    0x1600, 0x1700, 0x2000, 0x2100, 0x2200, 0x2300, 0x2400, 0x2500, 0x7777,
];

impl Fault {
    fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..20) {
            0..3 => Self::Works,
            3 => Self::Close,
            4 => Self::Reset,
            5 => Self::HalfClose,
            6 => Self::Silence,
            7 => Self::Late,
            8 => Self::Cut,
            9 => Self::Garbage,
            _ => Self::Error(CODES[rng.usize(..CODES.len())]),
        }
    }

    fn prime(self, prime: Prime) -> Option<Prime> {
        Some(match self {
            Self::Works => return None,
            Self::Error(0x2500) => {
                // An id of 16 bytes, as it stands behind the text.
                prime.error_with(0x2500, "forgotten", [&[0, 16][..], &[7; 16]].concat())
            }
            Self::Error(code) => prime.error(code, "chaos"),
            Self::Close => prime.close(),
            Self::Reset => prime.reset(),
            Self::HalfClose => prime.half_close(),
            Self::Silence => prime.silence(),
            Self::Late => prime.after(Duration::from_millis(150)),
            Self::Cut => prime.cut_after(7),
            Self::Garbage => prime.garbage(vec![0xFF; 32]),
        })
    }

    /// Is it a word that nothing of such a write was begun? By docs/server-errors.md.
    fn is_not_begun(self, write: Write) -> bool {
        let Self::Error(code) = self else { return false };
        let one_partition =
            !matches!(write, Write::Conditional | Write::UnloggedBatch | Write::Several);
        match code {
            0x000A | 0x0100 | 0x1002 | 0x1200 | 0x1300 | 0x1400 | 0x2000..=0x2500 => true,
            0x1000 => one_partition,
            _ => false,
        }
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Write {
    Plain,
    Prepared,
    Conditional,
    LoggedBatch,
    UnloggedBatch,
    Several,
    Batch,
}

impl Write {
    const ALL: [Self; 7] = [
        Self::Plain,
        Self::Prepared,
        Self::Conditional,
        Self::LoggedBatch,
        Self::UnloggedBatch,
        Self::Several,
        Self::Batch,
    ];

    fn text(self, id: usize) -> String {
        match self {
            Self::Plain => format!("INSERT INTO t (k) VALUES ({id})"),
            Self::Batch => format!("INSERT INTO t (k, v) VALUES ({id}, 0)"),
            Self::Prepared => PREPARED.to_owned(),
            Self::Conditional => format!("INSERT INTO t (k) VALUES ({id}) IF NOT EXISTS"),
            Self::LoggedBatch => {
                format!("BEGIN BATCH INSERT INTO t (k) VALUES ({id}) APPLY BATCH")
            }
            Self::UnloggedBatch => {
                format!("BEGIN UNLOGGED BATCH INSERT INTO t (k) VALUES ({id}) APPLY BATCH")
            }
            Self::Several => format!("DELETE FROM t WHERE k IN ({id}, 0)"),
        }
    }
}

const PREPARED: &str = "UPDATE t SET v = v + 1 WHERE k = ?";

/// One write, in its own way.
async fn write(session: Session, prepared: PreparedStatement, kind: Write, id: usize, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let (policy, timeout) = (policy(&mut rng), Duration::from_millis(rng.u64(50..500)));
    let attempt_timeout = rng.bool().then(|| Duration::from_millis(rng.u64(20..200)));
    let text = kind.text(id);
    // They fail or not: it is the servers that are asked.
    match kind {
        Write::Prepared => {
            let values = (i64::try_from(id).unwrap().to_be_bytes().to_vec(),);
            let call = session.execute(&prepared, values).timeout(timeout);
            drop(arranged(call, policy, attempt_timeout).await);
        }
        Write::Batch => {
            let mut batch = session.batch();
            batch.add(text.as_str(), ()).unwrap();
            batch.add(&prepared, (vec![0_u8; 8],)).unwrap();
            let mut call = batch.execute().timeout(timeout);
            if let Some(policy) = policy {
                call = call.retry_policy(policy);
            }
            drop(call.attempt_timeout(attempt_timeout.unwrap_or(timeout)).await);
        }
        _ => {
            let call = session.query(&text, ()).timeout(timeout);
            drop(arranged(call, policy, attempt_timeout).await);
        }
    }
}

fn arranged<V>(
    mut call: crate::Execution<'_, V>,
    policy: Option<Arc<dyn RetryPolicy>>,
    attempt_timeout: Option<Duration>,
) -> crate::Execution<'_, V> {
    if let Some(policy) = policy {
        call = call.retry_policy(policy);
    }
    match attempt_timeout {
        Some(timeout) => call.attempt_timeout(timeout),
        None => call,
    }
}

/// How often each host has received each write, by its text or its value, since `from`.
fn received(node: &ScriptedNode, from: usize) -> HashMap<Vec<u8>, usize> {
    let mut times = HashMap::new();
    for request in node.received().into_iter().skip(from) {
        let key = match request.opcode {
            Opcode::Query | Opcode::Batch => {
                request.statements.first().map(|text| text.as_bytes().to_vec())
            }
            Opcode::Execute => request.values.first().cloned().flatten().map(Vec::from),
            _ => None,
        };
        if let Some(key) = key {
            *times.entry(key).or_default() += 1;
        }
    }
    times
}

/// Lets the hosts do something else, sends writes, and counts what came. Gives how many came.
async fn burst(memory: &Memory, session: &Session, prepared: &PreparedStatement, rng: &mut Rng) {
    let faults = [(); 3].map(|()| Fault::draw(rng));
    let before = [0, 1, 2].map(|host: usize| memory.nodes()[host].received().len());
    for (node, fault) in memory.nodes().iter().zip(faults) {
        node.clear_primes();
        let statements = [Opcode::Execute, Opcode::Query, Opcode::Batch].map(Prime::opcode);
        // The control connection asks, too: it is not what this is about.
        statements.into_iter().filter_map(|prime| fault.prime(prime)).for_each(|p| node.prime(p));
    }
    let mut calls = JoinSet::new();
    let mut sent = Vec::new();
    for id in 0..AT_ONCE {
        let (kind, id) = (Write::ALL[rng.usize(..Write::ALL.len())], rng.usize(1..1 << 40) + id);
        sent.push((kind, id));
        let (session, prepared, seed) = (session.clone(), prepared.clone(), rng.u64(..));
        calls.spawn(async move { write(session, prepared, kind, id, seed).await });
    }
    while calls.join_next().await.transpose().unwrap().is_some() {}
    // What was written before its call ended may arrive a moment later.
    sleep(Duration::from_millis(1)).await;
    let arrived = [0, 1, 2].map(|host: usize| received(&memory.nodes()[host], before[host]));
    for (kind, id) in sent {
        let key = match kind {
            Write::Prepared => i64::try_from(id).unwrap().to_be_bytes().to_vec(),
            _ => kind.text(id).into_bytes(),
        };
        let begun = |host: usize| match faults[host].is_not_begun(kind) {
            true => 0,
            false => arrived[host].get(&key).copied().unwrap_or_default(),
        };
        let begun: usize = [0, 1, 2].into_iter().map(begun).sum();
        assert!(begun <= 1, "{kind:?} {id} came {begun} times where it may be begun: {faults:?}");
    }
    memory.nodes().iter().for_each(ScriptedNode::clear_primes);
}

async fn chaos(seed: u64) {
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let memory = Memory::of(three());
    let soon = Duration::from_millis(10);
    let session = memory.builder().reconnection(soon, soon).connect().await.unwrap();
    let prepared = session.prepare(PREPARED).await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    for _ in 0..3 {
        // Each of them knows it: none says by itself that it does not.
        session.execute(&prepared, (vec![0_u8; 8],)).await.unwrap();
    }
    for _ in 0..BURSTS {
        let connected = || session.resources().connections == 3;
        eventually(PATIENCE * 10, "all are connected", connected).await;
        burst(&memory, &session, &prepared, &mut rng).await;
    }
    // What is owed by a host that is silent comes to its end with its connection.
    memory.nodes().iter().for_each(ScriptedNode::close_connections);
    at_rest(&session).await;
    session.close(PATIENCE).await;
    assert!(session.resources().is_zero(), "{}", session.resources());
}

#[test]
fn g14_1_no_write_that_may_have_been_begun_reaches_a_server_again_whatever_servers_do() {
    each_seed(15, 1_000, chaos);
}
