//! Reading a result of any size: row by row, page by page without copies, and with a limit.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

mod common;

use cqlwire::Result;

const SELECT: &str = "SELECT station, number, celsius, note FROM cqlwire_examples.measurements";

#[tokio::main]
async fn main() -> Result<()> {
    let session = common::connect().await?;
    common::fill(&session).await?;
    let select = session.prepare(SELECT).await?;

    // Rows that own what they hold.
    let mut rows = session.execute(&select, ()).rows::<(i32, i32, f64, String)>();
    let mut warmest = f64::MIN;
    while let Some((_, _, celsius, _)) = rows.try_next().await? {
        warmest = warmest.max(celsius);
    }
    println!("warmest: {warmest} degrees, among {} rows", rows.progress().rows);

    // Rows that borrow from their page: nothing is allocated for them.
    let mut pages = session.execute(&select, ()).page_size(1_000).pages();
    let mut letters = 0;
    while let Some(page) = pages.try_next().await? {
        for row in page.rows::<(i32, i32, f64, &str)>()? {
            letters += row?.3.len();
        }
    }
    println!("the notes have {letters} bytes, on {} pages", pages.progress().pages);

    // All of a result that is known to be small, and an error if it is not.
    let ten = session.query("SELECT note FROM cqlwire_examples.measurements LIMIT 10", ());
    let notes = ten.rows::<(String,)>().try_collect(10).await?;
    println!("ten of them: {:?}, ...", notes.first());
    Ok(())
}
