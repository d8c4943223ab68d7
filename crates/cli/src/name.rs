//! Names as people write them in CQL: in lower case, unless they are in quotes.

use std::borrow::Cow;

use cqlwire::cql::{Token, places};

use crate::exit::Failure;

/// A keyspace, or something in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) keyspace: Option<String>,
    pub(crate) own: String,
}

impl Name {
    /// Reads `name` or `keyspace.name`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let tokens: Vec<_> = places(text).map(|(token, _)| token).collect();
        let name = match tokens.as_slice() {
            [own] => spelled(*own).map(|own| Self { keyspace: None, own }),
            [keyspace, Token::Symbol('.'), own] => spelled(*keyspace)
                .zip(spelled(*own))
                .map(|(keyspace, own)| Self { keyspace: Some(keyspace), own }),
            _ => None,
        };
        let wrong = || Failure::usage(format_args!("`{text}` is no name: name or keyspace.name"));
        name.ok_or_else(wrong)
    }
}

/// The name of one thing, as a flag has it: spelled as in the schema.
pub(crate) fn flag(text: &str) -> Result<String, String> {
    one(text).ok_or_else(|| "as in CQL: in double quotes, unless it is a word".to_owned())
}

/// A name without a keyspace, spelled as in the schema.
pub(crate) fn one(text: &str) -> Option<String> {
    let mut tokens = places(text);
    let name = tokens.next().and_then(|(token, _)| spelled(token))?;
    tokens.next().is_none().then_some(name)
}

/// A name as it is spelled in the schema.
pub(crate) fn spelled(token: Token<'_>) -> Option<String> {
    match token {
        Token::Word(word) => Some(word.to_ascii_lowercase()),
        Token::Quoted(inside) => Some(unquoted(inside)),
        Token::Literal | Token::Symbol(_) => None,
    }
}

/// A name of which this stands between its quotes, where those of its own are doubled.
pub(crate) fn unquoted(inside: &str) -> String {
    inside.replace("\"\"", "\"")
}

/// A name in quotes, as CQL reads any.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name as it has to be written in CQL: in quotes, if it would be another one without them.
pub(crate) fn written(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) {
        name.into()
    } else {
        quoted(name).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_cql_reads_them() {
        let parsed = |text| Name::parse(text).map(|name| (name.keyspace, name.own)).ok();
        let some = |keyspace: &str, own: &str| Some((Some(keyspace.to_owned()), own.to_owned()));
        assert_eq!(parsed("Shop"), Some((None, "shop".to_owned())));
        assert_eq!(parsed("Shop.\"Users\""), some("shop", "Users"));
        assert_eq!(parsed("\"a\"\"b\" . c"), some("a\"b", "c"));
        for wrong in ["", "a.b.c", "a b", "'a'", "a.", "7"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_keyspace_of_the_flags_is_read_as_cql_reads_it() {
        use clap::{Args, FromArgMatches};

        let read = |text| {
            let command = crate::connect::ConnectionArgs::augment_args(clap::Command::new("x"));
            let matches = command.try_get_matches_from(["x", "-k", text]).ok()?;
            crate::connect::ConnectionArgs::from_arg_matches(&matches).unwrap().keyspace
        };
        for (text, expected) in
            [("ST", "st"), ("\"St\"", "St"), ("\"a\"\"b\"", "a\"b"), (" st ", "st")]
        {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for wrong in ["a.b", "a-b", "'a'", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same_name() {
        for name in ["users", "Users", "a\"b", "with space", "7up", "_x"] {
            assert_eq!(Name::parse(&written(name)).unwrap().own, name);
            assert_eq!(one(&quoted(name)).as_deref(), Some(name));
        }
        assert_eq!(written("users_2"), "users_2");
    }
}
