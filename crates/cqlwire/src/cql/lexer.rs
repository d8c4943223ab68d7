//! The words of a CQL text, as far as it takes to tell them from what only looks like one: white
//! space, comments, quoted names and texts are read as the server's lexer reads them (Cassandra's
//! `Lexer.g`). What a text means is the server's matter.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

/// One token of a CQL text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A keyword, or a name without quotes.
    Word(&'a str),
    /// A name in double quotes, as it stands between them: `""` is still doubled.
    Quoted(&'a str),
    /// A text, a number or a blob.
    Literal,
    /// Any other character.
    Symbol(char),
}

/// The tokens of `text`, in order. A quote or a comment that is not closed is the last of it: the
/// server refuses such a text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    places(text).map(|(token, _)| token)
}

/// The tokens of `text`, in order, each with the bytes that it takes. White space and the three kinds
/// of comments are none; a quote or a comment that is not closed is the last of it.
///
/// ```
/// use cqlwire::cql::{Token, places};
///
/// let text = "SELECT 1; -- ; is no end here";
/// let mut ends = places(text).filter(|(token, _)| *token == Token::Symbol(';'));
/// assert_eq!(ends.next().map(|(_, place)| place), Some(8..9));
/// assert_eq!(ends.next(), None);
/// ```
pub fn places(text: &str) -> impl Iterator<Item = (Token<'_>, Range<usize>)> {
    let mut rest = text;
    iter::from_fn(move || {
        rest = skip_blanks(rest);
        let from = text.len() - rest.len();
        let (token, length) = next(rest)?;
        rest = rest.get(length..).unwrap_or_default();
        Some((token, from..from + length))
    })
}

/// Skips white space and comments, which the server passes over wherever they stand.
fn skip_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\n', '\r']);
        text = if text.starts_with("--") || text.starts_with("//") {
            after(text, &['\n', '\r'])
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
    }
}

/// What follows the first of these characters.
fn after<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split_once(ends).map_or("", |(_, rest)| rest)
}

/// The first token, and how many bytes it takes.
fn next(text: &str) -> Option<(Token<'_>, usize)> {
    let first = text.chars().next()?;
    Some(match first {
        _ if is_uuid(text) => (Token::Literal, UUID_LEN),
        'a'..='z' | 'A'..='Z' => word(text),
        '0'..='9' => (Token::Literal, number(text)),
        '"' => {
            let (inner, length) = quoted(text, '"');
            (Token::Quoted(inner), length)
        }
        '\'' => (Token::Literal, quoted(text, '\'').1),
        '$' if text.starts_with("$$") => {
            let end = text.get(2..).and_then(|rest| rest.find("$$"));
            (Token::Literal, end.map_or(text.len(), |end| end + 4))
        }
        symbol => (Token::Symbol(symbol), symbol.len_utf8()),
    })
}

fn word(text: &str) -> (Token<'_>, usize) {
    let in_words = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !in_words(c)).unwrap_or(text.len());
    let (word, _) = text.split_at(end);
    (Token::Word(word), end)
}

const UUID_LEN: usize = 36;

fn is_uuid(text: &str) -> bool {
    let is_dash = |at| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| match is_dash(at) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    text.get(..UUID_LEN).is_some_and(|uuid| uuid.bytes().enumerate().all(fits))
}

/// How many bytes a number takes: what follows it need not be apart (`1IF`).
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let begins = |text: &str, with: &str| {
        text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
    };
    let after = |at: usize| text.get(at..).unwrap_or_default();
    if begins(text, "0x") {
        let blob = after(2).find(|c: char| !c.is_ascii_hexdigit());
        return blob.map_or(text.len(), |length| 2 + length);
    }
    let mut end = 0;
    while let count @ 1.. = digits(after(end))
        && let Some(unit) = UNITS.iter().find(|unit| begins(after(end + count), unit))
    {
        end += count + unit.len();
    }
    if end > 0 {
        return end;
    }
    end = digits(text);
    // Two of them are a range.
    if after(end).starts_with('.') && !after(end).starts_with("..") {
        end += 1 + digits(after(end + 1));
    }
    if begins(after(end), "e") {
        let sign = usize::from(after(end + 1).starts_with(['+', '-']));
        match digits(after(end + 1 + sign)) {
            0 => {}
            exponent => end += 1 + sign + exponent,
        }
    }
    end
}

/// Those of durations (`1h30m`), the longer ones first.
const UNITS: [&str; 11] = ["mo", "ms", "us", "µs", "ns", "y", "w", "d", "h", "m", "s"];

/// What a text or a name is without its quotes, as it is meant.
pub(super) fn unquoted(text: &str) -> Cow<'_, str> {
    let of_dollars = || text.strip_prefix("$$").map(|text| text.strip_suffix("$$").unwrap_or(text));
    match text.chars().next() {
        Some('\'') => quoted(text, '\'').0.replace("''", "'").into(),
        Some('"') => quoted(text, '"').0.replace("\"\"", "\"").into(),
        _ => of_dollars().unwrap_or(text).into(),
    }
}

/// What stands between two of `quote`, which is doubled where it is meant itself, and how many
/// bytes both take with it.
fn quoted(text: &str, quote: char) -> (&str, usize) {
    let mut from = 1;
    loop {
        let Some(at) = text.get(from..).and_then(|rest| rest.find(quote)) else {
            return (text.get(1..).unwrap_or_default(), text.len());
        };
        let end = from + at;
        if text.get(end + 1..).is_some_and(|rest| rest.starts_with(quote)) {
            from = end + 2;
        } else {
            return (text.get(1..end).unwrap_or_default(), end + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Token::{Literal, Quoted, Symbol, Word};
    use super::*;

    fn read(text: &str) -> Vec<Token<'_>> {
        tokens(text).collect()
    }

    #[test]
    fn comments_of_all_three_kinds_are_white_space() {
        let text = "/**/ a -- b ; 'c\n/* d\n*/b// e\rc /*";
        assert_eq!(read(text), [Word("a"), Word("b"), Word("c")]);
        assert_eq!(read("a -- the rest"), [Word("a")]);
        assert_eq!(read("a - - b"), [Word("a"), Symbol('-'), Symbol('-'), Word("b")]);
    }

    #[test]
    fn quotes_hide_what_they_hold() {
        assert_eq!(read("'it''s -- /*'x"), [Literal, Word("x")]);
        assert_eq!(read("$$ ' -- $$\"a\"\"b\"c"), [Literal, Quoted("a\"\"b"), Word("c")]);
        assert_eq!(read("USE\"Other\""), [Word("USE"), Quoted("Other")]);
        assert_eq!(read("'never closed"), [Literal]);
        assert_eq!(read("\"é\""), [Quoted("é")]);
    }

    #[test]
    fn numbers_and_symbols_are_no_words() {
        let list = [Symbol('('), Literal, Symbol(','), Symbol('?'), Symbol(')')];
        assert_eq!(read("(0xCAFE,?)"), list);
        assert_eq!(read("$a é"), [Symbol('$'), Word("a"), Symbol('é')]);
        assert_eq!(read(" \t\r\n"), []);
    }
}
