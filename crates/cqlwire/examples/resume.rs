//! Stopping in the middle of a result, and going on later: in another process, tomorrow.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use cqlwire::{Position, Result, Session};

const SELECT: &str = "SELECT station, number FROM cqlwire_examples.measurements";

#[tokio::main]
async fn main() -> Result<()> {
    let session = common::connect().await?;
    common::fill(&session).await?;

    let mut position = Position::START;
    let mut part = 0;
    loop {
        part += 1;
        let (rows, next) = read_some(&session, position, 6_000).await?;
        println!("part {part}: {rows} rows");
        match next {
            Some(next) => position = next,
            None => break,
        }
    }
    Ok(())
}

/// Reads so many rows at most, and says where to go on; `None` if there is nothing more.
async fn read_some(
    session: &Session,
    from: Position,
    limit: u64,
) -> Result<(u64, Option<Position>)> {
    let execution = session.query(SELECT, ()).from_position(from).row_limit(limit);
    let mut rows = execution.rows::<(i32, i32)>();
    while rows.try_next().await?.is_some() {}
    Ok((rows.progress().rows, rows.position()))
}
