//! What of a text is a secret: what stands behind PASSWORD, or behind a name with `password`, `passwd` or
//! `secret` in it, as far as what is said of that goes.
//!
//! ```text
//!   PASSWORD = '…'    HASHED PASSWORD '…'    {'password': '…'}    password = (text) '…'
//!   passwords['a'] = '…'    passwords = passwords + {'…'}    password IN ('…', '…')
//! ```
//!
//! It ends with the next comma, with the bracket that it stands in, and with the next word that is no part
//! of an expression. A name or a word right behind the name, or `=`, is taken for a text in the wrong
//! quotes, or without any: the server refuses it, and quotes it.

use std::ops::Range;

use super::lexer::{Token, places};

/// The tokens of `text` in order, as [`places`] has them, and whether each is a secret.
pub(super) fn marked(text: &str) -> impl Iterator<Item = (Token<'_>, Range<usize>, bool)> {
    let mut behind = None;
    places(text).map(move |(token, place)| {
        let is_secret = match &mut behind {
            None => false,
            Some(name) => Behind::takes(name, &token, &place),
        };
        let goes_on = behind.as_ref().is_some_and(|name: &Behind| !name.is_over);
        if !goes_on {
            let begins = !is_secret && is_name(&token, text.get(place.clone()).unwrap_or_default());
            behind = begins.then(Behind::default);
        } else if let Some(name) = &mut behind {
            name.ends_in_number =
                is_secret && text.get(place.clone()).is_some_and(is_number_or_word);
            name.end = place.end;
        }
        (token, place, is_secret)
    })
}

/// Where the secrets are.
pub(super) fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    marked(text).filter_map(|(_, place, is_secret)| is_secret.then_some(place))
}

/// What has come behind the name of a secret.
#[derive(Debug, Default)]
struct Behind {
    last: Last,
    /// How many brackets are open that were opened behind the name.
    depth: usize,
    /// Where the last token ended; and was that a secret which may go on in the next?
    end: usize,
    ends_in_number: bool,
    is_over: bool,
}

#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
enum Last {
    /// The name itself.
    #[default]
    Name,
    /// What a value stands behind.
    Is,
    /// `:` of a bind marker.
    Marker,
    /// Anything else that something follows: `+`, IN, an opening bracket.
    Operator,
    Operand,
}

/// Words of expressions, which values stand behind.
const OPERATORS: [&str; 6] = ["IN", "CONTAINS", "KEY", "LIKE", "NOT", "BETWEEN"];

impl Behind {
    /// Takes the next token: is it a secret?
    fn takes(&mut self, token: &Token<'_>, place: &Range<usize>) -> bool {
        let before = self.last;
        match token {
            Token::Literal => self.last = Last::Operand,
            Token::Word(_) if self.ends_in_number && place.start == self.end => {}
            Token::Word(word) if before == Last::Name || before == Last::Operand => {
                if OPERATORS.iter().any(|operator| word.eq_ignore_ascii_case(operator)) {
                    self.last = Last::Operator;
                } else if self.depth == 0 {
                    self.is_over = true;
                }
            }
            Token::Quoted(_) if before == Last::Operand && self.depth == 0 => self.is_over = true,
            Token::Word(_) | Token::Quoted(_) => self.last = Last::Operand,
            Token::Symbol(symbol) => self.symbol(*symbol),
        }
        match token {
            Token::Literal => true,
            Token::Word(_) if self.ends_in_number && place.start == self.end => true,
            Token::Word(_) => before == Last::Is,
            Token::Quoted(_) => matches!(before, Last::Name | Last::Is),
            Token::Symbol(_) => false,
        }
    }

    fn symbol(&mut self, symbol: char) {
        match symbol {
            ',' | ';' | ')' | ']' | '}' if self.depth == 0 => self.is_over = true,
            '(' | '[' | '{' => (self.depth, self.last) = (self.depth + 1, Last::Operator),
            ')' | ']' | '}' => (self.depth, self.last) = (self.depth - 1, Last::Operand),
            ':' if matches!(self.last, Last::Is | Last::Operator) => self.last = Last::Marker,
            '=' | ':' if self.depth == 0 => self.last = Last::Is,
            '?' => self.last = Last::Operand,
            _ => self.last = Last::Operator,
        }
    }
}

/// Is it the name of a secret?
fn is_name(token: &Token<'_>, text: &str) -> bool {
    let name = match token {
        Token::Word(word) | Token::Quoted(word) => word,
        Token::Literal => text,
        Token::Symbol(_) => return false,
    };
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "secret"].iter().any(|secret| name.contains(secret))
}

/// A text without quotes may begin with a digit: `12monkeys` is two tokens.
fn is_number_or_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}
