//! What a line may go on with: keywords, and the names of the schema where they may stand.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cqlwire::cql::{Token, places};
use cqlwire::{Schema, Session};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::connect::{CONSISTENCIES, SERIAL_CONSISTENCIES};
use crate::name::{spelled, written};

/// How long the schema is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// What begins a statement.
const FIRST: [&str; 32] = [
    "ALTER",
    "APPLY",
    "BEGIN",
    "CAPTURE",
    "CLEAR",
    "CONSISTENCY",
    "CREATE",
    "DELETE",
    "DESCRIBE",
    "DROP",
    "EXIT",
    "EXPAND",
    "GRANT",
    "HELP",
    "INSERT",
    "LIST",
    "LOGIN",
    "PAGING",
    "QUIT",
    "REVOKE",
    "SELECT",
    "SERIAL",
    "SHOW",
    "SOURCE",
    "TRACING",
    "TRUNCATE",
    "UPDATE",
    "USE",
    "ADD",
    "COMMIT",
    "LET",
    "DESC",
];

/// What stands within one.
const WITHIN: [&str; 66] = [
    "AGGREGATE",
    "ALL",
    "ALLOW",
    "AND",
    "AS",
    "ASC",
    "BATCH",
    "BY",
    "CALLED",
    "CLUSTER",
    "CLUSTERING",
    "COMPACT",
    "CONTAINS",
    "COUNT",
    "COUNTER",
    "CUSTOM",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "EXISTS",
    "FILTERING",
    "FROM",
    "FROZEN",
    "FULL",
    "FUNCTION",
    "GROUP",
    "IF",
    "IN",
    "INDEX",
    "INTO",
    "IS",
    "JSON",
    "KEY",
    "KEYSPACE",
    "KEYSPACES",
    "LANGUAGE",
    "LIKE",
    "LIMIT",
    "LIST",
    "MATERIALIZED",
    "NOT",
    "NULL",
    "ON",
    "OPTIONS",
    "ORDER",
    "PARTITION",
    "PER",
    "PRIMARY",
    "RENAME",
    "REPLICATION",
    "RETURNS",
    "ROLE",
    "SCHEMA",
    "SET",
    "STATIC",
    "TABLE",
    "TABLES",
    "TIMESTAMP",
    "TOKEN",
    "TRANSACTION",
    "TTL",
    "TYPE",
    "UNLOGGED",
    "USING",
    "VALUES",
];

/// Some more of them, which people type less of.
const MORE: [&str; 5] = ["VIEW", "WHERE", "WITH", "WRITETIME", "TYPES"];

/// Words behind which a table is named.
const TABLE: [&str; 9] =
    ["FROM", "INTO", "UPDATE", "TABLE", "TRUNCATE", "DESCRIBE", "DESC", "ON", "VIEW"];

/// What completes the lines of a session.
pub(super) struct Completion {
    session: Session,
    /// What has come of the statement before this line.
    before: String,
}

impl Completion {
    pub(super) const fn new(session: Session) -> Self {
        Self { session, before: String::new() }
    }

    /// Just after connecting it is being read: whoever wants to complete something waits a moment for it.
    fn schema(&self) -> Arc<Schema> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let schema = self.session.schema();
            if schema.keyspaces().next().is_some() || Instant::now() > give_up {
                return schema;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// From now on by this session, behind this.
    pub(super) fn look_at(&mut self, before: &str, session: &Session) {
        self.before = before.to_owned();
        self.session = session.clone();
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (typed, rest) = line.split_at_checked(at).unwrap_or((line, ""));
        let before = format!("{}\n{typed}", self.before);
        let keyspace = self.session.keyspace();
        let schema = self.schema();
        let found = Found::of(&before, rest, keyspace.as_deref(), &schema);
        let start = at.saturating_sub(found.typed);
        let pair = |text: String| Pair { display: text.trim_end().to_owned(), replacement: text };
        Ok((start, found.candidates.into_iter().map(pair).collect()))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}

/// What may stand where the cursor is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// How many bytes of it have been typed.
    typed: usize,
    candidates: Vec<String>,
}

impl Found {
    /// Behind this text, and before that one.
    fn of(before: &str, after: &str, keyspace: Option<&str>, schema: &Schema) -> Self {
        let partial = partial(before);
        let whole = before.strip_suffix(partial).unwrap_or(before);
        if is_in_quotes(before, partial) {
            return Self::default();
        }
        let names = Names { keyspace, schema };
        let statement = last_statement(whole);
        let words: Vec<Token<'_>> = places(statement).map(|(token, _)| token).collect();
        let upper: Vec<String> = words.iter().map(|token| upper(*token)).collect();
        let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
        let candidates = match (upper.as_slice(), words.as_slice()) {
            ([], _) => keywords(&FIRST, partial),
            ([.., "."], [.., of, Token::Symbol('.')]) => match spelled(*of) {
                Some(keyspace) => names.tables(&keyspace),
                None => Vec::new(),
            },
            ([.., "USE" | "KEYSPACE"], _) => names.keyspaces(""),
            (["CONSISTENCY"], _) => levels(&CONSISTENCIES),
            (["SERIAL"], _) => vec!["CONSISTENCY ".to_owned()],
            (["SERIAL", "CONSISTENCY"], _) => levels(&SERIAL_CONSISTENCIES),
            (["TRACING" | "EXPAND" | "PAGING"], _) => ["ON", "OFF"].map(ToOwned::to_owned).to_vec(),
            (["SHOW"], _) => ["VERSION", "HOST", "SESSION "].map(ToOwned::to_owned).to_vec(),
            ([.., last], _) if TABLE.contains(last) => {
                let mut found = names.own_tables();
                found.extend(names.keyspaces("."));
                if matches!(*last, "DESCRIBE" | "DESC") {
                    let of = [
                        "KEYSPACES",
                        "KEYSPACE ",
                        "TABLES",
                        "TABLE ",
                        "TYPE ",
                        "TYPES",
                        "CLUSTER",
                        "SCHEMA",
                    ];
                    found.extend(of.map(ToOwned::to_owned));
                }
                found
            }
            _ => {
                let mut found = names.columns(&format!("{statement} x {after}"));
                found.extend(keywords(&WITHIN, partial));
                found.extend(keywords(&MORE, partial));
                found
            }
        };
        Self { typed: partial.len(), candidates: beginning_with(partial, candidates) }
    }
}

/// The names of the schema.
#[derive(Copy, Clone, Debug)]
struct Names<'a> {
    keyspace: Option<&'a str>,
    schema: &'a Schema,
}

impl Names<'_> {
    fn keyspaces(&self, behind: &str) -> Vec<String> {
        let all = self.schema.keyspaces();
        all.map(|keyspace| format!("{}{behind}", written(keyspace.name()))).collect()
    }

    /// Tables, views and types of a keyspace.
    fn tables(&self, keyspace: &str) -> Vec<String> {
        let Some(keyspace) = self.schema.keyspace(keyspace) else { return Vec::new() };
        let tables = keyspace
            .tables()
            .chain(keyspace.views())
            .map(|table| written(table.name()).into_owned());
        tables.chain(keyspace.user_types().map(|own| written(&own.name).into_owned())).collect()
    }

    fn own_tables(&self) -> Vec<String> {
        self.keyspace.map_or_else(Vec::new, |keyspace| self.tables(keyspace))
    }

    /// The columns of the table that is named anywhere in the statement.
    fn columns(&self, statement: &str) -> Vec<String> {
        let tokens: Vec<Token<'_>> = places(statement).map(|(token, _)| token).collect();
        let names = ["FROM", "INTO", "UPDATE"];
        let at = tokens.iter().position(|token| names.contains(&upper(*token).as_str()));
        let behind = at.and_then(|at| tokens.get(at + 1..)).unwrap_or_default();
        let table = match behind {
            [keyspace, Token::Symbol('.'), table, ..] => spelled(*keyspace).zip(spelled(*table)),
            [table, ..] => self.keyspace.map(ToOwned::to_owned).zip(spelled(*table)),
            [] => None,
        };
        let table = table.and_then(|(keyspace, table)| self.schema.table(&keyspace, &table));
        table.map_or_else(Vec::new, |table| {
            table.columns().iter().map(|column| written(&column.name).into_owned()).collect()
        })
    }
}

/// The word that the cursor stands behind, as far as it has been typed.
fn partial(before: &str) -> &str {
    let in_words = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let start = before.rfind(|c| !in_words(c));
    let start = start.map_or(0, |at| {
        at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    before.get(start..).unwrap_or_default()
}

/// Is the cursor in a text, or in a comment? A name in double quotes may be completed.
fn is_in_quotes(before: &str, partial: &str) -> bool {
    let marked = format!("{before}\u{1}");
    let end = marked.len() - 1;
    let last = places(&marked).last();
    match last {
        // What was put behind it is a token of its own, but within a comment, a text or a name.
        Some((Token::Symbol('\u{1}'), _)) => false,
        Some((Token::Quoted(_), place)) => place.end < end || !partial.contains('"'),
        _ => true,
    }
}

fn last_statement(text: &str) -> &str {
    let ends = places(text).filter(|(token, _)| *token == Token::Symbol(';'));
    let start = ends.last().map_or(0, |(_, place)| place.end);
    text.get(start..).unwrap_or_default()
}

fn upper(token: Token<'_>) -> String {
    match token {
        Token::Word(word) => word.to_ascii_uppercase(),
        Token::Symbol(symbol) => symbol.to_string(),
        Token::Quoted(_) | Token::Literal => String::new(),
    }
}

/// In the case of what has been typed, with a blank behind.
fn keywords(known: &[&str], partial: &str) -> Vec<String> {
    let is_lower = partial.chars().any(char::is_lowercase);
    let cased = |word: &&str| if is_lower { word.to_ascii_lowercase() } else { (*word).to_owned() };
    known.iter().map(|word| format!("{} ", cased(word))).collect()
}

fn levels<T: ToString>(known: &[T]) -> Vec<String> {
    known.iter().map(ToString::to_string).collect()
}

fn beginning_with(partial: &str, mut candidates: Vec<String>) -> Vec<String> {
    let begins = |candidate: &String| {
        let head = candidate.get(..partial.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(partial))
    };
    candidates.retain(begins);
    candidates.sort();
    candidates.dedup();
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(before: &str) -> Vec<String> {
        Found::of(before, "", None, &Schema::default()).candidates
    }

    #[test]
    fn a_statement_begins_with_a_keyword_in_the_case_that_is_typed() {
        assert_eq!(found("SEL"), ["SELECT "]);
        assert_eq!(found("sel"), ["select "]);
        assert_eq!(found("SELECT 1; ins"), ["insert "]);
        assert_eq!(found("SELECT * FROM t WHE"), ["WHERE "]);
    }

    #[test]
    fn commands_of_the_shell_go_on_with_what_they_take() {
        assert_eq!(found("CONSISTENCY EA"), ["EACH_QUORUM"]);
        assert_eq!(found("SERIAL CONSISTENCY S"), ["SERIAL"]);
        assert_eq!(found("tracing o"), ["OFF", "ON"]);
        assert_eq!(found("DESCRIBE TABL"), ["TABLE ", "TABLES"]);
    }

    #[test]
    fn nothing_is_completed_in_texts_and_comments() {
        for before in ["SELECT 'sel", "SELECT $$ sel", "-- sel", "/* sel", "SELECT 'a' -- sel"] {
            assert_eq!(found(before), [""; 0], "{before}");
        }
        assert_eq!(found("-- a comment\nsel"), ["select "]);
    }

    #[test]
    fn the_word_behind_the_cursor_is_what_is_completed() {
        assert_eq!(partial("SELECT na"), "na");
        assert_eq!(partial("shop.\"Us"), "\"Us");
        assert_eq!(partial("é.x"), "x");
        assert_eq!(partial("SELECT "), "");
    }
}
