//! DESCRIBE: what servers say of the schema, in the layout of cqlsh.
//!
//! Servers look for names in the keyspace of the connection, which is none: names are sent with that of
//! the session.

use std::io::Write;

use cqlwire::cql::{Token, places};
use cqlwire::value::CqlRow;
use cqlwire::{ErrorCode, ErrorKind, Schema};

use super::Shell;
use crate::exit::Failure;
use crate::name::{spelled, written};
use crate::value::write_text;

/// How wide lists of names are.
const WIDTH: usize = 80;

impl Shell {
    /// Asks the servers, which have known the statement since Cassandra 4.0, and shows what they say.
    pub(super) async fn describe(&mut self, text: &str) -> Result<(), Failure> {
        let keyspace = self.session.keyspace();
        let (text, only) = match keyspace.as_deref() {
            Some(keyspace) => within(text, keyspace, &self.session.schema()),
            None => (text.to_owned(), None),
        };
        let mut pages = self.session.query(&text, ()).pages();
        let mut rows = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(unknown)? {
            for row in page.rows::<CqlRow>().map_err(cqlwire::Error::from)? {
                rows.push(Described::of(&row.map_err(cqlwire::Error::from)?));
            }
        }
        rows.retain(|row| {
            only.is_none_or(|only| written(only) == row.keyspace || only == row.keyspace)
        });
        let mut out = String::new();
        let has_cql = rows.iter().any(|row| row.cql.is_some());
        let has_names = rows.iter().any(|row| row.name.is_some());
        match (has_cql, has_names) {
            (true, _) => rows.iter().filter_map(|row| row.cql.as_ref()).for_each(|cql| {
                out.push_str(&format!("\n{}\n", cql.trim_end()));
            }),
            (false, true) => lists(&rows, only, &mut out),
            (false, false) => rows.iter().for_each(|row| out.push_str(&row.facts)),
        }
        self.page();
        Ok(writeln!(self.sink, "{out}")?)
    }
}

/// The statement with the keyspace that its name is in, and which keyspace a list is of.
fn within<'k>(text: &str, keyspace: &'k str, schema: &Schema) -> (String, Option<&'k str>) {
    let words: Vec<_> = places(text).skip(1).collect();
    let upper = |at: usize| match words.get(at) {
        Some((Token::Word(word), _)) => word.to_ascii_uppercase(),
        _ => String::new(),
    };
    // Where the name stands.
    let name = match (upper(0).as_str(), upper(1).as_str()) {
        ("TABLES" | "TYPES" | "FUNCTIONS" | "AGGREGATES", _) => {
            return (text.to_owned(), Some(keyspace));
        }
        ("KEYSPACE", _) if words.len() == 1 => {
            return (format!("{text} {}", written(keyspace)), None);
        }
        ("ONLY", _) if words.len() == 2 => return (format!("{text} {}", written(keyspace)), None),
        ("TABLE" | "COLUMNFAMILY" | "TYPE" | "INDEX" | "FUNCTION" | "AGGREGATE", _) => 1,
        ("MATERIALIZED", "VIEW") => 2,
        ("KEYSPACES" | "KEYSPACE" | "ONLY" | "CLUSTER" | "SCHEMA" | "FULL", _) => {
            return (text.to_owned(), None);
        }
        _ => 0,
    };
    let Some((token, place)) = words.get(name) else { return (text.to_owned(), None) };
    let is_qualified = words.get(name + 1).is_some_and(|(token, _)| *token == Token::Symbol('.'));
    let is_keyspace =
        name == 0 && spelled(*token).is_some_and(|name| schema.keyspace(&name).is_some());
    if is_qualified || is_keyspace {
        return (text.to_owned(), None);
    }
    let (before, behind) = text.split_at(place.start);
    (format!("{before}{}.{behind}", written(keyspace)), None)
}

/// Servers before 4.0 know no DESCRIBE.
fn unknown(error: cqlwire::Error) -> Failure {
    let is_syntax = matches!(error.kind(), ErrorKind::Server { error, .. } if error.code == ErrorCode::SyntaxError);
    match is_syntax {
        true => {
            Failure::refused(format_args!("{error} (servers know DESCRIBE since Cassandra 4.0)"))
        }
        false => error.into(),
    }
}

/// What stands in a row of an answer.
#[derive(Debug, Default)]
struct Described {
    keyspace: String,
    name: Option<String>,
    cql: Option<String>,
    /// All of it, a line for each column.
    facts: String,
}

impl Described {
    fn of(row: &CqlRow) -> Self {
        let mut described = Self::default();
        for (name, value) in &row.0 {
            let mut text = String::new();
            write_text(value, &mut text);
            match name.as_str() {
                "keyspace_name" => described.keyspace = text,
                "name" => described.name = Some(text),
                "create_statement" => described.cql = Some(text),
                name => described.facts.push_str(&format!("{}: {text}\n", capitalised(name))),
            }
        }
        described
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// Names in columns, by their keyspaces; those of one alone without its name.
fn lists(rows: &[Described], only: Option<&str>, out: &mut String) {
    let of_keyspaces = rows.iter().all(|row| row.name.as_ref() == Some(&row.keyspace));
    for group in rows.chunk_by(|one, other| of_keyspaces || one.keyspace == other.keyspace) {
        let Some(first) = group.first() else { continue };
        out.push('\n');
        if !of_keyspaces && only.is_none() {
            let title = format!("Keyspace {}", first.keyspace);
            out.push_str(&format!("{title}\n{:-<width$}\n", "", width = title.chars().count()));
        }
        let names: Vec<_> = group.iter().filter_map(|row| row.name.as_deref()).collect();
        columns(&names, out);
    }
}

/// As many names in a line as there is room for, each line as the one above.
fn columns(names: &[&str], out: &mut String) {
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let in_line = (WIDTH / (widest + 2)).max(1);
    for line in names.chunks(in_line) {
        let padded: Vec<_> = line.iter().map(|name| format!("{name:widest$}")).collect();
        out.push_str(padded.join("  ").trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(keyspace: &str, name: &str) -> Described {
        let name = Some(name.to_owned());
        Described { keyspace: keyspace.to_owned(), name, ..Described::default() }
    }

    #[test]
    fn tables_are_listed_by_their_keyspaces() {
        let rows = [row("shop", "users"), row("shop", "orders"), row("\"Other\"", "t")];
        let mut out = String::new();
        lists(&rows, None, &mut out);
        let expected = "
Keyspace shop
-------------
users   orders

Keyspace \"Other\"
----------------
t
";
        assert_eq!(out, expected);
        out.clear();
        lists(&rows[..2], Some("shop"), &mut out);
        assert_eq!(out, "\nusers   orders\n");
    }

    #[test]
    fn names_are_looked_for_in_the_keyspace_of_the_session() {
        let sent = |text| within(text, "Shop", &Schema::default()).0;
        assert_eq!(sent("DESCRIBE TABLE users"), "DESCRIBE TABLE \"Shop\".users");
        assert_eq!(sent("desc materialized view v"), "desc materialized view \"Shop\".v");
        assert_eq!(sent("DESCRIBE users"), "DESCRIBE \"Shop\".users");
        assert_eq!(sent("DESCRIBE KEYSPACE"), "DESCRIBE KEYSPACE \"Shop\"");
        for same in ["DESCRIBE TYPE a.b", "DESC a.b", "DESCRIBE KEYSPACE a", "DESCRIBE FULL SCHEMA"]
        {
            assert_eq!(sent(same), same);
        }
        assert_eq!(within("DESC TABLES", "Shop", &Schema::default()).1, Some("Shop"));
    }

    #[test]
    fn keyspaces_are_one_list() {
        let mut out = String::new();
        lists(&[row("a", "a"), row("bc", "bc")], None, &mut out);
        assert_eq!(out, "\na   bc\n");
    }

    #[test]
    fn a_list_is_no_wider_than_a_terminal() {
        let names = vec!["a_name_of_some_length"; 10];
        let mut out = String::new();
        columns(&names, &mut out);
        assert!(out.lines().all(|line| line.len() <= WIDTH), "{out}");
        assert_eq!(out.lines().count(), 4);
    }
}
