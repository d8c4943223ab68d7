//! What the value of a bind marker is drawn from, as it is written on the command line.

use std::path::PathBuf;

/// One per line, for the help.
pub(super) const HELP: &str = "\
Values, one for each bind marker:
  sequence(1..1000)   whole numbers one after the other, and again from the first
  uniform(0..100)     whole numbers, all as often
  uniform(0.0..1.0)   numbers of float and double
  zipf(1..1000)       whole numbers, the first ones much more often
  zipf(1..1000, 1.2)  the same with another exponent than 0.99
  text(10)            letters, so many; text(5..50) of lengths that are all as often
  blob(10)            bytes likewise
  uuid                random; for a timeuuid, one of now
  file(names.txt)     its lines one after the other, each written as CQL writes the type
  value(7)            always the same, written likewise
Ends belong to a range. Whole numbers go with all types of numbers, with text, and with timestamp \
in milliseconds.";

/// See the [module](self).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spec {
    Sequence(Range<i64>),
    Uniform(Range<i64>),
    Fraction(Range<f64>),
    Zipf { range: Range<i64>, exponent: f64 },
    Text(Range<usize>),
    Blob(Range<usize>),
    Uuid,
    File(PathBuf),
    Value(String),
}

/// From one to the other, both of them included.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Range<T> {
    pub(super) first: T,
    pub(super) last: T,
}

/// The exponent of what is asked for most on the web, and in other benchmarks.
const EXPONENT: f64 = 0.99;

/// The longest text and blob, so that no slip of the finger makes requests that no server takes.
const LONGEST: usize = 16 << 20;

impl Spec {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, inside) = match text.split_once('(') {
            None => (text, None),
            Some((name, rest)) => {
                let inside = rest.strip_suffix(')');
                (name.trim(), Some(inside.ok_or_else(|| format!("`{text}` lacks a `)`"))?))
            }
        };
        match (name, inside) {
            ("sequence", Some(range)) => Ok(Self::Sequence(whole(range)?)),
            ("uniform", Some(range)) if range.contains('.') && is_fraction(range) => {
                Ok(Self::Fraction(ordered(range)?))
            }
            ("uniform", Some(range)) => Ok(Self::Uniform(whole(range)?)),
            ("zipf", Some(inside)) => zipf(inside),
            ("text", Some(lengths)) => Ok(Self::Text(self::lengths(lengths)?)),
            ("blob", Some(lengths)) => Ok(Self::Blob(self::lengths(lengths)?)),
            ("uuid", None | Some("")) => Ok(Self::Uuid),
            ("file", Some(path)) if !path.is_empty() => Ok(Self::File(path.into())),
            ("value", Some(value)) => Ok(Self::Value(value.to_owned())),
            _ => Err(format!(
                "`{text}` is nothing that values are drawn from: sequence(1..9), uniform(1..9), \
                 zipf(1..9), text(9), blob(9), uuid, file(PATH), value(7)"
            )),
        }
    }
}

/// Is there a point beside the two of the range?
fn is_fraction(range: &str) -> bool {
    range.replacen("..", "", 1).contains('.')
}

fn zipf(inside: &str) -> Result<Spec, String> {
    let (range, exponent) = match inside.split_once(',') {
        None => (inside, EXPONENT),
        Some((range, exponent)) => {
            let exponent = exponent.trim().parse().ok();
            let exponent = exponent.filter(|number: &f64| number.is_finite() && *number >= 0.0);
            (range, exponent.ok_or("the exponent of zipf is a number from 0 on")?)
        }
    };
    Ok(Spec::Zipf { range: whole(range)?, exponent })
}

fn whole(text: &str) -> Result<Range<i64>, String> {
    let range: Range<i64> = ordered(text)?;
    // So many that their number is one of 64 bits.
    match range.last.checked_sub(range.first) {
        Some(_) => Ok(range),
        None => Err(format!("`{text}` is too wide")),
    }
}

fn lengths(text: &str) -> Result<Range<usize>, String> {
    let range = match text.contains("..") {
        true => ordered(text)?,
        false => ordered(&format!("{text}..{text}"))?,
    };
    match range.last <= LONGEST {
        true => Ok(range),
        false => Err(format!("`{text}`: at most {LONGEST} long")),
    }
}

fn ordered<T: PartialOrd + std::str::FromStr>(text: &str) -> Result<Range<T>, String> {
    let wrong = || format!("`{text}` is no range: two numbers such as 1..100, the lower one first");
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let read = |text: &str| text.trim().parse::<T>().map_err(|_| wrong());
    let (first, last) = (read(first)?, read(last)?);
    if first <= last { Ok(Range { first, last }) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range<T>(first: T, last: T) -> Range<T> {
        Range { first, last }
    }

    #[test]
    fn what_the_help_shows_is_read() {
        for (text, expected) in [
            ("sequence(1..1000)", Spec::Sequence(range(1, 1_000))),
            ("uniform(-5..5)", Spec::Uniform(range(-5, 5))),
            ("uniform(0.0..1.0)", Spec::Fraction(range(0.0, 1.0))),
            ("uniform(0..0.5)", Spec::Fraction(range(0.0, 0.5))),
            ("zipf(1..9)", Spec::Zipf { range: range(1, 9), exponent: 0.99 }),
            ("zipf(1..9, 1.2)", Spec::Zipf { range: range(1, 9), exponent: 1.2 }),
            ("text(10)", Spec::Text(range(10, 10))),
            ("text( 5 .. 50 )", Spec::Text(range(5, 50))),
            ("blob(0..1)", Spec::Blob(range(0, 1))),
            ("uuid", Spec::Uuid),
            ("uuid()", Spec::Uuid),
            ("file(a (b).txt)", Spec::File("a (b).txt".into())),
            ("value()", Spec::Value(String::new())),
        ] {
            assert_eq!(Spec::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for wrong in [
            "",
            "x",
            "sequence",
            "sequence()",
            "sequence(1)",
            "sequence(9..1)",
            "sequence(1..x)",
            "sequence(1..2",
            "sequence(-9223372036854775808..9223372036854775807)",
            "text(-1)",
            "text(99999999999)",
            "zipf(1..9, x)",
            "zipf(1..9, -1)",
            "uniform(NaN..1.0)",
            "file()",
        ] {
            assert!(Spec::parse(wrong).is_err(), "{wrong}");
        }
    }
}
