//! Types by the names of their classes: how a server describes what has no id in the version of
//! the protocol, such as vectors (in all of them) and, on v3 and v4, durations.
//!
//! A class that is not understood is no error: its values are opaque bytes, as those of a class of
//! one's own are.

use std::sync::Arc;

use super::class_name::PACKAGE;
use super::{ColumnType, UserType};

/// The type that a class is, at most `depth` levels deep and of at most `left` types, from which
/// those that it is made of are taken.
pub(super) fn parse(class: &str, depth: usize, left: &mut usize) -> ColumnType {
    let mut parser = ClassParser { rest: class, left: *left };
    match parser.any(depth) {
        Some(ty) if parser.rest.trim_start().is_empty() && !matches!(ty, ColumnType::Custom(_)) => {
            *left = parser.left;
            ty
        }
        _ => ColumnType::Custom(class.to_owned()),
    }
}

/// What is left of a class name. Each step is `None` where the text is none of what it expects.
struct ClassParser<'a> {
    rest: &'a str,
    left: usize,
}

impl<'a> ClassParser<'a> {
    /// One class with its parameters. An unknown one is kept as it is written.
    fn any(&mut self, depth: usize) -> Option<ColumnType> {
        let inner = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        self.skip_blanks();
        let start = self.rest;
        let name = Some(self.word()).filter(|name| !name.is_empty())?;
        // The server too lets the package be left out.
        let simple = name.strip_prefix(PACKAGE).unwrap_or(name);
        if let Some(native) = native(simple) {
            return Some(native);
        }
        match simple {
            "FrozenType" | "ReversedType" => self.one(inner),
            "ListType" => self.one(inner).map(|element| ColumnType::List(Box::new(element))),
            "SetType" => self.one(inner).map(|element| ColumnType::Set(Box::new(element))),
            "MapType" => self.map(inner),
            "TupleType" => self.tuple(inner),
            "UserType" => self.user_type(inner),
            "VectorType" => self.vector(inner),
            _ => {
                self.skip_parameters()?;
                let length = start.len() - self.rest.len();
                start.get(..length).map(|class| ColumnType::Custom(class.to_owned()))
            }
        }
    }

    /// `(type)`.
    fn one(&mut self, depth: usize) -> Option<ColumnType> {
        self.expect('(')?;
        let element = self.any(depth)?;
        self.expect(')')?;
        Some(element)
    }

    /// `(type,type)`.
    fn map(&mut self, depth: usize) -> Option<ColumnType> {
        self.expect('(')?;
        let key = self.any(depth)?;
        self.expect(',')?;
        let value = self.any(depth)?;
        self.expect(')')?;
        Some(ColumnType::Map(Box::new(key), Box::new(value)))
    }

    /// `(type,type,...)`.
    fn tuple(&mut self, depth: usize) -> Option<ColumnType> {
        let mut elements = Vec::new();
        self.expect('(')?;
        if self.expect(')').is_some() {
            return Some(ColumnType::Tuple(elements));
        }
        loop {
            elements.push(self.any(depth)?);
            if self.expect(',').is_none() {
                self.expect(')')?;
                return Some(ColumnType::Tuple(elements));
            }
        }
    }

    /// `(keyspace,name,field:type,...)`, the name and the fields in hexadecimal. CQL has no empty
    /// names; an \[option\] may have them all the same, and so may this.
    fn user_type(&mut self, depth: usize) -> Option<ColumnType> {
        self.expect('(')?;
        let keyspace = self.word().to_owned();
        self.expect(',')?;
        let name = from_hex(self.word())?;
        let mut fields = Vec::new();
        while self.expect(',').is_some() {
            let field = from_hex(self.word())?;
            self.expect(':')?;
            fields.push((field, self.any(depth)?));
        }
        self.expect(')')?;
        Some(ColumnType::UserType(Arc::new(UserType { keyspace, name, fields })))
    }

    /// `(type , dimension)`.
    fn vector(&mut self, depth: usize) -> Option<ColumnType> {
        self.expect('(')?;
        let element = self.any(depth)?;
        self.expect(',')?;
        let digits = self.word();
        // A server keeps the dimension in an int, and has no vectors without elements.
        let dimension = u32::try_from(digits.parse::<i32>().ok()?).ok().filter(|n| *n > 0)?;
        self.expect(')')?;
        Some(ColumnType::Vector(Box::new(element), dimension))
    }

    /// What stands before the next punctuation, which may be nothing.
    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let ends = |c: char| "(),:".contains(c) || c.is_whitespace();
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn expect(&mut self, punctuation: char) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(punctuation)?;
        Some(())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Steps over the parameters of an unknown class, if it has any, whatever they look like.
    fn skip_parameters(&mut self) -> Option<()> {
        if !self.rest.starts_with('(') {
            return Some(());
        }
        let mut open = 0_usize;
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.rest = self.rest.get(at + 1..)?;
                return Some(());
            }
        }
        None
    }
}

/// The text whose UTF-8 these hexadecimal digits are.
fn from_hex(digits: &str) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    let bytes = digits.as_bytes().chunks(2).map(pair).collect::<Option<_>>()?;
    String::from_utf8(bytes).ok()
}

/// The type that is a class without parameters.
fn native(class: &str) -> Option<ColumnType> {
    Some(match class {
        "AsciiType" => ColumnType::Ascii,
        "LongType" => ColumnType::BigInt,
        "BytesType" => ColumnType::Blob,
        "BooleanType" => ColumnType::Boolean,
        "CounterColumnType" => ColumnType::Counter,
        "DecimalType" => ColumnType::Decimal,
        "DoubleType" => ColumnType::Double,
        "FloatType" => ColumnType::Float,
        "Int32Type" => ColumnType::Int,
        // The second is what timestamps were before Cassandra 1.2.
        "TimestampType" | "DateType" => ColumnType::Timestamp,
        "UUIDType" | "LexicalUUIDType" => ColumnType::Uuid,
        "UTF8Type" => ColumnType::Text,
        "IntegerType" => ColumnType::Varint,
        "TimeUUIDType" => ColumnType::TimeUuid,
        "InetAddressType" => ColumnType::Inet,
        "SimpleDateType" => ColumnType::Date,
        "TimeType" => ColumnType::Time,
        "ShortType" => ColumnType::SmallInt,
        "ByteType" => ColumnType::TinyInt,
        "DurationType" => ColumnType::Duration,
        _ => return None,
    })
}
