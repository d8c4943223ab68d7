//! The hot paths that go through the facade and a socket, to a canned node in another process.

use std::net::SocketAddr;

use tokio::runtime::Builder;

use crate::Result;
use crate::client::{Ask, Batch, Client, Cqlwire, Insert, Query, Read};
use crate::work::{KEYS, Work};

/// So many operations, so many of them in flight.
pub(super) fn run(work: Work, in_flight: u32, count: u32, server: SocketAddr) -> Result<()> {
    match work {
        Work::Insert => run_each(Insert, in_flight, count, server),
        Work::Query => run_each(Query, in_flight, count, server),
        Work::Batch => run_each(Batch, in_flight, count, server),
        _ => run_each(Read, in_flight, count, server),
    }
}

fn run_each(ask: impl Ask, in_flight: u32, count: u32, server: SocketAddr) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Cqlwire::connect(server).await?;
        let start = |number: u32| {
            tokio::spawn(ask_so_often(client.clone(), ask, number.into(), count / in_flight))
        };
        let tasks: Vec<_> = (0..in_flight).map(start).collect();
        for task in tasks {
            task.await??;
        }
        Ok(())
    })
}

async fn ask_so_often(client: Cqlwire, ask: impl Ask, first: i64, count: u32) -> Result<()> {
    for turn in 0..count {
        let key = (first + i64::from(turn)) % KEYS;
        ask.ask(&client, key).await?;
    }
    Ok(())
}
