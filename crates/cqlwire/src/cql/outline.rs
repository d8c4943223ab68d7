//! A statement as it is seen from outside: what it does, to which table, and its text without values.

use std::sync::Arc;

use super::lexer::{Token, places, tokens};
use super::shown::without_values;

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Its text without its values; `BATCH` of a batch.
    pub(crate) text: Arc<str>,
    /// What it does: `SELECT`, `CREATE TABLE`.
    pub(crate) operation: Box<str>,
    /// The table that it is about, as it is written; `None` if that is not said where it usually is.
    pub(crate) table: Option<Box<str>>,
}

impl Outline {
    /// That of this text.
    pub(crate) fn of(text: &str) -> Self {
        Self { text: without_values(text).into(), operation: operation(text), table: table(text) }
    }

    /// That of a batch.
    pub(crate) fn of_batch() -> Self {
        Self { text: "BATCH".into(), operation: "BATCH".into(), table: None }
    }

    /// That of the PREPARE of this text.
    pub(crate) fn of_prepare(text: &str) -> Self {
        Self { operation: "PREPARE".into(), ..Self::of(text) }
    }

    /// What it is called where there is little room: `SELECT shop.users`.
    pub(crate) fn name(&self) -> String {
        match &self.table {
            Some(table) => format!("{} {table}", self.operation),
            None => self.operation.to_string(),
        }
    }
}

fn operation(text: &str) -> Box<str> {
    let mut words = tokens(text).map_while(|token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    });
    let first = words.next().unwrap_or_default();
    let is_of_schema =
        ["CREATE", "ALTER", "DROP"].iter().any(|word| first.eq_ignore_ascii_case(word));
    match words.next().filter(|_| is_of_schema) {
        Some(second) => format!("{first} {second}").into(),
        None => first.into(),
    }
}

/// The name behind FROM, INTO or UPDATE, with that of its keyspace.
fn table(text: &str) -> Option<Box<str>> {
    let mut rest = places(text).skip_while(|(token, _)| !introduces_table(token)).skip(1);
    let is_name = |token: &Token<'_>| matches!(token, Token::Word(_) | Token::Quoted(_));
    let (_, first) = rest.next().filter(|(token, _)| is_name(token))?;
    let end = match (rest.next(), rest.next()) {
        (Some((Token::Symbol('.'), _)), Some((token, second))) if is_name(&token) => second.end,
        _ => first.end,
    };
    text.get(first.start..end).map(|name| name.split_whitespace().collect::<String>().into())
}

fn introduces_table(token: &Token<'_>) -> bool {
    let Token::Word(word) = token else { return false };
    ["FROM", "INTO", "UPDATE"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_says_what_a_statement_does_and_to_which_table() {
        for (text, operation, table) in [
            ("SELECT a, b FROM shop.users WHERE k = 'x'", "SELECT", Some("shop.users")),
            ("select json * from \"Users\"", "select", Some("\"Users\"")),
            ("INSERT INTO /* x */ shop . users (k) VALUES (1)", "INSERT", Some("shop.users")),
            ("UPDATE users USING TTL 5 SET v = 1", "UPDATE", Some("users")),
            ("DELETE v FROM users", "DELETE", Some("users")),
            ("CREATE ROLE x WITH PASSWORD = 'geheim'", "CREATE ROLE", None),
            ("BEGIN BATCH INSERT INTO t (k) VALUES (1) APPLY BATCH", "BEGIN", Some("t")),
            ("SELECT 'FROM x'", "SELECT", None),
            ("", "", None),
        ] {
            let outline = Outline::of(text);
            assert_eq!(
                (&*outline.operation, outline.table.as_deref()),
                (operation, table),
                "{text}"
            );
            assert!(!outline.text.contains("geheim"), "{text}");
        }
        assert_eq!(Outline::of("SELECT * FROM t").name(), "SELECT t");
        assert_eq!(Outline::of_batch().name(), "BATCH");
    }
}
