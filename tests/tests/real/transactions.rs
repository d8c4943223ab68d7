//! Transactions of Cassandra 6 (Accord), and what servers before it say of them.

use std::time::{Duration, Instant};

use cqlwire::{
    BindValues, Consistency, DecodeValue, ErrorCode, ErrorKind, ExecutionProfile,
    PreparedStatement, Row, Session,
};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;

use super::{PATIENCE, builder, close, create, left_out, release, shared};

const ACCOUNTS: i32 = 8;
/// More than all transfers together: each can be done.
const OPENING_BALANCE: i64 = 10_000;

/// How many make transfers at once, and how many each.
const TELLERS: i32 = 8;
const EACH: i32 = 40;

/// A name stands several times in it, and is bound once.
const TRANSFER: &str = "
BEGIN TRANSACTION
  LET source = (SELECT balance FROM bank.accounts WHERE id = :source);
  LET target = (SELECT balance FROM bank.accounts WHERE id = :target);
  SELECT source.balance, target.balance;
  IF source.balance >= :amount AND target IS NOT NULL THEN
    UPDATE bank.accounts SET balance -= :amount WHERE id = :source;
    UPDATE bank.accounts SET balance += :amount WHERE id = :target;
    UPDATE bank.transfers SET times += 1 WHERE id = :id;
  END IF
COMMIT TRANSACTION";

#[derive(BindValues)]
struct Transfer {
    id: i32,
    source: i32,
    target: i32,
    amount: i64,
}

/// What the transaction found, before it changed anything.
#[derive(Debug, PartialEq, Row)]
struct Found {
    #[cql(rename = "source.balance")]
    source: Option<i64>,
    #[cql(rename = "target.balance")]
    target: Option<i64>,
}

/// Does the server have transactions? Those before 6.0 have none.
async fn has_transactions(session: &Session) -> bool {
    !release(session).await.starts_with(['3', '4', '5'])
}

#[tokio::test]
async fn transactions_are_refused_before_6_0_and_done_once_or_not_at_all_since() {
    let session = shared().await;
    let there_are = has_transactions(&session).await;
    if !there_are {
        left_out("before 6.0 there are no transactions: only that they are refused was seen");
    }
    refused_without_them(&session, there_are).await;
    close(session).await;
    if there_are {
        transfers_while_a_node_is_silent().await;
    }
}

/// Of a server before them it is no CQL, and later of a table without them no transaction.
async fn refused_without_them(session: &Session, there_are: bool) {
    create(session, "transactions", "t (k int PRIMARY KEY, v int)").await;
    let text =
        "BEGIN TRANSACTION INSERT INTO transactions.t (k, v) VALUES (1, 1); COMMIT TRANSACTION";
    let refused = session.query(text, ()).idempotent(true).await.unwrap_err();
    let expected = if there_are { ErrorCode::Invalid } else { ErrorCode::SyntaxError };
    let ErrorKind::Server { error, .. } = refused.kind() else { panic!("{refused}") };
    assert_eq!(error.code, expected, "{refused}");
    assert_eq!(refused.to_string().contains("take Cassandra 6.0"), !there_are, "{refused}");
    // Whether anything was done by a transaction that is refused is written nowhere.
    assert!(refused.attempts().len() <= 1, "{refused}");
}

async fn open_accounts(session: &Session) {
    let transactional = "WITH transactional_mode = 'full'";
    for text in [
        "CREATE KEYSPACE bank WITH replication = \
         {'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"
            .to_owned(),
        format!("CREATE TABLE bank.accounts (id int PRIMARY KEY, balance bigint) {transactional}"),
        format!("CREATE TABLE bank.transfers (id int PRIMARY KEY, times int) {transactional}"),
    ] {
        session.query(&text, ()).await.unwrap();
    }
    let open = "INSERT INTO bank.accounts (id, balance) VALUES (?, ?)";
    let open = session.prepare(open).await.unwrap();
    for id in 0..ACCOUNTS {
        session.execute(&open, (id, OPENING_BALANCE)).await.unwrap();
    }
    let plan = "INSERT INTO bank.transfers (id, times) VALUES (?, 0)";
    let plan = session.prepare(plan).await.unwrap();
    for id in 0..TELLERS * EACH {
        session.execute(&plan, (id,)).await.unwrap();
    }
}

/// All that there is, and of each transfer how often it was done: key by key, since a range is read only
/// once all that was under way in it is known.
async fn books(session: &Session) -> (i64, Vec<i32>) {
    let balance = "SELECT balance FROM bank.accounts WHERE id = ?";
    let balance = session.prepare(balance).await.unwrap();
    let times = "SELECT times FROM bank.transfers WHERE id = ?";
    let times = session.prepare(times).await.unwrap();
    let mut books = (0, Vec::new());
    for id in 0..ACCOUNTS {
        books.0 += read::<i64>(session, &balance, id).await;
    }
    for id in 0..TELLERS * EACH {
        books.1.push(read::<i32>(session, &times, id).await);
    }
    books
}

/// The only value of the only row, once it can be read.
async fn read<T>(session: &Session, statement: &PreparedStatement, id: i32) -> T
where
    T: for<'r> DecodeValue<'r>,
{
    let begun = Instant::now();
    loop {
        match session.execute(statement, (id,)).await {
            Ok(result) => return result.one_row::<(T,)>().unwrap().0,
            Err(error) => {
                let in_time = begun.elapsed() < 2 * PATIENCE;
                assert!(error.is_retryable() && in_time, "{error}");
            }
        }
    }
}

/// One transfer after the other; gives those that have their result.
async fn transfer(session: &Session, statement: &PreparedStatement, teller: i32) -> Vec<i32> {
    let mut random = fastrand::Rng::with_seed(7 + u64::try_from(teller).unwrap());
    let mut done = Vec::new();
    for id in teller * EACH..(teller + 1) * EACH {
        let (source, away) = (random.i32(0..ACCOUNTS), random.i32(1..ACCOUNTS));
        let target = (source + away) % ACCOUNTS;
        let transfer = Transfer { id, source, target, amount: random.i64(1..20) };
        match session.execute(statement, transfer).await {
            Ok(result) => {
                let found: Found = result.one_row().unwrap();
                assert!(found.source.is_some_and(|balance| balance >= 0), "{found:?}");
                done.push(id);
            }
            // Its outcome is not known here, only that it is done once at most.
            Err(error) => assert!(error.may_have_been_applied(), "transfer {id}: {error}"),
        }
    }
    done
}

async fn transfers_while_a_node_is_silent() {
    let cluster = Cluster::builder().nodes(3).setting("accord", "{enabled: true}").start().await;
    let profile = ExecutionProfile::default().consistency(Consistency::Quorum);
    let profile = profile.timeout(Duration::from_secs(20));
    let session = builder(&cluster).profile(profile).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 6).await;
    open_accounts(&session).await;
    let statement = session.prepare(TRANSFER).await.unwrap();
    // The consistency that is the default here is none of theirs.
    let first = Transfer { id: 0, source: 0, target: 1, amount: 1 };
    let refused = session.execute(&statement, first).consistency(Consistency::LocalQuorum).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("LOCAL_QUORUM") && refused.contains("`consistency`"), "{refused}");

    let tellers = (0..TELLERS).map(|teller| {
        let (session, statement) = (session.clone(), statement.clone());
        tokio::spawn(async move { transfer(&session, &statement, teller).await })
    });
    let tellers: Vec<_> = tellers.collect();
    let some = || session.metrics().requests.ok > 20 + u64::try_from(TELLERS * EACH).unwrap();
    eventually(PATIENCE, "some are done", some).await;
    // A node that is killed is lost for good as of 6.0-alpha2 (its log of votes may not be complete), and
    // what was under way with it keeps its keys.
    cluster.node(3).pause();
    tokio::time::sleep(Duration::from_secs(3)).await;
    cluster.node(3).resume();
    let mut done = Vec::new();
    for teller in tellers {
        done.extend(teller.await.unwrap());
    }
    assert!(!done.is_empty());
    let (total, times) = books(&session).await;
    assert_eq!(total, i64::from(ACCOUNTS) * OPENING_BALANCE, "money was made or lost");
    assert!(times.iter().all(|times| *times <= 1), "twice: {times:?}");
    let lost: Vec<_> =
        done.iter().filter(|id| times[usize::try_from(**id).unwrap()] != 1).collect();
    assert!(lost.is_empty(), "said to be done, and are not: {lost:?}");
    close(session).await;
}
