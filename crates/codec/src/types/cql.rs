//! Types as CQL writes them, read: how system tables describe columns.
//!
//! ```text
//! type    = "'" class "'" | frozen "<" type ">" | list "<" type ">" | set "<" type ">"
//!         | map "<" type "," type ">" | tuple "<" type { "," type } ">"
//!         | vector "<" type "," dimension ">" | [ keyspace "." ] name
//! ```
//!
//! A name without quotes is that of a native type, if it is one without a keyspace, or else of a
//! user type, whom the caller is asked for. The user types of a keyspace share what they are made
//! of, so that a few lines of CQL can describe more than a machine can walk: each type is measured
//! as if nothing were shared ([`TypeExtent`]), and that is what is limited.

use std::borrow::Cow;
use std::sync::Arc;

use super::option::MAX_DEPTH;
use super::{ColumnType, UserType, class};

/// How many types one text may stand for, user types spelled out. Larger ones could not be used
/// either: the metadata of a result spells them out for each of its columns.
const MAX_TYPES: usize = 65_536;

/// The class of what has no value at all: columns of old compact tables.
const EMPTY: &str = "org.apache.cassandra.db.marshal.EmptyType";

/// How large a type is, when the user types in it are spelled out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TypeExtent {
    /// How many types stand in each other at its deepest place, itself included.
    pub levels: usize,
    /// How many types it is made of, itself included.
    pub types: usize,
}

impl TypeExtent {
    /// How large a type may be.
    pub const LARGEST: Self = Self { levels: MAX_DEPTH, types: MAX_TYPES };
}

/// A type, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured<T> {
    /// The type.
    pub value: T,
    /// How large.
    pub extent: TypeExtent,
}

/// Why a text is no type of CQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CqlTypeError {
    /// The text is none of what CQL allows.
    #[error("no type of CQL at byte {at}")]
    Malformed {
        /// How many bytes of it could be read.
        at: usize,
    },
    /// Neither a native type, nor a user type that is known.
    #[error("no type is called `{name}`")]
    Unknown {
        /// The name, without quotes.
        name: String,
    },
    /// It has more levels, or more types, than a type may have.
    #[error("it has more than {MAX_DEPTH} levels or {MAX_TYPES} types")]
    TooLarge,
}

/// Finds a user type by its keyspace, if the text names one, and its name.
pub type FindUserType<'a> = dyn Fn(Option<&str>, &str) -> Option<Measured<Arc<UserType>>> + 'a;

impl ColumnType {
    /// Reads a type as CQL and the system tables write it: `frozen<map<text, list<int>>>`,
    /// `vector<float, 3>`, `ks."My Type"`, and a class in single quotes. That something is frozen
    /// is not kept. User types are those that `find` gives.
    ///
    /// ```
    /// use cqlwire_codec::ColumnType;
    ///
    /// let read = ColumnType::from_cql("frozen<list<int>>", &|_, _| None)?;
    /// assert_eq!(read.value, ColumnType::List(Box::new(ColumnType::Int)));
    /// assert_eq!(read.extent.levels, 3);
    /// # Ok::<(), cqlwire_codec::CqlTypeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CqlTypeError`]; more than 64 levels and more than 65,536 types are errors too.
    pub fn from_cql(text: &str, find: &FindUserType<'_>) -> Result<Measured<Self>, CqlTypeError> {
        let mut parser = CqlParser { text, rest: text, find, left: MAX_TYPES, levels: 0 };
        let value = parser.any(0)?;
        parser.skip_blanks();
        if !parser.rest.is_empty() {
            return Err(parser.malformed());
        }
        let types = MAX_TYPES - parser.left;
        Ok(Measured { value, extent: TypeExtent { levels: parser.levels, types } })
    }

    /// How large it is. Only for what shares nothing: each user type is walked where it stands.
    pub(super) fn extent(&self) -> TypeExtent {
        let mut extent = TypeExtent { levels: 0, types: 1 };
        let mut add = |inner: &Self| {
            let inner = inner.extent();
            extent.levels = extent.levels.max(inner.levels);
            extent.types += inner.types;
        };
        match self {
            Self::List(element) | Self::Set(element) | Self::Vector(element, _) => add(element),
            Self::Map(key, value) => [key, value].into_iter().for_each(|ty| add(ty)),
            Self::Tuple(elements) => elements.iter().for_each(add),
            Self::UserType(user) => user.fields.iter().for_each(|(_, field)| add(field)),
            _ => {}
        }
        extent.levels += 1;
        extent
    }
}

struct CqlParser<'a> {
    text: &'a str,
    rest: &'a str,
    find: &'a FindUserType<'a>,
    /// How many types there may still be.
    left: usize,
    /// Of the deepest type until now.
    levels: usize,
}

impl<'a> CqlParser<'a> {
    /// One type that stands in so many others.
    fn any(&mut self, outer: usize) -> Result<ColumnType, CqlTypeError> {
        self.count(outer, TypeExtent { levels: 1, types: 1 })?;
        self.skip_blanks();
        if self.rest.starts_with('\'') {
            let class = self.quoted('\'')?;
            return self.class(&class, outer);
        }
        let inner = outer + 1;
        let is_quoted = self.rest.starts_with('"');
        let name = self.name()?;
        if self.take('.') {
            let keyspace = name;
            let name = self.name()?;
            return self.user_type(Some(&keyspace), &name, outer);
        }
        if is_quoted {
            return self.user_type(None, &name, outer);
        }
        if let Some(native) = native(&name) {
            return Ok(native);
        }
        Ok(match &*name {
            "frozen" => self.one(inner)?,
            "list" => ColumnType::List(Box::new(self.one(inner)?)),
            "set" => ColumnType::Set(Box::new(self.one(inner)?)),
            "map" => self.map(inner)?,
            "tuple" => self.tuple(inner)?,
            "vector" => self.vector(inner)?,
            _ => return self.user_type(None, &name, outer),
        })
    }

    /// Counts what begins here, in so many others.
    fn count(&mut self, outer: usize, extent: TypeExtent) -> Result<(), CqlTypeError> {
        self.levels = self.levels.max(outer.saturating_add(extent.levels));
        if self.levels > MAX_DEPTH {
            return Err(CqlTypeError::TooLarge);
        }
        self.left = self.left.checked_sub(extent.types).ok_or(CqlTypeError::TooLarge)?;
        Ok(())
    }

    /// Takes the place of a type that was counted.
    fn replace(&mut self, outer: usize, extent: TypeExtent) -> Result<(), CqlTypeError> {
        self.left += 1;
        self.count(outer, extent)
    }

    fn class(&mut self, class: &str, outer: usize) -> Result<ColumnType, CqlTypeError> {
        // One that is too large is a class like any other: its values are opaque.
        let ty = class::parse(class, MAX_DEPTH.saturating_sub(outer), &mut { self.left });
        self.replace(outer, ty.extent())?;
        Ok(ty)
    }

    fn user_type(
        &mut self,
        keyspace: Option<&str>,
        name: &str,
        outer: usize,
    ) -> Result<ColumnType, CqlTypeError> {
        let found = (self.find)(keyspace, name);
        let found = found.ok_or_else(|| CqlTypeError::Unknown { name: name.to_owned() })?;
        self.replace(outer, found.extent)?;
        Ok(ColumnType::UserType(found.value))
    }

    /// `<type>`.
    fn one(&mut self, outer: usize) -> Result<ColumnType, CqlTypeError> {
        self.expect('<')?;
        let element = self.any(outer)?;
        self.expect('>')?;
        Ok(element)
    }

    /// `<type, type>`.
    fn map(&mut self, outer: usize) -> Result<ColumnType, CqlTypeError> {
        self.expect('<')?;
        let key = self.any(outer)?;
        self.expect(',')?;
        let value = self.any(outer)?;
        self.expect('>')?;
        Ok(ColumnType::Map(Box::new(key), Box::new(value)))
    }

    /// `<type, type, ...>`.
    fn tuple(&mut self, outer: usize) -> Result<ColumnType, CqlTypeError> {
        let mut elements = Vec::new();
        self.expect('<')?;
        if self.take('>') {
            return Ok(ColumnType::Tuple(elements));
        }
        loop {
            elements.push(self.any(outer)?);
            if !self.take(',') {
                self.expect('>')?;
                return Ok(ColumnType::Tuple(elements));
            }
        }
    }

    /// `<type, dimension>`.
    fn vector(&mut self, outer: usize) -> Result<ColumnType, CqlTypeError> {
        self.expect('<')?;
        let element = self.any(outer)?;
        self.expect(',')?;
        self.skip_blanks();
        let malformed = self.malformed();
        // A server keeps the dimension in an int, and has no vectors without elements.
        let dimension = self.word().parse::<i32>().ok().and_then(|n| u32::try_from(n).ok());
        let dimension = dimension.filter(|n| *n > 0).ok_or(malformed)?;
        self.expect('>')?;
        Ok(ColumnType::Vector(Box::new(element), dimension))
    }

    /// A name, as the server spells it: in lower case, unless it is in quotes.
    fn name(&mut self) -> Result<Cow<'a, str>, CqlTypeError> {
        self.skip_blanks();
        if self.rest.starts_with('"') {
            return self.quoted('"');
        }
        let word = self.word();
        if word.is_empty() {
            return Err(self.malformed());
        }
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Ok(word.to_ascii_lowercase().into());
        }
        Ok(word.into())
    }

    /// What is between two of these quotes; one that is doubled is one in the text.
    fn quoted(&mut self, quote: char) -> Result<Cow<'a, str>, CqlTypeError> {
        self.expect(quote)?;
        let start = self.rest;
        let mut doubled = false;
        loop {
            let end = self.rest.find(quote).ok_or_else(|| self.malformed())?;
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !self.rest.starts_with(quote) {
                break;
            }
            doubled = true;
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        let length = start.len() - self.rest.len() - 1;
        let text = start.get(..length).unwrap_or_default();
        Ok(if doubled {
            text.replace(&format!("{quote}{quote}"), &quote.to_string()).into()
        } else {
            text.into()
        })
    }

    /// Letters, digits and underscores, as many as there are.
    fn word(&mut self) -> &'a str {
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn take(&mut self, punctuation: char) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(punctuation);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, punctuation: char) -> Result<(), CqlTypeError> {
        if self.take(punctuation) { Ok(()) } else { Err(self.malformed()) }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    const fn malformed(&self) -> CqlTypeError {
        CqlTypeError::Malformed { at: self.text.len() - self.rest.len() }
    }
}

/// The type that is nothing but its name.
fn native(name: &str) -> Option<ColumnType> {
    Some(match name {
        "ascii" => ColumnType::Ascii,
        "bigint" => ColumnType::BigInt,
        "blob" => ColumnType::Blob,
        "boolean" => ColumnType::Boolean,
        "counter" => ColumnType::Counter,
        "decimal" => ColumnType::Decimal,
        "double" => ColumnType::Double,
        "float" => ColumnType::Float,
        "int" => ColumnType::Int,
        "timestamp" => ColumnType::Timestamp,
        "uuid" => ColumnType::Uuid,
        "text" | "varchar" => ColumnType::Text,
        "varint" => ColumnType::Varint,
        "timeuuid" => ColumnType::TimeUuid,
        "inet" => ColumnType::Inet,
        "date" => ColumnType::Date,
        "time" => ColumnType::Time,
        "smallint" => ColumnType::SmallInt,
        "tinyint" => ColumnType::TinyInt,
        "duration" => ColumnType::Duration,
        "empty" => ColumnType::Custom(EMPTY.to_owned()),
        _ => return None,
    })
}
