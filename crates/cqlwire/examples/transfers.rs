//! Transfers between accounts by transactions of Cassandra 6: many at once, over the same few accounts,
//! and the sum of all of them checked in the end.
//!
//! It needs a server with `accord: {enabled: true}` (6.0-alpha2 was tried), on 127.0.0.1 or at
//! `CQLWIRE_CONTACT_POINTS`; it says so to one that is older.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::time::{Duration, Instant};

use cqlwire::{
    BindValues, Consistency, ErrorCode, ErrorKind, ExecutionProfile, PreparedStatement, Row,
    SerialConsistency, Session,
};

const ACCOUNTS: i32 = 10;
const OPENING_BALANCE: i64 = 1_000;
const TELLERS: i32 = 8;
/// How many transfers each of them makes.
const EACH: i32 = 50;

/// A name stands several times in it, and is bound once.
const TRANSFER: &str = "
    BEGIN TRANSACTION
      LET payer = (SELECT balance FROM cqlwire_bank.accounts WHERE id = :payer);
      LET payee = (SELECT balance FROM cqlwire_bank.accounts WHERE id = :payee);
      SELECT payer.balance, payee.balance;
      IF payer.balance >= :amount AND payee IS NOT NULL THEN
        UPDATE cqlwire_bank.accounts SET balance -= :amount WHERE id = :payer;
        UPDATE cqlwire_bank.accounts SET balance += :amount WHERE id = :payee;
      END IF
    COMMIT TRANSACTION";

#[derive(Copy, Clone, Debug, BindValues)]
struct Transfer {
    payer: i32,
    payee: i32,
    amount: i64,
}

/// What the transaction found before it changed anything.
#[derive(Debug, Row)]
struct Found {
    #[cql(rename = "payer.balance")]
    payer: Option<i64>,
    #[cql(rename = "payee.balance")]
    payee: Option<i64>,
}

/// What became of the transfers of a teller.
#[derive(Copy, Clone, Debug, Default)]
struct Tally {
    done: u32,
    short_of_money: u32,
    /// Their result went lost: they were done, or they were not, and the sum is the same.
    unknown: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Transactions span data centers: the consistencies that are the default are none of theirs.
    let profile = ExecutionProfile::default()
        .consistency(Consistency::Quorum)
        .serial_consistency(SerialConsistency::Serial);
    let session = common::builder().profile(profile).connect().await?;
    if !has_transactions(&session).await? {
        println!("this server has no transactions: they came with Cassandra 6");
        return Ok(());
    }
    open_accounts(&session).await?;
    let statement = session.prepare(TRANSFER).await?;
    let began = Instant::now();
    let tellers = (0..TELLERS).map(|teller| {
        let (session, statement) = (session.clone(), statement.clone());
        tokio::spawn(async move { serve(&session, &statement, teller).await })
    });
    let tellers: Vec<_> = tellers.collect();
    let mut sum = Tally::default();
    for teller in tellers {
        let tally = teller.await??;
        sum.done += tally.done;
        sum.short_of_money += tally.short_of_money;
        sum.unknown += tally.unknown;
    }
    println!("{sum:?} in {:.1?}", began.elapsed());
    let total = total(&session).await?;
    println!("all accounts have {total}");
    session.close(Duration::from_secs(5)).await;
    match total == i64::from(ACCOUNTS) * OPENING_BALANCE {
        true => Ok(()),
        false => Err("money was made or lost".into()),
    }
}

/// A server that does not know the words does not begin anything.
async fn has_transactions(session: &Session) -> cqlwire::Result<bool> {
    let text = "BEGIN TRANSACTION \
                SELECT release_version FROM system.local WHERE key = 'local'; \
                COMMIT TRANSACTION";
    match session.query(text, ()).await {
        Err(error) => match error.kind() {
            ErrorKind::Server { error, .. } => Ok(error.code != ErrorCode::SyntaxError),
            _ => Err(error),
        },
        Ok(_) => Ok(true),
    }
}

async fn open_accounts(session: &Session) -> cqlwire::Result<()> {
    for text in [
        "CREATE KEYSPACE IF NOT EXISTS cqlwire_bank \
         WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 1}",
        "CREATE TABLE IF NOT EXISTS cqlwire_bank.accounts (id int PRIMARY KEY, balance bigint) \
         WITH transactional_mode = 'full'",
    ] {
        session.query(text, ()).await?;
    }
    let open = "INSERT INTO cqlwire_bank.accounts (id, balance) VALUES (?, ?)";
    let open = session.prepare(open).await?;
    for id in 0..ACCOUNTS {
        session.execute(&open, (id, OPENING_BALANCE)).await?;
    }
    Ok(())
}

/// One transfer after the other.
async fn serve(
    session: &Session,
    statement: &PreparedStatement,
    teller: i32,
) -> cqlwire::Result<Tally> {
    let mut tally = Tally::default();
    for number in 0..EACH {
        let payer = (teller + number) % ACCOUNTS;
        let payee = (payer + 1 + number % (ACCOUNTS - 1)) % ACCOUNTS;
        let transfer = Transfer { payer, payee, amount: i64::from(100 + 37 * number % 400) };
        match session.execute(statement, transfer).await {
            Ok(result) => {
                let found: Found = result.one_row()?;
                let had = found.payer.filter(|_| found.payee.is_some()).unwrap_or_default();
                match had >= transfer.amount {
                    true => tally.done += 1,
                    false => tally.short_of_money += 1,
                }
            }
            // Sent again it might be done twice, so it is not.
            Err(error) if error.may_have_been_applied() => tally.unknown += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(tally)
}

/// Account by account, since a range is read only once all that is under way in it is known.
async fn total(session: &Session) -> cqlwire::Result<i64> {
    let balance = "SELECT balance FROM cqlwire_bank.accounts WHERE id = ?";
    let balance = session.prepare(balance).await?;
    let mut total = 0;
    for id in 0..ACCOUNTS {
        total += session.execute(&balance, (id,)).await?.one_row::<(i64,)>()?.0;
    }
    Ok(total)
}
