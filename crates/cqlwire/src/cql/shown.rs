//! What is shown of statements: in logs, traces, errors and `Debug`. What stands behind PASSWORD in a
//! text is shown nowhere, and logs and traces show no values at all.

use std::borrow::Cow;
use std::ops::Range;

use super::lexer::{Token, places, unquoted};
use super::secrets::{marked, secrets};

/// What stands for a secret.
const MASK: &str = "'***'";

/// How many bytes of a statement are shown in a log or a trace.
const MOST_SHOWN: usize = 1_000;

/// The text for logs and traces: in one line, each literal as `?`, without its comments.
pub(crate) fn without_values(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MOST_SHOWN));
    let mut end = 0;
    for (token, place, is_secret) in marked(text) {
        if shown.len() > MOST_SHOWN {
            shown.push('…');
            break;
        }
        if place.start > end && !shown.is_empty() {
            shown.push(' ');
        }
        end = place.end;
        match token {
            Token::Literal => shown.push('?'),
            _ if is_secret => shown.push('?'),
            // A quote that is not closed makes all that follows a name.
            _ => shown.extend(slice(text, place).chars().take(MOST_SHOWN + 1).map(printable)),
        }
    }
    shown
}

/// The text for whoever wrote it, with what stands behind PASSWORD masked, as
/// [`has_secret`](super::has_secret) finds it.
///
/// ```
/// let shown = cqlwire::cql::without_secrets("CREATE ROLE ada WITH PASSWORD = 'enigma'");
/// assert_eq!(shown, "CREATE ROLE ada WITH PASSWORD = '***'");
/// ```
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut end = 0;
    for place in secrets(text) {
        shown.push_str(slice(text, end..place.start));
        shown.push_str(MASK);
        end = place.end;
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(slice(text, end..text.len()));
    Cow::Owned(shown)
}

/// Masks in what a server says of this statement what stands behind PASSWORD in it: where it does not
/// understand a text it quotes the words around.
pub(crate) fn mask_in(said: &mut String, text: &str) {
    for place in secrets(text) {
        let quoted = slice(text, place);
        let secret = unquoted(quoted);
        *said = without_quotations(said, quoted);
        if !secret.is_empty() && said.contains(&*secret) {
            *said = said.replace(&*secret, "***");
        }
    }
}

/// What is said with each quotation of this masked.
fn without_quotations(said: &str, quoted: &str) -> String {
    let mut masked = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(first) = rest.chars().next() {
        let length = match quotation(rest, quoted) {
            Some(length) => {
                masked.push_str(MASK);
                length
            }
            None => {
                masked.push(first);
                first.len_utf8()
            }
        };
        rest = slice(rest, length..rest.len());
    }
    masked
}

/// How many bytes at the beginning of what is said quote this. A server leaves out the ends of lines;
/// and as it counts texts without their quotes (`ErrorCollector.getLength`), it cuts one off before its
/// end where a quotation ends with it, and puts there the bracket that is to stand behind it.
fn quotation(said: &str, quoted: &str) -> Option<usize> {
    let mut wanted = quoted.chars().peekable();
    let (mut matched, mut end) = (0, 0);
    for (at, character) in said.char_indices() {
        while character != '\n' && wanted.next_if_eq(&'\n').is_some() {}
        match wanted.peek() {
            Some(next) if *next == character => {
                wanted.next();
                (matched, end) = (matched + 1, at + character.len_utf8());
            }
            Some(_) if matched > 0 && matches!(character, '[' | ']') => {}
            _ => break,
        }
    }
    let opening = quoted.chars().take_while(|c| matches!(c, '\'' | '"' | '$')).take(2).count();
    let behind = slice(said, end..said.len()).trim_start_matches(']');
    let is_cut_off = matched > opening && (behind.starts_with("...") || behind.starts_with(')'));
    (wanted.peek().is_none() || is_cut_off).then_some(end)
}

/// What a server says, for the log: it may quote a statement with its bind values in it. Texts in
/// quotes are shown as `?`, and so are numbers right behind a symbol, as in `k = 5` or `(5, 6)`;
/// those among words stay.
pub(crate) fn without_quoted_values(said: &str) -> String {
    let mut shown = String::with_capacity(said.len());
    let mut at = 0;
    while let Some(first) = slice(said, at..said.len()).chars().next() {
        let length = match first {
            _ if ends_in_word(&shown) => None,
            '\'' => Some(quoted_length(slice(said, at..said.len()))),
            _ if ends_in_symbol(&shown) => value_length(slice(said, at..said.len())),
            _ => None,
        };
        if length.is_some() {
            shown.push('?');
        } else {
            shown.push(printable(first));
        }
        at += length.unwrap_or_else(|| first.len_utf8());
    }
    shown
}

/// Is a letter or a digit the last of it? Then an apostrophe is one.
fn ends_in_word(shown: &str) -> bool {
    shown.ends_with(|last: char| last.is_alphanumeric() || last == '_')
}

/// Is a symbol the last of it that is no blank, behind which values stand in CQL? A colon behind a number
/// that is none is that of an address (`10.0.0.1:9042`), or of a place (`line 1:6`): of a map, the number
/// would be a value, too.
fn ends_in_symbol(shown: &str) -> bool {
    let before_colon = shown.strip_suffix(':');
    if before_colon.is_some_and(|before| before.ends_with(|last: char| last.is_ascii_digit())) {
        return false;
    }
    shown.trim_end().ends_with(['=', '<', '>', '(', ',', '[', '{', ':', '-'])
}

fn quoted_length(text: &str) -> usize {
    places(text).next().map_or(text.len(), |(_, place)| place.end)
}

/// How long the number, the UUID or the blob is that the text begins with.
fn value_length(text: &str) -> Option<usize> {
    match places(text).next() {
        Some((Token::Literal, place)) if place.start == 0 => {
            let rest = slice(text, place.end..text.len());
            let more = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            Some(place.end + more.unwrap_or(rest.len()))
        }
        _ => None,
    }
}

fn slice(text: &str, place: Range<usize>) -> &str {
    text.get(place).unwrap_or_default()
}

/// A line of a log is one line, whatever is in it.
fn printable(character: char) -> char {
    if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_a_statement_in_one_line_without_its_values() {
        for (text, expected) in [
            (
                "SELECT * FROM t WHERE k = 'it''s' AND c=0xCAFE",
                "SELECT * FROM t WHERE k = ? AND c=?",
            ),
            ("INSERT INTO t (k) VALUES (-5, 1.5e-3, 1h30m)", "INSERT INTO t (k) VALUES (-?, ?, ?)"),
            ("  UPDATE t -- 'secret'\n SET v = ?/* x */WHERE", "UPDATE t SET v = ? WHERE"),
            ("SELECT \"a\nb\" FROM t", "SELECT \"a\u{fffd}b\" FROM t"),
            ("ALTER ROLE x WITH PASSWORD = $$geheim$$", "ALTER ROLE x WITH PASSWORD = ?"),
            ("UPDATE t SET v = 'never closed", "UPDATE t SET v = ?"),
            ("", ""),
        ] {
            assert_eq!(without_values(text), expected, "{text}");
        }
        let long = without_values(&"SELECT ".repeat(10_000));
        assert!(long.len() < MOST_SHOWN + 20 && long.ends_with('…'), "{}", long.len());
    }

    #[test]
    fn what_stands_behind_password_is_masked() {
        for (text, expected) in [
            (
                "CREATE ROLE x WITH PASSWORD = 'g''m' AND LOGIN = true",
                "CREATE ROLE x WITH PASSWORD = '***' AND LOGIN = true",
            ),
            (
                "create user x with password 'geheim' superuser",
                "create user x with password '***' superuser",
            ),
            (
                "ALTER ROLE x WITH HASHED PASSWORD/**/=/*'*/$$geheim$$",
                "ALTER ROLE x WITH HASHED PASSWORD/**/=/*'*/'***'",
            ),
            (
                "CREATE ROLE x WITH OPTIONS = {'Password': 'geheim', 'realm' : 'r'}",
                "CREATE ROLE x WITH OPTIONS = {'Password': '***', 'realm' : 'r'}",
            ),
            ("ALTER ROLE x WITH PASSWORD = 'password'", "ALTER ROLE x WITH PASSWORD = '***'"),
            (
                "UPDATE t SET \"password\" = 'geheim' WHERE k = 'a'",
                "UPDATE t SET \"password\" = '***' WHERE k = 'a'",
            ),
            ("ALTER ROLE x WITH PASSWORD = 'never closed", "ALTER ROLE x WITH PASSWORD = '***'"),
            ("SELECT password FROM t WHERE k = 'a'", "SELECT password FROM t WHERE k = 'a'"),
            ("SELECT 'password', 'a'", "SELECT 'password', 'a'"),
        ] {
            assert_eq!(without_secrets(text), expected);
        }
        assert!(matches!(without_secrets("SELECT * FROM t"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_server_quotes_of_a_secret_is_masked() {
        let text = "CREATE ROLE x WITH PASSWORD = 'geheim' BLAH";
        let mut said =
            "line 1:39 mismatched input 'BLAH' (...= 'geheim' [BLAH]), geheim".to_owned();
        mask_in(&mut said, text);
        assert_eq!(said, "line 1:39 mismatched input 'BLAH' (...= '***' [BLAH]), ***");
        let mut said = "unconfigured table geheim".to_owned();
        mask_in(&mut said, "SELECT * FROM geheim WHERE k = 'x'");
        assert_eq!(said, "unconfigured table geheim");
    }

    /// A server cuts a text where it would end without its quotes, or puts the bracket there that is to
    /// stand behind it.
    #[test]
    fn what_a_server_quotes_of_a_secret_in_part_is_masked() {
        let text = "CREATE ROLE x PASSWORD = 'geheim' BLAH 'g''m' AND PASSWORD = 'g''m\n''o'";
        for (said, expected) in [
            (
                "near (CREATE ROLE x [PASSWORD] = 'gehei...)",
                "near (CREATE ROLE x [PASSWORD] = '***'...)",
            ),
            ("(...PASSWORD = ['gehei]m' BLAH...)", "(...PASSWORD = ['***' BLAH...)"),
            ("(...PASSWORD = ['gehei]...)", "(...PASSWORD = ['***']...)"),
            ("(...= 'g''m''o' [BLAH])", "(...= '***' [BLAH])"),
            ("(...= 'g''m)", "(...= '***')"),
            ("mismatched input 'g'm\n'o' expecting", "mismatched input '***' expecting"),
            (
                "mismatched input 'grant' expecting (...)",
                "mismatched input 'grant' expecting (...)",
            ),
        ] {
            let mut masked = said.to_owned();
            mask_in(&mut masked, text);
            assert_eq!(masked, expected);
        }
        let mut said = "(...WITH PASSWORD = [$$gehe]im$$...), (...= $$gehe...)".to_owned();
        mask_in(&mut said, "ALTER ROLE x WITH PASSWORD = $$geheim$$");
        assert_eq!(said, "(...WITH PASSWORD = ['***'...), (...= '***'...)");
    }

    /// Whatever stands between a name and what is said of it, and whatever quotes are taken.
    #[test]
    fn what_stands_behind_password_is_masked_in_any_form() {
        for text in [
            "ALTER ROLE x WITH PASSWORD = \"geheim\" AND LOGIN = true",
            "CREATE USER x WITH PASSWORD \"geheim\" SUPERUSER",
            "ALTER ROLE x WITH PASSWORD = geheim AND LOGIN = true",
            "UPDATE t SET db_passwd = 'geheim', v = 'a' WHERE k = 1",
            "ALTER ROLE x WITH PASSWORD = 12geheim AND LOGIN = true",
            "ALTER ROLE x WITH OPTIONS = {'password': geheim, 'password': \"geheim\"}",
            "ALTER ROLE x WITH OPTIONS = {'password': {'a': 'geheim'}} AND LOGIN = true",
            "UPDATE t SET password = (text) 'geheim' WHERE k = 1",
            "UPDATE t SET passwords = passwords + ['a', 'geheim'] WHERE k = 1",
            "UPDATE t SET passwords['ada'] = 'geheim' WHERE k = 1",
            "UPDATE t SET k = 1 WHERE k = 1 IF password != 'geheim'",
            "SELECT * FROM t WHERE password IN ('a', 'geheim') AND k = 1",
            "SELECT * FROM t WHERE passwords CONTAINS 'geheim' ALLOW FILTERING",
            "UPDATE t SET password = lower('geheim') WHERE k = 1",
        ] {
            let shown = without_secrets(text);
            assert!(!shown.contains("geheim") && shown.contains("'***'"), "{shown}");
            let logged = without_values(text);
            assert!(!logged.contains("geheim"), "{logged}");
        }
        for text in [
            "SELECT password, k FROM t WHERE k = 'a'",
            "SELECT max(password) FROM t WHERE k = 'a'",
            "SELECT * FROM secrets WHERE k = 'a'",
            "INSERT INTO secrets (k, v) VALUES ('a', \"b\")",
            "UPDATE t SET password = :pw WHERE k = 'a' AND \"c\" = :\"d\"",
            "UPDATE t SET password = :\"Pw\", v = ? WHERE k = 'a'",
            "UPDATE t SET password = ? WHERE k = 'a' AND c = d",
            "CREATE TABLE t (k int PRIMARY KEY, password text) WITH comment = 'a'",
        ] {
            assert_eq!(without_secrets(text), text);
        }
    }

    #[test]
    fn a_name_without_an_end_does_not_fill_a_log() {
        let long = without_values(&format!("SELECT \"{}", "a".repeat(1_000_000)));
        assert!(long.len() < 3 * MOST_SHOWN, "{}", long.len());
    }

    #[test]
    fn values_that_a_server_quotes_are_left_out_and_its_figures_are_not() {
        for (said, expected) in [
            (
                "Read 5 live rows and 1500 tombstone cells for query SELECT * FROM ks.t WHERE \
                 k = 'geheim' AND c >= -7.5 AND u IN (1, 0xCAFE) LIMIT 100; token -4069959284402364209 \
                 (see tombstone_warn_threshold)",
                "Read 5 live rows and 1500 tombstone cells for query SELECT * FROM ks.t WHERE \
                 k = ? AND c >= -? AND u IN (?, ?) LIMIT 100; token -? \
                 (see tombstone_warn_threshold)",
            ),
            (
                "Batch for [ks.t] is of size 5.512KiB, exceeding specified threshold of 5.000KiB by 0.512KiB.",
                "Batch for [ks.t] is of size 5.512KiB, exceeding specified threshold of 5.000KiB by 0.512KiB.",
            ),
            ("it doesn't know k='geheim'", "it doesn't know k=?"),
            (
                "+2.0s sent to 10.0.0.1:9042, response from db:9042, line 1:6 no viable {1:5, a:6}",
                "+2.0s sent to 10.0.0.1:9042, response from db:?, line 1:6 no viable {?:?, a:?}",
            ),
            ("u = f0554d6e-29bb-11e5-b345-feff819cdc9f\nnext", "u = ?\u{fffd}next"),
            ("k = 'never closed", "k = ?"),
            ("l'été, 'x'", "l'été, ?"),
        ] {
            assert_eq!(without_quoted_values(said), expected);
        }
    }
}
