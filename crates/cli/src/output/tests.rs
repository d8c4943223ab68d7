//! What tables look like, to the character.

use anstyle::Style;
use cqlwire::value::CqlValue;

use super::cell::Cell;
use super::{Look, Table, look, vertical};

fn plain(texts: &[&str]) -> Vec<Cell> {
    texts.iter().map(|text| Cell::new(text, Style::new())).collect()
}

fn drawn(header: &[&str], rows: &[&[&str]], look: Look) -> String {
    let mut out = Vec::new();
    let rows: Vec<_> = rows.iter().map(|row| plain(row)).collect();
    Table::new(plain(header), look).whole(&rows, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_is_as_cqlsh_draws_it() {
    let table = drawn(&["id", "name"], &[&["7", "Ada"], &["10", "x"]], Look::default());
    assert_eq!(table, " id | name\n----+------\n  7 |  Ada\n 10 |    x\n");
}

#[test]
fn what_is_wide_on_a_terminal_counts_as_wide() {
    let table = drawn(&["k", "v"], &[&["漢字", "é"], &["a", "e\u{301}"]], Look::default());
    assert_eq!(table, " k    | v\n------+---\n 漢字 | é\n    a | e\u{301}\n");
}

#[test]
fn what_could_steer_a_terminal_is_spelled_out() {
    let table = drawn(&["v"], &[&["a\nb\u{1b}[2J\u{202e}\u{2066}\\n"]], Look::default());
    assert!(table.contains("a\\nb\\u{1b}[2J\\u{202e}\\u{2066}\\\\n\n"), "{table}");
}

#[test]
fn columns_get_no_narrower_from_page_to_page() {
    let mut table = Table::new(plain(&["v"]), Look::default());
    table.widen(&[plain(&["1234"])]);
    table.widen(&[plain(&["1"])]);
    let mut out = Vec::new();
    table.row(&plain(&["1"]), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "    1\n");
}

#[test]
fn vertically_each_column_has_a_line() {
    let (header, rows) = (plain(&["id", "name"]), [plain(&["7", "Ada"]), plain(&["8", ""])]);
    let mut out = Vec::new();
    vertical::write(&header, &rows, 2, Look::default(), &mut out).unwrap();
    let expected = "\
@ Row 3
------+-----
 id   | 7
 name | Ada

@ Row 4
------+-----
 id   | 8
 name | 

";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn colour_is_there_where_it_is_wanted_and_takes_no_room() {
    let cells = || vec![Cell::of(&CqlValue::Null), Cell::of(&CqlValue::Text("a".into()))];
    let draw = |colour| {
        let mut out = Vec::new();
        let header = vec![Cell::new("k", look::PARTITION_KEY), Cell::new("v", look::REGULAR)];
        Table::new(header, Look { colour, ..Look::default() }).whole(&[cells()], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(draw(false), " k    | v\n------+---\n null | a\n");
    let coloured = draw(true);
    assert!(coloured.contains("\u{1b}[31mnull\u{1b}[0m"), "{coloured:?}");
    assert!(coloured.contains("\u{1b}[33ma\u{1b}[0m"), "{coloured:?}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), draw(false));
}
