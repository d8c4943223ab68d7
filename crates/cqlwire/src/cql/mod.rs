//! The words of CQL texts, for tools that take them apart: shells, editors, proxies. What a text means
//! is the server's matter.
//!
//! It is also what the driver itself knows of a statement before a server has read it: which kind it is,
//! whether it is `USE`, and how its bind markers are named; and what of it may be shown.

mod lexer;
mod outline;
mod secrets;
mod shown;

use cqlwire_codec::StatementKind;

use self::lexer::tokens;
pub use self::lexer::{Token, places};
pub(crate) use self::outline::Outline;
pub use self::shown::without_secrets;
pub(crate) use self::shown::{mask_in, without_quoted_values, without_values};

/// Does a secret stand in it, such as the password of a role? By its looks: what stands behind PASSWORD,
/// or behind a name with `password`, `passwd` or `secret` in it. For whoever keeps texts.
///
/// ```
/// assert!(cqlwire::cql::has_secret("CREATE ROLE ada WITH PASSWORD = 'enigma'"));
/// assert!(!cqlwire::cql::has_secret("SELECT * FROM shop.users"));
/// ```
pub fn has_secret(text: &str) -> bool {
    secrets::secrets(text).next().is_some()
}

/// Is it `USE`, which changes the keyspace of the one connection that it goes over?
pub(crate) fn is_use(text: &str) -> bool {
    matches!(tokens(text).next(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("USE"))
}

/// Is it `SELECT`, which changes nothing?
pub(crate) fn is_select(text: &str) -> bool {
    matches!(tokens(text).next(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("SELECT"))
}

/// What a statement does, as far as its words tell. A keyword that may be a name, too, is taken for
/// what is worse.
pub(crate) fn kind(text: &str) -> StatementKind {
    let words = || {
        tokens(text).filter_map(|token| match token {
            Token::Word(word) => Some(word),
            Token::Quoted(_) | Token::Literal | Token::Symbol(_) => None,
        })
    };
    let has = |keyword: &str| words().any(|word| word.eq_ignore_ascii_case(keyword));
    let mut leading = tokens(text);
    let mut word = || match leading.next() {
        Some(Token::Word(word)) => word,
        _ => "",
    };
    let (first, second) = (word(), word());
    let begins = |keywords: &[&str]| keywords.iter().any(|word| first.eq_ignore_ascii_case(word));
    if begins(&["SELECT"]) {
        StatementKind::Read
    } else if begins(&["BEGIN"]) && second.eq_ignore_ascii_case("TRANSACTION") {
        // Of Cassandra 6. It is no batch, though it looks like one: which errors of it say that nothing
        // was done is not written anywhere.
        StatementKind::Unknown
    } else if begins(&["INSERT", "UPDATE", "DELETE", "BEGIN"]) && has("IF") {
        StatementKind::Conditional
    } else if begins(&["BEGIN"]) && !has("UNLOGGED") && !has("COUNTER") {
        StatementKind::LoggedBatch
    } else if begins(&["BEGIN"]) || begins(&["UPDATE", "DELETE"]) && has("IN") {
        // The server writes one partition after the other.
        StatementKind::UnloggedBatch
    } else if begins(&["INSERT", "UPDATE", "DELETE"]) {
        StatementKind::Write
    } else if begins(&["CREATE", "ALTER", "DROP"])
        && !["ROLE", "USER", "IDENTITY"].iter().any(|of| has(of))
    {
        StatementKind::Schema
    } else {
        StatementKind::Unknown
    }
}

/// Has it a bind marker of this name, spelled as the server spells it: in lower case, unless it
/// stands in quotes?
pub(crate) fn has_marker(text: &str, name: &str) -> bool {
    let mut after_colon = false;
    tokens(text).any(|token| {
        let is_marker = std::mem::replace(&mut after_colon, token == Token::Symbol(':'));
        is_marker
            && match token {
                Token::Word(word) => word.to_ascii_lowercase() == name,
                Token::Quoted(quoted) => quoted.replace("\"\"", "\"") == name,
                Token::Literal | Token::Symbol(_) => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_seen_however_it_is_written() {
        for text in [
            "USE shop",
            "use\tshop",
            "/**/USE \"Other\"",
            "USE\"Other\"",
            "-- first\nUse shop",
            "// first\r/* second */ uSe/**/shop;",
        ] {
            assert!(is_use(text), "{text}");
        }
        for text in ["user", "USES x", "\"USE\" x", "'USE'", "SELECT use", "", "-- USE x"] {
            assert!(!is_use(text), "{text}");
        }
    }

    #[test]
    fn a_statement_is_known_by_its_words() {
        for (text, expected) in [
            ("/* INSERT */ select * FROM t", StatementKind::Read),
            ("INSERT INTO t (k, v) VALUES (1, 'IF NOT EXISTS')", StatementKind::Write),
            ("INSERT INTO t (k, \"IF\") VALUES (1, 2)", StatementKind::Write),
            ("INSERT INTO t (k) VALUES (1) IF/**/NOT EXISTS", StatementKind::Conditional),
            ("UPDATE t SET v = 1 WHERE k = 1 if v = 2", StatementKind::Conditional),
            ("DELETE FROM t WHERE k = 1 -- IF EXISTS", StatementKind::Write),
            ("UPDATE t SET v = 1 WHERE k IN (1, 2)", StatementKind::UnloggedBatch),
            ("BEGIN BATCH INSERT INTO t (k) VALUES (1); APPLY BATCH", StatementKind::LoggedBatch),
            (
                "begin unlogged batch DELETE FROM t WHERE k=1; APPLY BATCH",
                StatementKind::UnloggedBatch,
            ),
            (
                "BEGIN BATCH UPDATE t SET v=1 WHERE k=1 IF v=2; APPLY BATCH",
                StatementKind::Conditional,
            ),
            (
                "BEGIN TRANSACTION UPDATE t SET v=1 WHERE k=1; COMMIT TRANSACTION",
                StatementKind::Unknown,
            ),
            (
                "begin/**/transaction LET a = (SELECT * FROM t WHERE k=1); \
                 IF a.v = 2 THEN UPDATE t SET v=1 WHERE k=1; END IF COMMIT TRANSACTION",
                StatementKind::Unknown,
            ),
            ("BEGIN", StatementKind::LoggedBatch),
            // The server's lexer ends a number where it can be no longer.
            ("UPDATE t SET v = 1 WHERE k = 1IF v = 2", StatementKind::Conditional),
            ("UPDATE t SET v = 0xcafeIF EXISTS", StatementKind::Conditional),
            ("UPDATE t SET v = 1 WHERE k=1AND c IN(1, 2)", StatementKind::UnloggedBatch),
            ("DELETE FROM t WHERE k = 1e5if EXISTS", StatementKind::Conditional),
            ("DELETE FROM t WHERE k = 1h30mIF EXISTS", StatementKind::Conditional),
            (
                "DELETE FROM t WHERE k = f0554d6e-29bb-11e5-b345-feff819cdc9fIF EXISTS",
                StatementKind::Conditional,
            ),
            ("UPDATE t SET v = 1 WHERE k = 1.e5IF v = 2", StatementKind::Conditional),
            ("UPDATE t SET v = 1 WHERE k = 1.5E+5IF v = 2", StatementKind::Conditional),
            ("UPDATE t SET v = 1 WHERE k = 1d5.e5IF v = 2", StatementKind::Conditional),
            ("UPDATE t SET v = 1 WHERE k = 1.if v = 2", StatementKind::Conditional),
            ("UPDATE t SET v[1..2] = 1 WHERE k = 1", StatementKind::Write),
            ("ALTER ROLE ada WITH PASSWORD = 'x'", StatementKind::Unknown),
            ("DROP IDENTITY 'x'", StatementKind::Unknown),
            ("CREATE USER ada WITH PASSWORD 'x'", StatementKind::Unknown),
            ("DELETE FROM t WHERE k IN (1, 2)", StatementKind::UnloggedBatch),
            (
                "BEGIN COUNTER BATCH UPDATE t SET n = n + 1 WHERE k = 1; APPLY BATCH",
                StatementKind::UnloggedBatch,
            ),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn a_statement_is_not_taken_for_another_one_for_what_stands_in_it() {
        for (text, expected) in [
            // All that the server passes over, and nothing else, may stand in a transaction's first words.
            ("-- BEGIN BATCH\n\tBEGIN// x\r/* BATCH */TRANSACTION COMMIT", StatementKind::Unknown),
            ("BEGIN\u{a0}TRANSACTION", StatementKind::LoggedBatch),
            ("BEGIN \"TRANSACTION\"", StatementKind::LoggedBatch),
            (
                "BEGIN UNLOGGED BATCH UPDATE t SET transaction = 1 WHERE k = 1; APPLY BATCH",
                StatementKind::UnloggedBatch,
            ),
            ("BEGINTRANSACTION", StatementKind::Unknown),
            ("UPDATE t SET v = $$ IF $$, w = ' IF ' WHERE k = 1 // IF", StatementKind::Write),
            (
                "INSERT INTO t JSON '{\"IF\": 1}' DEFAULT UNSET IF NOT EXISTS",
                StatementKind::Conditional,
            ),
            ("CREATE TABLE IF NOT EXISTS t (k int PRIMARY KEY)", StatementKind::Schema),
            ("GRANT SELECT ON t TO ada", StatementKind::Unknown),
            ("\"SELECT\" * FROM t", StatementKind::Unknown),
            ("(SELECT", StatementKind::Unknown),
            ("\u{feff}SELECT * FROM t", StatementKind::Unknown),
            ("", StatementKind::Unknown),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn bind_markers_are_known_by_their_names() {
        let text = "UPDATE t SET v = :Value, w = {'a' : ':text'} WHERE k = :\"K\"\"y\"";
        assert!(has_marker(text, "value") && has_marker(text, "K\"y"));
        for name in ["Value", "text", "v", "k"] {
            assert!(!has_marker(text, name), "{name}");
        }
    }
}
