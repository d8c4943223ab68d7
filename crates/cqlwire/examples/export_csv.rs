//! A table to a file of comma-separated values, with a progress bar:
//! `cargo run --release -p cqlwire --example export_csv -- measurements.csv`
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use indicatif::ProgressBar;

const SELECT: &str = "SELECT station, number, celsius, note FROM cqlwire_examples.measurements";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "measurements.csv".to_owned());
    let session = common::connect().await?;
    common::fill(&session).await?;

    let bar = ProgressBar::new(u64::from(common::ROWS.unsigned_abs()));
    let shown = bar.clone();
    let execution = session.query(SELECT, ()).page_size(1_000);
    let mut pages =
        execution.stream().on_progress(move |progress| shown.set_position(progress.rows)).pages();
    let mut file = BufWriter::new(File::create(&path)?);
    writeln!(file, "station,number,celsius,note")?;
    while let Some(page) = pages.try_next().await? {
        for row in page.rows::<(i32, i32, f64, &str)>()? {
            let (station, number, celsius, note) = row?;
            writeln!(file, "{station},{number},{celsius},\"{}\"", note.replace('"', "\"\""))?;
        }
    }
    file.flush()?;
    bar.finish_and_clear();
    println!("{} rows in {path}", pages.progress().rows);
    Ok(())
}
