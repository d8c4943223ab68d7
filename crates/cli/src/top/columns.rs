//! Rows as columns of texts, and which of them there is room for.

use unicode_width::UnicodeWidthStr;

use super::rates::Coordinated;
use super::row::Row;

/// How many blanks stand between two columns.
pub(super) const GAP: usize = 2;

/// How wide a note is at least, if there is one: it goes on as far as there is room.
const NOTE: usize = 24;

/// A column of the table.
#[derive(Copy, Clone, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) text: fn(&Row) -> String,
    /// Numbers stand at the right.
    pub(super) is_number: bool,
    /// Where there is no room for all, those of the highest rank are left out first; of rank 0, none.
    rank: u8,
}

const fn text(title: &'static str, rank: u8, text: fn(&Row) -> String) -> Column {
    Column { title, text, is_number: false, rank }
}

const fn number(title: &'static str, rank: u8, text: fn(&Row) -> String) -> Column {
    Column { title, text, is_number: true, rank }
}

/// All of them, in their order.
pub(super) const COLUMNS: [Column; 19] = [
    text("host", 0, |row| row.host.clone()),
    text("state", 0, |row| row.state.name().to_owned()),
    text("dc", 5, |row| row.data_center.clone()),
    text("rack", 6, |row| row.rack.clone()),
    text("version", 7, |row| row.version.clone()),
    number("clients", 3, |row| known(row.clients, |clients| clients.to_string())),
    number("req/s", 1, |row| known(row.requests_per_second, rate)),
    number("share", 2, |row| known(row.share, |share| format!("{:.1}%", share * 100.0))),
    number("reads/s", 8, |row| known(row.reads.as_ref(), |reads| rate(reads.per_second))),
    number("read p50", 5, |row| known(row.reads.as_ref(), p50)),
    number("read p99", 3, |row| known(row.reads.as_ref(), p99)),
    number("writes/s", 8, |row| known(row.writes.as_ref(), |writes| rate(writes.per_second))),
    number("write p50", 5, |row| known(row.writes.as_ref(), p50)),
    number("write p99", 3, |row| known(row.writes.as_ref(), p99)),
    number("pending", 4, |row| known(row.pending, |tasks| tasks.to_string())),
    number("blocked", 6, |row| known(row.blocked, |tasks| tasks.to_string())),
    number("errors", 4, |row| row.errors.to_string()),
    number("answer", 2, |row| known(row.answered_in_ms, millis)),
    text("note", 0, Row::note),
];

/// What is not known is written as nothing.
fn known<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(String::new, write)
}

fn p50(of: &Coordinated) -> String {
    known(of.slowest.as_ref(), |slowest| millis(slowest.p50_ms))
}

fn p99(of: &Coordinated) -> String {
    known(of.slowest.as_ref(), |slowest| millis(slowest.p99_ms))
}

/// `4.5`, `12043`: a digit after the point while it says something.
pub(super) fn rate(per_second: f64) -> String {
    match per_second < 99.95 {
        true => format!("{per_second:.1}"),
        false => format!("{per_second:.0}"),
    }
}

/// `0.42 ms`
fn millis(millis: f64) -> String {
    format!("{millis:.2} ms")
}

/// A column that there is room for.
#[derive(Copy, Clone, Debug)]
pub(super) struct Fitting {
    pub(super) column: Column,
    pub(super) width: usize,
}

/// The columns that fit into so many characters. The last one gets what is left, if it is the note.
pub(super) fn fitting(rows: &[Row], room: usize) -> Vec<Fitting> {
    let has_notes = rows.iter().any(|row| !row.note().is_empty());
    let mut fitting: Vec<Fitting> = COLUMNS.iter().map(|column| fit(*column, rows)).collect();
    fitting.retain(|fitting| has_notes || fitting.column.title != "note");
    while taken(&fitting) > room {
        let last = |(at, fitting): (usize, &Fitting)| (fitting.column.rank, at);
        match fitting.iter().enumerate().map(last).max() {
            Some((rank, at)) if rank > 0 => _ = fitting.remove(at),
            _ => break,
        }
    }
    let left = room.saturating_sub(taken(&fitting));
    if let Some(note) = fitting.last_mut().filter(|last| last.column.title == "note") {
        note.width += left;
    }
    fitting
}

fn fit(column: Column, rows: &[Row]) -> Fitting {
    let widths = rows.iter().map(|row| (column.text)(row).width());
    let widest = widths.max().unwrap_or(0).max(column.title.width());
    let width = if column.title == "note" { NOTE } else { widest };
    Fitting { column, width }
}

fn taken(fitting: &[Fitting]) -> usize {
    let gaps = fitting.len().saturating_sub(1) * GAP;
    fitting.iter().map(|fitting| fitting.width).sum::<usize>() + gaps
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::{row, silent};
    use super::*;

    fn titles(rows: &[Row], room: usize) -> Vec<&'static str> {
        fitting(rows, room).iter().map(|fitting| fitting.column.title).collect()
    }

    #[test]
    fn what_matters_least_is_left_out_where_there_is_no_room() {
        let rows = [row("10.0.0.1:9042", 1_234.5)];
        let all: Vec<_> = COLUMNS.iter().map(|column| column.title).collect();
        assert_eq!(titles(&rows, 500), all[..all.len() - 1], "nobody has a note");
        let narrow =
            ["host", "state", "clients", "req/s", "share", "read p99", "write p99", "answer"];
        assert_eq!(titles(&rows, 80), narrow);
        assert_eq!(titles(&rows, 5), ["host", "state"]);
        for room in 20..200 {
            assert!(taken(&fitting(&rows, room)) <= room, "{room}");
        }
    }

    #[test]
    fn a_note_goes_on_as_far_as_there_is_room() {
        let rows = [row("10.0.0.1:9042", 1.0), silent("10.0.0.2:9042")];
        let fitted = fitting(&rows, 500);
        let note = fitted.last().unwrap();
        assert_eq!(note.column.title, "note");
        assert_eq!(taken(&fitted), 500);
        assert_eq!((note.column.text)(&rows[1]), "no answer for 8 s: connection refused");
        assert_eq!(titles(&rows, 61), ["host", "state", "req/s", "share", "note"]);
    }

    #[test]
    fn numbers_are_written_short_and_what_is_not_known_not_at_all() {
        let texts = |row: &Row| COLUMNS.map(|column| (column.text)(row));
        let written = texts(&row("a", 12.34));
        assert_eq!(written[5..9], ["7", "12.3", "50.0%", "80.0"]);
        assert_eq!(written[9..14], ["0.50 ms", "12.25 ms", "0.0", "", ""]);
        assert_eq!(texts(&silent("a"))[5..18].join(""), "4");
        assert_eq!([99.94, 99.96, 120_431.0].map(rate), ["99.9", "100", "120431"]);
    }
}
