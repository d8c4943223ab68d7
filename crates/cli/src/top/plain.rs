//! Lines for scripts, and for whoever reads them later: a table each interval, or an object a host.

use std::io::{self, Write};
use std::time::{Instant, SystemTime};

use super::args::{Lines, Plain};
use super::columns::COLUMNS;
use super::rounds::{Rounds, Step};
use super::row::{Order, Row};
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::output::{self, Look, Table};

/// Writes at the end of each round, from the second one on: the first has nothing to be compared with.
pub(super) async fn run(
    mut rounds: Rounds<'_>,
    interrupts: &mut Interrupts,
    plain: Plain,
    order: Order,
) -> Result<(), Failure> {
    let mut out = output::stdout();
    let mut ended = 0_u64;
    loop {
        let step = tokio::select! {
            step = rounds.next() => step,
            exit = interrupts.next() => return Err(Failure::new(exit?, "interrupted")),
        };
        if step != Step::Ended {
            continue;
        }
        ended += 1;
        if ended == 1 {
            continue;
        }
        let mut rows = rounds.board().rows(Instant::now());
        order.sort(&mut rows);
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        match plain.lines {
            Lines::Table => table(&time, &rows, Look::of_stdout(), &mut out)?,
            Lines::Json => json(&time, &rows, &mut out)?,
        }
        out.flush()?;
        if plain.times.is_some_and(|times| ended > times) {
            break;
        }
    }
    match rounds.board().any_answered() {
        true => Ok(()),
        false => Err(Failure::new(Exit::NoHost, "no host answered")),
    }
}

/// A table with all columns, below the time.
fn table(time: &str, rows: &[Row], look: Look, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{time}")?;
    let titles = COLUMNS.map(|column| column.title);
    let texts = |row: &Row| Table::texts(COLUMNS.iter().map(|column| (column.text)(row)));
    let rows: Vec<_> = rows.iter().map(texts).collect();
    Table::of(&titles, look).whole(&rows, out)?;
    writeln!(out)
}

/// A row, and when it was so.
#[derive(serde::Serialize)]
struct Line<'a> {
    time: &'a str,
    #[serde(flatten)]
    row: &'a Row,
}

fn json(time: &str, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, &Line { time, row })?;
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::{row, silent};
    use super::*;

    const TIME: &str = "2026-01-01T00:00:00.000Z";

    fn written(write: impl FnOnce(&[Row], &mut dyn Write) -> io::Result<()>) -> String {
        let rows = [row("10.0.0.1:9042", 12.0), silent("10.0.0.2:9042")];
        let mut out = Vec::new();
        write(&rows, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_all_columns_and_a_row_for_each_host() {
        let table = written(|rows, out| table(TIME, rows, Look::default(), out));
        let lines: Vec<&str> = table.lines().collect();
        let cells =
            |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        assert_eq!((lines.len(), lines[0]), (6, TIME), "{table}");
        assert_eq!(cells(lines[1]), COLUMNS.map(|column| column.title));
        assert_eq!(
            cells(lines[3])[..7],
            ["10.0.0.1:9042", "up", "oslo", "r1", "5.0.9", "7", "12.0"]
        );
        assert_eq!(cells(lines[4])[18], "no answer for 8 s: connection refused");
    }

    #[test]
    fn lines_of_json_say_when_they_were_so() {
        let lines = written(|rows, out| json(TIME, rows, out));
        let hosts: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(hosts.len(), 2);
        assert_eq!((&hosts[0]["time"], &hosts[0]["host"]), (&TIME.into(), &"10.0.0.1:9042".into()));
        assert_eq!(hosts[1]["why"], "connection refused");
    }
}
