//! The files of a folder, as migrations: `0001_orders.cql` is the first one.

use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cqlwire::cql::{Token, places};
use ring::digest::{SHA256, digest};

use crate::Outcome;

/// One file.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i32,
    pub(crate) name: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub(crate) checksum: String,
    pub(crate) statements: Vec<String>,
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// All of a folder, in the order of their numbers.
pub(crate) fn read(folder: &Path) -> Outcome<Vec<Migration>> {
    let mut migrations = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.ends_with(".cql") {
            continue;
        }
        let number = name.split_once('_').and_then(|(number, _)| number.parse().ok());
        let version = number.ok_or_else(|| format!("{name}: is none of `0001_name.cql`"))?;
        let text = fs::read_to_string(&path)?;
        let checksum = hexadecimal(digest(&SHA256, text.as_bytes()).as_ref());
        let statements = statements(&text);
        migrations.push(Migration { version, name: name.to_owned(), checksum, statements });
    }
    migrations.sort_by_key(|migration| migration.version);
    match migrations.windows(2).find(|pair| pair[0].version == pair[1].version) {
        Some(pair) => Err(format!("{} and {} have one number", pair[0], pair[1]).into()),
        None => Ok(migrations),
    }
}

/// What stands between semicolons, where these are none of a text, a name or a comment.
fn statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut begin = None;
    for (token, place) in places(text) {
        match (token, begin) {
            (Token::Symbol(';'), Some(from)) => {
                statements.push(text[from..place.start].trim_end().to_owned());
                begin = None;
            }
            (Token::Symbol(';'), None) => {}
            // Comments are no tokens, so one before a statement is left behind.
            (_, from) => begin = Some(from.unwrap_or(place.start)),
        }
    }
    statements.extend(begin.map(|from| text[from..].trim_end().to_owned()));
    statements
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes whatever is written to it.
        let _always = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_that_are_none_of_a_text() {
        let text = "-- a; b\nINSERT INTO t (k) VALUES ('a;b');\n;\nDROP TABLE \"a;b\" /* ; */\n";
        let expected = ["INSERT INTO t (k) VALUES ('a;b')", "DROP TABLE \"a;b\" /* ; */"];
        assert_eq!(statements(text), expected);
    }
}
