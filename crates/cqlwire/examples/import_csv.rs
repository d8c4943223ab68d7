//! A file of comma-separated values, as `export_csv` writes it, into a table. The rows that fail go
//! to a file of their own, so that they can be loaded once more:
//! `cargo run --release -p cqlwire --example import_csv -- measurements.csv`
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use indicatif::ProgressBar;

const INSERT: &str = "INSERT INTO cqlwire_examples.measurements \
     (station, number, celsius, note) VALUES (?, ?, ?, ?)";

type Failure = Box<dyn Error + Send + Sync>;
type Measurement = (i32, i32, f64, String);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "measurements.csv".to_owned());
    let session = common::connect().await?;
    common::fill(&session).await?;

    // A line that is none ends the load: what was read before it is written.
    let mut broken = None;
    let lines = BufReader::new(File::open(&path)?).lines().skip(1);
    let mut rows = lines.map(|line| measurement(&line?)).map_while(|row| match row {
        Ok(row) => Some(row),
        Err(error) => {
            broken = Some(error);
            None
        }
    });

    // The same row twice is the row once.
    let mut load = session.insert_all(INSERT, &mut rows).idempotent(true).max_failures(1_000);
    let bar = ProgressBar::new_spinner();
    let watch = load.watch();
    let (shown, mut failed) = (bar.clone(), BufWriter::new(File::create("failed.csv")?));
    let shows = tokio::spawn(async move {
        while !watch.progress().is_over {
            shown.set_message(watch.progress().to_string());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    while let Some(failure) = load.next_failure().await? {
        let (station, number, celsius, note) = failure.row;
        writeln!(failed, "{station},{number},{celsius},\"{note}\"")?;
        bar.println(format!("line {}: {}", failure.number + 1, failure.error));
    }
    failed.flush()?;
    shows.await?;
    bar.finish_and_clear();
    println!("{}", load.progress());
    drop(load);
    drop(rows);
    broken.map_or(Ok(()), Err)
}

/// `station,number,celsius,"note"`
fn measurement(line: &str) -> Result<Measurement, Failure> {
    let fields: Vec<&str> = line.splitn(4, ',').collect();
    let &[station, number, celsius, note] = &fields[..] else {
        return Err(format!("four fields are wanted: {line}").into());
    };
    let note = note.trim_matches('"').replace("\"\"", "\"");
    Ok((station.parse()?, number.parse()?, celsius.parse()?, note))
}
