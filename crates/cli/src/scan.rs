//! `scan`: a whole table in parallel, in no order, as lines of CSV or JSON on standard output.

use std::io::Write;
use std::time::Duration;

use cqlwire::Session;

use crate::connect::ConnectionArgs;
use crate::exit::Failure;
use crate::name::Name;
use crate::output::{self, Format, Look, Printer};
use crate::query;

/// Which table.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The table: keyspace.table, or a table of --keyspace
    table: String,
    /// Only these columns, and expressions such as writetime(name) behind them; several with commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Only rows for which this holds, by ALLOW FILTERING: the servers read all of them
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// How rows are written
    #[arg(short, long, value_enum, default_value_t = Lines::Csv)]
    output: Lines,
    /// How many ranges are read at a time
    #[arg(long, value_name = "RANGES", value_parser = clap::value_parser!(u16).range(1..))]
    parallel: Option<u16>,
}

#[derive(Copy, Clone, Debug, clap::ValueEnum)]
enum Lines {
    /// Comma-separated values with a header
    Csv,
    /// An object a line
    Json,
}

/// Reads it.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let session = connection.connect().await?;
    let read = read(&session, args).await;
    session.close(Duration::from_secs(5)).await;
    read
}

async fn read(session: &Session, args: &Args) -> Result<(), Failure> {
    let mut scan = session.scan(&args.table);
    let selected = args.columns.iter().map(|column| column.trim());
    let (selectors, columns): (Vec<_>, Vec<_>) = selected.partition(|column| column.contains('('));
    if !columns.is_empty() {
        let names = columns.into_iter().map(|column| Name::parse(column).map(|name| name.own));
        scan = scan.columns(names.collect::<Result<Vec<_>, _>>()?);
    }
    scan = scan.selectors(selectors);
    if let Some(condition) = &args.condition {
        scan = scan.filtering(condition);
    }
    if let Some(ranges) = args.parallel {
        scan = scan.parallel(ranges.into());
    }
    let format = match args.output {
        Lines::Csv => Format::Csv,
        Lines::Json => Format::Json,
    };
    let (mut out, mut printer) = (output::stdout(), Printer::new(format, Look::of_stdout()));
    let mut pages = scan.pages();
    while let Some(page) = pages.try_next().await? {
        printer.page(&page, &session.schema(), &mut out)?;
        query::warnings(&page).for_each(|warning| output::notice(&warning));
    }
    out.flush()?;
    output::notice(&pages.progress().to_string());
    Ok(())
}
