//! Reading a result of any size: row by row, page by page without copies, and with a limit.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use cqlwire::{Result, Row};

const SELECT: &str = "SELECT station, number, celsius, note FROM cqlwire_examples.measurements";

/// A row of them: columns go to fields by their names.
#[derive(Row)]
struct Measurement {
    celsius: f64,
    station: i32,
}

/// What borrows from its page.
#[derive(Row)]
struct Note<'page> {
    note: &'page str,
}

#[tokio::main]
async fn main() -> Result<()> {
    let session = common::connect().await?;
    common::fill(&session).await?;
    let select = session.prepare(SELECT).await?;

    // Rows that own what they hold.
    let mut rows = session.execute(&select, ()).rows::<Measurement>();
    let mut warmest = Measurement { celsius: f64::MIN, station: 0 };
    while let Some(row) = rows.try_next().await? {
        if row.celsius > warmest.celsius {
            warmest = row;
        }
    }
    let (Measurement { celsius, station }, rows) = (warmest, rows.progress().rows);
    println!("warmest: {celsius} degrees at station {station}, among {rows} rows");

    // Rows that borrow from their page: nothing is allocated for them.
    let mut pages = session.execute(&select, ()).page_size(1_000).pages();
    let mut letters = 0;
    while let Some(page) = pages.try_next().await? {
        for row in page.rows::<Note<'_>>()? {
            letters += row?.note.len();
        }
    }
    println!("the notes have {letters} bytes, on {} pages", pages.progress().pages);

    // All of a result that is known to be small, and an error if it is not. Tuples take the columns
    // by their positions.
    let ten = session.query("SELECT note FROM cqlwire_examples.measurements LIMIT 10", ());
    let notes = ten.rows::<(String,)>().try_collect(10).await?;
    println!("ten of them: {:?}, ...", notes.first());
    Ok(())
}
