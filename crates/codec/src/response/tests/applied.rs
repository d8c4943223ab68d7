//! What an error says about the request: the tables of `docs/server-errors.md`, row by row.

use super::*;
use crate::{Applied, Consistency, StatementKind};

const PAGE: &str = include_str!("../../../../../docs/server-errors.md");

/// The rows below the table with this first row, each as its cells.
fn table(first: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let below = PAGE.lines().skip_while(move |line| *line != first).skip(2);
    below
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// The first row of the table of codes, and the kinds of each of its columns.
const FIRST: &str = "| code | error | read | write, logged batch | unlogged batch, conditional \
                     | schema | unknown | another host |";
const COLUMNS: [&[StatementKind]; 5] = {
    use StatementKind::*;
    [&[Read], &[Write, LoggedBatch], &[UnloggedBatch, Conditional], &[Schema], &[Unknown]]
};

/// The errors of this cell: one, or those of codes that nobody knows.
fn codes(cell: &str) -> Vec<ErrorCode> {
    match cell.strip_prefix("0x") {
        Some(digits) => vec![ErrorCode::from_code(i32::from_str_radix(digits, 16).unwrap())],
        None => [-1, 1, 0x1800, 0x4321, 0x8000, i32::MIN].map(ErrorCode::from_code).to_vec(),
    }
}

fn applied(cell: &str) -> Applied {
    match cell {
        "no" => Applied::No,
        "maybe" => Applied::Maybe,
        other => panic!("neither no nor maybe: {other:?}"),
    }
}

#[test]
fn g4_5_an_error_says_of_each_kind_of_statement_what_the_page_says() {
    let mut rows = 0;
    for cells in table(FIRST) {
        for code in codes(cells[0]) {
            let error = ServerError::new(code, "no");
            for (cell, kinds) in cells[2..7].iter().zip(COLUMNS) {
                for kind in kinds {
                    assert_eq!(error.applied(*kind), applied(cell), "{} of {kind:?}", cells[1]);
                    let maybe = error.applied(*kind) == Applied::Maybe;
                    assert_eq!(error.may_have_been_applied(*kind), maybe);
                }
            }
            let elsewhere = if error.another_host_may_succeed() { "yes" } else { "no" };
            assert_eq!(elsewhere, cells[7], "{}", cells[1]);
        }
        rows += 1;
    }
    assert_eq!(rows, 21, "a row for each code, and one for all others");
}

#[test]
fn the_page_has_every_code_that_is_known_here_under_its_name() {
    let rows = table(FIRST).filter(|cells| cells[0] != "other");
    let named: Vec<_> = rows.map(|cells| (codes(cells[0])[0], cells[1])).collect();
    assert_eq!(named.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ErrorCode::KNOWN);
    for (code, name) in named {
        assert_eq!(code.to_string().replace(' ', "_").to_uppercase(), name);
        let mut headings = PAGE.lines().filter(|line| line.starts_with("**"));
        assert!(headings.any(|line| line.contains(name)), "{name} has no reason");
    }
}

#[test]
fn g4_5_no_write_type_says_that_nothing_was_applied() {
    let replicas = Replicas { consistency: Consistency::Quorum, received: 0, required: 2 };
    let mut rows = 0;
    for cells in table("| write type | applied | why |") {
        let write_type = WriteType::from(cells[0]);
        let other = matches!(write_type, WriteType::Other(_));
        assert_eq!(other, cells[0] == "any other", "{write_type:?}");
        let mut error = ServerError::new(ErrorCode::WriteTimeout, "late");
        error.detail = ServerErrorDetail::WriteTimeout { replicas, write_type, contentions: None };
        for kind in COLUMNS[1..].iter().copied().flatten() {
            assert_eq!(error.applied(*kind), applied(cells[1]), "{}", cells[0]);
        }
        rows += 1;
    }
    assert_eq!(rows, 9, "the eight types of the protocol, and any other");
}

#[test]
fn who_does_not_know_the_kind_gets_no_better_word() {
    for cells in table(FIRST) {
        for code in codes(cells[0]) {
            let from_write_on = [COLUMNS[1][0], COLUMNS[2][0], StatementKind::Unknown];
            for pair in from_write_on.windows(2) {
                let promised = code.applied(pair[1]) == Applied::No;
                assert!(!promised || code.applied(pair[0]) == Applied::No, "{code}: {pair:?}");
            }
            let promised = code.applied(StatementKind::Unknown) == Applied::No;
            assert!(!promised || code.applied(StatementKind::Schema) == Applied::No, "{code}");
        }
    }
}

#[test]
fn a_read_that_met_the_same_limit_everywhere_is_not_for_another_host() {
    let replicas = Replicas { consistency: Consistency::One, received: 0, required: 1 };
    let elsewhere = |reasons: &[u16]| {
        let reasons = reasons.iter().map(|reason| ([10, 0, 0, 1].into(), *reason)).collect();
        let failures = Failures { count: 1, reasons };
        let mut error = ServerError::new(ErrorCode::ReadFailure, "failed");
        error.detail = ServerErrorDetail::ReadFailure { replicas, failures, data_present: false };
        error.another_host_may_succeed()
    };
    assert!(elsewhere(&[]), "v4 gives no reasons");
    assert!(elsewhere(&[0]) && elsewhere(&[3]) && elsewhere(&[1, 0]));
    assert!(!elsewhere(&[1]) && !elsewhere(&[4, 7]) && !elsewhere(&[1, 1]));
}
