//! The table of settings is the code's: each setting has its row, in the order of the code, with what
//! it may be and what it is by default; and no row is of a setting that there is not.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use cqlwire::Config;

/// What the rows of the table have.
const COLUMNS: &str = "| setting | by code | unit | allowed | default | why |";

fn page() -> io::Result<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md"))
}

/// The rows of all tables of settings, by their cells.
fn rows(page: &str) -> Vec<Vec<String>> {
    let (mut rows, mut lines) = (Vec::new(), page.lines());
    while lines.any(|line| line == COLUMNS) {
        let table = lines.by_ref().skip(1).take_while(|line| line.starts_with('|'));
        rows.extend(table.map(cells));
    }
    rows
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// What is allowed, in the words of the table, which has the unit in a column of its own.
fn allowed(words: &str) -> String {
    let shorter = [
        ("a time such as 250ms or 10s", "time"),
        ("a time of whole seconds such as 10s or 2m", "time of whole seconds"),
        ("a size such as 64 KiB", "size"),
        ("a whole number, ", ""),
        ("a text that is not empty", "text"),
    ];
    shorter.iter().fold(words.to_owned(), |words, (long, short)| words.replace(long, short))
}

/// What the code says: the first, the fourth and the fifth cell of each row.
fn told() -> Vec<[String; 3]> {
    let in_code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let known = Config::known().into_iter();
    known
        .map(|setting| {
            [in_code(&setting.name), allowed(&setting.allowed), in_code(&setting.default)]
        })
        .collect()
}

#[test]
fn each_setting_has_its_row_and_each_row_its_setting() -> io::Result<()> {
    let rows = rows(&page()?);
    let written = rows.iter().map(|row| [row[0].clone(), row[3].clone(), row[4].clone()]);
    let written: Vec<[String; 3]> = written.collect();
    let told = told();
    let lacking: Vec<_> = told.iter().filter(|row| !written.contains(row)).collect();
    let stale: Vec<_> = written.iter().filter(|row| !told.contains(row)).collect();
    assert!(lacking.is_empty() && stale.is_empty(), "lacking: {lacking:#?}\nstale: {stale:#?}");
    assert_eq!(written, told, "in another order");
    Ok(())
}

#[test]
fn each_row_says_how_it_is_set_in_which_unit_and_why() -> io::Result<()> {
    for row in rows(&page()?) {
        assert_eq!(row.len(), 6, "{row:?}");
        let [name, by_code, unit, allowed, _, why] = row.try_into().unwrap();
        for (cell, what) in [(by_code, "how"), (unit, "unit"), (allowed, "range"), (why, "why")] {
            assert!(!cell.is_empty(), "{name}: no {what}");
        }
    }
    Ok(())
}

/// What is said by code is a method that there is, with a field that there is where one is named.
#[test]
fn what_is_set_by_code_is_there() -> io::Result<()> {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates"))?;
    let mut seen = BTreeSet::new();
    for row in rows(&page()?) {
        let by_code = row[1].trim_matches('`');
        let (method, field) = by_code.split_once(": ").unwrap_or((by_code, ""));
        let method = method.rsplit("::").next().unwrap_or(method);
        let is_method = ['(', '<'].iter().any(|end| sources.contains(&format!("fn {method}{end}")));
        assert!(is_method, "{}: there is no method `{method}`", row[0]);
        for field in field.split('.').filter(|field| !field.is_empty()) {
            let is_field = sources.contains(&format!("pub {field}: "));
            assert!(is_field, "{}: there is no field `{field}`", row[0]);
        }
        seen.insert(method.to_owned());
    }
    assert!(seen.len() > 30, "{seen:?}");
    Ok(())
}

/// The texts of all sources below a folder.
fn sources(folder: &Path) -> io::Result<String> {
    let mut texts = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            texts.push_str(&sources(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            texts.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(texts)
}
