//! Where the statement comes from: the command line, a file, standard input.

use std::io;

use super::Args;
use crate::exit::Failure;
use crate::file;
use crate::statements::Statements;

/// The one statement, and the values of its bind markers.
pub(super) fn text(args: &Args) -> Result<(String, Vec<String>), Failure> {
    let mut values = args.values.clone();
    let text = match (&args.file, &args.statement) {
        (Some(file), first) => {
            // What stands first is a value then.
            values.splice(0..0, first.clone());
            let text = file::text(file);
            text.map_err(|error| Failure::usage(format_args!("{}: {error}", file.display())))?
        }
        (None, Some(statement)) if statement == "-" => {
            let text = file::text_of(io::stdin());
            text.map_err(|error| Failure::usage(format_args!("standard input: {error}")))?
        }
        (None, statement) => statement.clone().unwrap_or_default(),
    };
    Ok((one(&text)?, values))
}

/// The only statement of a text, without the `;` behind it, which servers do not want.
fn one(text: &str) -> Result<String, Failure> {
    let mut statements = Statements::default();
    statements.push(text)?;
    let first = statements.take();
    if statements.take().is_some() || (first.is_some() && !statements.is_blank()) {
        let why = "there are several statements: cqlwire shell reads many, from standard input too";
        return Err(Failure::usage(why));
    }
    match first {
        Some(statement) => Ok(statement),
        None if statements.is_blank() => Err(Failure::usage("there is no statement")),
        None => Ok(statements.unfinished().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_is_taken_with_or_without_its_end() {
        assert_eq!(one("SELECT 1;\n").unwrap(), "SELECT 1");
        assert_eq!(one(" SELECT ';' -- a;").unwrap(), "SELECT ';' -- a;");
        let batch = "BEGIN BATCH INSERT INTO t (k) VALUES (1); APPLY BATCH";
        assert_eq!(one(&format!("{batch};")).unwrap(), batch);
        assert_eq!(one(batch).unwrap(), batch);
        assert_eq!(one("; SELECT 1").unwrap(), "SELECT 1");
    }

    #[test]
    fn none_and_several_are_refused() {
        for text in ["", ";", "-- only this", "SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"] {
            assert!(one(text).is_err(), "{text}");
        }
    }
}
