//! Migrations of the schema: files of CQL, each applied once, in the order of their numbers.
//!
//! ```text
//! migrate init    makes the keyspace and the journal: once, by one person
//! migrate up      applies what is not applied yet: at each release, by as many as like
//! migrate status  says what is
//! ```
//!
//! `files.rs` reads the files, `journal.rs` keeps what was applied, and `lease.rs` sees to it that one
//! run at a time applies anything. Each statement has to be one that may be executed twice (`IF NOT
//! EXISTS`), since a run may be killed, or hear nothing, between a statement and the journal's line.
//!
//! `CQLWIRE_URL` says where the servers are: `cql://user:password@host1,host2?local_dc=oslo`.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod files;
mod journal;
mod lease;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use cqlwire::{Consistency, ExecutionProfile, SerialConsistency, Session};
use tokio::time::timeout_at;

use crate::files::Migration;
use crate::journal::Journal;
use crate::lease::Lease;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Parser)]
#[command(version, about = "Migrations of the schema")]
struct Arguments {
    /// The keyspace, in lower case
    #[arg(long)]
    keyspace: String,
    /// Where the files are, such as `0001_orders.cql`
    #[arg(long, default_value = "migrations")]
    folder: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the keyspace and the journal
    Init {
        /// As CREATE KEYSPACE has it
        #[arg(
            long,
            default_value = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"
        )]
        replication: String,
    },
    /// Applies what is not applied yet
    Up {
        /// For how many seconds a run that has died keeps others out. A statement and the agreement on
        /// it take no longer
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(2..))]
        lease: u16,
        /// How many seconds to wait for a run that is under way
        #[arg(long, default_value_t = 120)]
        wait: u64,
    },
    /// Says what is applied, and what is not
    Status,
}

#[tokio::main]
async fn main() -> Outcome {
    let Arguments { keyspace, folder, command } = Arguments::parse();
    let url = env::var("CQLWIRE_URL").unwrap_or_else(|_| "cql://127.0.0.1".to_owned());
    // One journal for all data centers: the local consistencies would make it one for each.
    let profile = ExecutionProfile::default()
        .consistency(Consistency::Quorum)
        .serial_consistency(SerialConsistency::Serial)
        .timeout(Duration::from_secs(30));
    let session = Session::builder().profile(profile).url(&url).application_name("migrate");
    let session = session.connect().await?;
    let done = run(&session, &keyspace, &folder, command).await;
    session.close(Duration::from_secs(5)).await;
    done
}

async fn run(session: &Session, keyspace: &str, folder: &Path, command: Command) -> Outcome {
    if let Command::Init { replication } = &command {
        // In Cassandra 4 and 5, two who create the same table at once can make two of it, of which one
        // is lost. The lease that keeps them apart lies in the journal, so nothing does that here.
        let keyspace_text = format!(
            "CREATE KEYSPACE IF NOT EXISTS \"{keyspace}\" WITH replication = {replication}"
        );
        agreed(session, &keyspace_text).await?;
        agreed(&session.with_keyspace(keyspace).await?, journal::TABLE).await?;
        println!("{keyspace} is ready for `migrate up`");
        return Ok(());
    }
    // All statements are in this keyspace, so the files need not name it.
    let session = session.with_keyspace(keyspace).await?;
    let migrations = files::read(folder)?;
    let journal = Journal::prepare(&session).await?;
    if let Command::Up { lease, wait } = command {
        let mut lease = Lease::take(&session, lease, Duration::from_secs(wait)).await?;
        let applied = apply(&session, &journal, &mut lease, &migrations).await;
        // Also after a failure: whoever mends it is not to wait. If this fails, or never comes, because
        // the run was killed, the lease runs out.
        let released = lease.release().await;
        println!("{} applied, {} in all", applied?, migrations.len());
        return released;
    }
    for migration in journal.pending(&migrations).await? {
        println!("not applied: {migration}");
    }
    Ok(())
}

/// Applies what is not applied yet, one statement after the other, each while the lease lasts, and says
/// how many files that were.
async fn apply(
    session: &Session,
    journal: &Journal<'_>,
    lease: &mut Lease<'_>,
    migrations: &[Migration],
) -> Outcome<usize> {
    // Only now does nobody else write it.
    let pending = journal.pending(migrations).await?;
    for migration in &pending {
        for statement in &migration.statements {
            // A whole lease for each. When it has run out, another run may be at work: then this one
            // sends nothing more. A statement of its that is still under way may yet be applied, which is
            // why each has to be one that may be executed twice.
            lease.renew().await?;
            timeout_at(lease.until(), agreed(session, statement))
                .await
                .map_err(|_| format!("{migration}: the lease ran out: {statement}"))?
                .map_err(|error| format!("{migration}: {error}: {statement}"))?;
        }
        // The one thing that must not come late is conditional on the lease, in the same partition.
        journal.record(migration, lease.holder()).await?;
        println!("applied: {migration}");
    }
    Ok(pending.len())
}

/// Executes a statement, and waits until all servers that are up know what it has changed: the next one
/// may go to any of them.
async fn agreed(session: &Session, statement: &str) -> Outcome {
    let result = session.query(statement, ()).await?;
    match result.schema_agreed() {
        Some(false) => Err("the servers do not agree on the schema yet: run it again later".into()),
        // `None`: it has changed nothing, or no schema.
        Some(true) | None => Ok(()),
    }
}
