//! The hot paths that go through the facade and a socket, to a canned node in another process.

use std::net::SocketAddr;

use tokio::runtime::Builder;

use crate::Result;
use crate::client::{Client, Cqlwire};
use crate::work::{KEYS, Work};

/// So many operations, so many of them in flight.
pub(super) fn run(work: Work, in_flight: u32, count: u32, server: SocketAddr) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Cqlwire::connect(server).await?;
        let start = |number: u32| {
            tokio::spawn(ask(client.clone(), work, i64::from(number), count / in_flight))
        };
        let tasks: Vec<_> = (0..in_flight).map(start).collect();
        for task in tasks {
            task.await??;
        }
        Ok(())
    })
}

async fn ask(client: Cqlwire, work: Work, first: i64, count: u32) -> Result<()> {
    for turn in 0..count {
        let key = (first + i64::from(turn)) % KEYS;
        client.ask(work, key).await?;
    }
    Ok(())
}
