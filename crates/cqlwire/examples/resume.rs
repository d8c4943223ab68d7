//! Stopping in the middle of a result, and going on later in another process.
//!
//! Each run reads 6,000 rows and keeps where it stopped in a file; run it again, and it goes on
//! from there. The file is its argument, or `cqlwire-resume.position` among the temporary ones.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cqlwire::{Position, Result, Session};

const SELECT: &str = "SELECT station, number FROM cqlwire_examples.measurements";
const ROWS_A_RUN: u64 = 6_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("cqlwire-resume.position"), PathBuf::from);
    let session = common::connect().await?;
    let position = kept(&file)?;
    if position == Position::START {
        common::fill(&session).await?;
    }
    let (rows, next) = read_some(&session, position).await?;
    match next {
        Some(next) => {
            fs::write(&file, format!("{next}\n"))?;
            println!("{rows} rows; run it again to go on, from {}", file.display());
        }
        None => {
            fs::remove_file(&file).or_else(missing_is_fine)?;
            println!("{rows} rows, and that was the last of them");
        }
    }
    Ok(())
}

/// Where the run before this one stopped.
fn kept(file: &Path) -> Result<Position, Box<dyn Error>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.parse()?),
        Err(error) => missing_is_fine(error).map(|()| Position::START).map_err(Into::into),
    }
}

fn missing_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Reads some rows, and says where to go on; `None` if there is nothing more.
async fn read_some(session: &Session, from: Position) -> Result<(u64, Option<Position>)> {
    let execution = session.query(SELECT, ()).stream().from_position(from).row_limit(ROWS_A_RUN);
    let mut rows = execution.rows::<(i32, i32)>();
    while rows.try_next().await?.is_some() {}
    Ok((rows.progress().rows, rows.position()))
}
