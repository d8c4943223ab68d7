//! `query`: one statement, its values by the types of its bind markers, its rows in one of the formats.

mod input;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use cqlwire::cql::{Token, places};
use cqlwire::value::CqlValue;
use cqlwire::{Page, Pages, Session};
use uuid::Uuid;

use self::input::text;
use self::values::bound;
use crate::connect::ConnectionArgs;
use crate::exit::Failure;
use crate::interruptible;
use crate::output::{self, Format, Look, PagerArgs, Printer, Sink};

/// What to ask.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cqlwire query 'SELECT * FROM shop.users LIMIT 10'
  cqlwire query 'SELECT * FROM shop.users WHERE id = ?' 7 -o json
  cqlwire query 'INSERT INTO shop.users (id, name) VALUES (:id, :name)' -p id=7 -p name=Ada
  cqlwire query -f report.cql -o csv > report.csv")]
pub(crate) struct Args {
    /// The statement in CQL, `-` for standard input
    #[arg(required_unless_present = "file", value_name = "CQL")]
    statement: Option<String>,
    /// The values of its bind markers, in their order; how they are written follows their types
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    values: Vec<String>,
    /// The value of a named bind marker
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = named)]
    #[arg(conflicts_with = "values")]
    params: Vec<(String, String)>,
    /// What stands for null among the values
    #[arg(long, value_name = "TEXT", default_value = "null")]
    null: String,
    /// The statement, from a file
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How rows are written
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// How many rows are asked for at a time
    #[arg(long, value_name = "ROWS", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    page_size: u32,
    /// Stop after so many rows
    #[arg(long, value_name = "ROWS")]
    limit: Option<u64>,
    /// Have servers trace it, and show what they wrote
    #[arg(long)]
    tracing: bool,
    #[command(flatten)]
    pager: PagerArgs,
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Asks, and writes what is answered.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let (statement, values) = text(args)?;
    let session = interruptible(connection.connect()).await?;
    let mut sink = Sink::default();
    sink.page(args.pager.command());
    let answered = interruptible(answer(&session, args, &statement, &values, &mut sink)).await;
    // Ctrl-C ends what is asked; who looks at a pager still does.
    let answered = match sink.end(answered).await {
        Ok(traces) => interruptible(tell_traces(&session, traces)).await,
        Err(failure) => Err(failure),
    };
    session.close(Duration::from_secs(5)).await;
    answered
}

/// Writes the rows, and says what servers have traced of it.
async fn answer(
    session: &Session,
    args: &Args,
    statement: &str,
    values: &[String],
    sink: &mut Sink,
) -> Result<Vec<Uuid>, Failure> {
    let has_values = !values.is_empty() || !args.params.is_empty();
    let bound = match has_values || has_markers(statement) {
        true => bound(&session.prepare(statement).await?, values, &args.params, &args.null)?,
        false => Vec::new(),
    };
    let mut pages = pages(session, args, statement, bound);
    let mut printer = Printer::new(args.output, Look::of_stdout());
    let mut traces = Vec::new();
    while let Some(page) = sink.unless_quit(pages.try_next()).await?? {
        printer.page(&page, &session.schema(), sink)?;
        // Whoever waits for the first rows of many is not to wait for the last.
        sink.show().await?;
        warnings(&page).for_each(|warning| sink.notice(warning));
        traces.extend(page.tracing_id());
    }
    printer.end(sink)?;
    sink.show().await?;
    Ok(traces)
}

async fn tell_traces(session: &Session, traces: Vec<Uuid>) -> Result<(), Failure> {
    for id in traces {
        output::notice_lines(&session.trace(id).await?.to_string());
    }
    Ok(())
}

/// Has it bind markers, by its looks? Then it is told which values are lacking.
fn has_markers(statement: &str) -> bool {
    let mut is_behind_colon = false;
    places(statement).any(|(token, _)| {
        let is_name = matches!(token, Token::Word(_) | Token::Quoted(_));
        let is_marker = token == Token::Symbol('?') || (is_behind_colon && is_name);
        is_behind_colon = token == Token::Symbol(':');
        is_marker
    })
}

fn pages(session: &Session, args: &Args, statement: &str, values: Vec<CqlValue>) -> Pages {
    let execution = session.query(statement, values);
    let execution = execution.page_size(args.page_size).tracing(args.tracing);
    let streaming = execution.stream();
    match args.limit {
        Some(rows) => streaming.row_limit(rows).pages(),
        None => streaming.pages(),
    }
}

/// What the server would have people know.
pub(crate) fn warnings(page: &Page) -> impl Iterator<Item = String> {
    page.warnings().iter().map(|warning| format!("warning: {warning}"))
}
