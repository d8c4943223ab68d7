//! The formats of files: CSV and its dialects, and JSON lines.

use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use cqlwire::value::CqlValue;

use crate::exit::Failure;
use crate::value::write_text;

/// What a file is written in.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values (RFC 4180)
    Csv,
    /// One JSON object a line
    Json,
}

impl Format {
    /// As it was said, or as the name of the file says.
    pub(crate) fn of(said: Option<Self>, file: Option<&Path>) -> Self {
        let ending = file.and_then(Path::extension).map(std::ffi::OsStr::to_ascii_lowercase);
        let is_json = ending
            .is_some_and(|ending| ["json", "jsonl", "ndjson"].iter().any(|known| ending == *known));
        said.unwrap_or(if is_json { Self::Json } else { Self::Csv })
    }
}

/// What a whole file is: lines, or Parquet, which is only written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    Lines(Format),
    Parquet,
}

impl FileFormat {
    /// As it was said, or as the name of the file says.
    pub(crate) fn of(said: Option<Self>, file: &Path) -> Self {
        let is_parquet =
            file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        let named =
            if is_parquet { Self::Parquet } else { Self::Lines(Format::of(None, Some(file))) };
        said.unwrap_or(named)
    }
}

/// As a flag has it.
impl ValueEnum for FileFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Lines(Format::Csv), Self::Lines(Format::Json), Self::Parquet]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Lines(format) => format.to_possible_value(),
            Self::Parquet => Some(PossibleValue::new("parquet").help("Apache Parquet")),
        }
    }
}

/// How CSV is written. JSON has no dialects.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "CSV")]
pub(crate) struct Dialect {
    /// What is between two fields; a tab is \t
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = character)]
    pub(crate) delimiter: u8,
    /// What a field stands in that has a delimiter or a line break in it
    #[arg(long, value_name = "CHARACTER", default_value = "\"", value_parser = character)]
    pub(crate) quote: u8,
    /// What stands for null where it is not in quotes: in quotes, it is a text
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) null: String,
    /// The first line is no header
    #[arg(long)]
    pub(crate) no_header: bool,
}

impl Dialect {
    /// That of RFC 4180, as without any flag.
    pub(crate) const RFC_4180: Self =
        Self { delimiter: b',', quote: b'"', null: String::new(), no_header: false };

    /// Checks that fields can be told from each other.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let marks = [char::from(self.delimiter), char::from(self.quote), '\n', '\r'];
        if self.delimiter == self.quote {
            return Err(Failure::usage("--delimiter and --quote are the same character"));
        }
        if self.null.contains(marks) {
            return Err(Failure::usage("--null has a delimiter, a quote or a line break in it"));
        }
        Ok(())
    }

    /// Appends the field of a value. The scratch is for whoever writes many of them.
    pub(crate) fn write_value(&self, value: &CqlValue, scratch: &mut String, out: &mut String) {
        match value {
            CqlValue::Null => out.push_str(&self.null),
            CqlValue::Text(text) => self.write_field(text, out),
            value => {
                scratch.clear();
                write_text(value, scratch);
                self.write_field(scratch, out);
            }
        }
    }

    /// Appends a field that is a text: in quotes where it could be taken for something else.
    pub(crate) fn write_field(&self, text: &str, out: &mut String) {
        let (delimiter, quote) = (char::from(self.delimiter), char::from(self.quote));
        let marks = [delimiter, quote, '\n', '\r'];
        // An empty field that is the only one of its line would be an empty line; and a byte order mark
        // would be passed over, where it is the first of a file without a header.
        let is_mistakable = text == self.null || text.is_empty() || text.starts_with('\u{FEFF}');
        if !is_mistakable && !text.contains(marks) {
            return out.push_str(text);
        }
        out.push(quote);
        for c in text.chars() {
            if c == quote {
                out.push(quote);
            }
            out.push(c);
        }
        out.push(quote);
    }
}

/// One character of ASCII that can stand for itself.
fn character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err("one character of ASCII that is no line break, or \\t".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_its_format() {
        let of = |name: &str| Format::of(None, Some(Path::new(name)));
        assert_eq!(of("a.csv"), Format::Csv);
        assert_eq!(of("a.b.JSONL"), Format::Json);
        assert_eq!(of("json"), Format::Csv);
        assert_eq!(Format::of(Some(Format::Csv), Some(Path::new("a.json"))), Format::Csv);
        assert_eq!(Format::of(None, None), Format::Csv);
        let whole = |name: &str| FileFormat::of(None, Path::new(name));
        assert_eq!(whole("a.Parquet"), FileFormat::Parquet);
        assert_eq!(whole("a.jsonl"), FileFormat::Lines(Format::Json));
        let said = Some(FileFormat::Lines(Format::Csv));
        assert_eq!(FileFormat::of(said, Path::new("a.parquet")), FileFormat::Lines(Format::Csv));
    }

    #[test]
    fn without_flags_it_is_that_of_the_rfc() {
        use clap::FromArgMatches;

        let command = Dialect::augment_args(clap::Command::new("x"));
        let matches = command.try_get_matches_from(["x"]).unwrap();
        assert_eq!(Dialect::from_arg_matches(&matches).unwrap(), Dialect::RFC_4180);
    }

    #[test]
    fn what_could_be_taken_for_something_else_stands_in_quotes() {
        let mut dialect = Dialect { null: "NULL".to_owned(), ..Dialect::RFC_4180 };
        let field = |dialect: &Dialect, text: &str| {
            let mut out = String::new();
            dialect.write_field(text, &mut out);
            out
        };
        for (text, expected) in [
            ("a b", "a b"),
            ("", "\"\""),
            ("NULL", "\"NULL\""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("a\r", "\"a\r\""),
            ("\u{FEFF}a", "\"\u{FEFF}a\""),
            ("a\u{FEFF}", "a\u{FEFF}"),
        ] {
            assert_eq!(field(&dialect, text), expected);
        }
        assert!(dialect.check().is_ok());
        dialect.null = "a,b".to_owned();
        assert!(dialect.check().is_err());
    }
}
