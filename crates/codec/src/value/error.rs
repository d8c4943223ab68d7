//! Why a value does not fit: each error names the column, the type in CQL, the type in Rust, and
//! what would have fitted.

use std::fmt::{self, Display, Formatter};

use super::{MissingColumn, MissingField, rust_type};
use crate::ColumnType;

/// Why a value could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The statement has another number of bind markers.
    #[error("{given} values for {expected} bind markers")]
    Count {
        /// How many values were given.
        given: usize,
        /// How many bind markers there are.
        expected: usize,
    },
    /// The rows have another number of columns than what they are read as.
    #[error("rows of {found} columns are read as {wanted}")]
    Columns {
        /// How many columns the Rust type has.
        wanted: usize,
        /// How many columns the rows have.
        found: usize,
    },
    /// There is no column of this name, or at this position.
    #[error("there is no column `{0}`")]
    NoColumn(Box<str>),
    /// A field of a struct for which there is no column.
    #[error(transparent)]
    MissingColumn(Box<MissingColumn>),
    /// A column that is no field of a struct which takes no others.
    #[error("the column `{column}` is none of {}, which is strict", rust_type::short(row))]
    UnknownColumn {
        /// The column.
        column: Box<str>,
        /// The struct.
        row: &'static str,
    },
    /// A field of a struct or of a value that the user type has not.
    #[error(transparent)]
    MissingField(Box<MissingField>),
    /// The values are given by name, and one has the name of no bind marker.
    #[error("there is no bind marker `{0}`")]
    NoMarker(Box<str>),
    /// The values are given by name, and there is none of the name of this bind marker.
    #[error("there is no value for the bind marker `{0}`")]
    NoValue(Box<str>),
    /// What the value means depends on its bind marker, and there is none: a server could take the
    /// bytes for another value, or it cannot be kept until there is one.
    #[error("{which} needs the type of its bind marker: prepare the statement")]
    NeedsMarker {
        /// Which value, in words: `value 2`, or its name.
        which: Box<str>,
    },
    /// A type in Rust and a type in CQL that do not go together, whatever the value.
    #[error(transparent)]
    Mismatch(Box<TypeMismatch>),
    /// The types go together, but this value of one is none of the other.
    #[error(transparent)]
    Value(Box<InvalidValue>),
    /// An unset value inside of another, a null inside of a collection or vector, two keys of a map
    /// that are the same to a server, a value nested too deep.
    #[error(transparent)]
    Misplaced(Box<Misplaced>),
    /// The content of a page ends in the middle of a row.
    #[error("the rows are cut off at byte {at}: {needed} bytes needed, {remaining} left")]
    CutRow {
        /// Where, in bytes from the start of the content.
        at: usize,
        /// How many bytes had to follow at least.
        needed: usize,
        /// How many did.
        remaining: usize,
    },
    /// A value, or its name, is longer than its length field can say.
    #[error("{length} bytes are over the limit of {limit}")]
    TooLong {
        /// How long it is, in bytes.
        length: usize,
        /// How long it may be, in bytes.
        limit: usize,
    },
    /// What encodes the values, code of their user, panicked.
    #[error("encoding the values panicked: {0}")]
    Panicked(Box<str>),
}

impl ValueError {
    /// `T` does not go with this type.
    #[cold]
    pub fn mismatch<T: ?Sized>(cql: &ColumnType) -> Self {
        let rust = std::any::type_name::<T>();
        Self::Mismatch(Box::new(TypeMismatch { column: None, field: None, cql: cql.clone(), rust }))
    }

    /// `T` goes with this type, but not this value of it.
    #[cold]
    pub fn value<T: ?Sized>(cql: &ColumnType, problem: ValueProblem) -> Self {
        let (rust, cql) = (std::any::type_name::<T>(), cql.clone());
        Self::Value(Box::new(InvalidValue { column: None, field: None, cql, rust, problem }))
    }

    /// A value that no variant of `T`, an enum, stands for.
    #[cold]
    pub fn unknown_variant<T: ?Sized>(cql: &ColumnType, value: impl Display) -> Self {
        Self::value::<T>(cql, ValueProblem::UnknownVariant { value: shortened(&value).into() })
    }

    /// A value nested deeper than any type of a message may be.
    #[cold]
    pub(crate) fn too_deep() -> Self {
        Self::misplaced("a value cannot be nested in more than 64 others")
    }

    /// A column that a strict struct has no field for.
    #[cold]
    pub(crate) fn unknown_column(column: &str, row: &'static str) -> Self {
        Self::UnknownColumn { column: column.into(), row }
    }

    /// What stands inside of another value and may not stand there.
    #[cold]
    pub(crate) fn misplaced(what: &'static str) -> Self {
        Self::Misplaced(Box::new(Misplaced { column: None, field: None, what }))
    }

    /// The same error with the column (or bind marker) named, unless it already is.
    #[cold]
    #[must_use]
    pub fn in_column(mut self, name: &str) -> Self {
        let column = match &mut self {
            Self::Mismatch(mismatch) => &mut mismatch.column,
            Self::Value(value) => &mut value.column,
            Self::Misplaced(misplaced) => &mut misplaced.column,
            Self::MissingField(missing) => &mut missing.column,
            _ => return self,
        };
        column.get_or_insert_with(|| name.into());
        self
    }

    /// The same error with the field of a user type named, before those that it names already.
    #[cold]
    #[must_use]
    pub fn in_field(self, name: &str) -> Self {
        self.inside(name)
    }

    /// The same error with the element of a collection named by its position, before what the error
    /// names already.
    #[cold]
    #[must_use]
    pub(crate) fn in_element(self, at: usize) -> Self {
        self.inside(&format!("[{at}]"))
    }

    /// As [`in_element`](Self::in_element), of the key of an entry.
    #[cold]
    #[must_use]
    pub(crate) fn in_key(self, at: usize) -> Self {
        self.inside(&format!("[key {at}]"))
    }

    /// As [`in_element`](Self::in_element), of the value of an entry.
    #[cold]
    #[must_use]
    pub(crate) fn in_value(self, at: usize) -> Self {
        self.inside(&format!("[value {at}]"))
    }

    /// The same error with one more step on the way to what is at fault.
    fn inside(mut self, step: &str) -> Self {
        let path = match &mut self {
            Self::Mismatch(mismatch) => &mut mismatch.field,
            Self::Value(value) => &mut value.field,
            Self::Misplaced(misplaced) => &mut misplaced.field,
            Self::MissingField(missing) => {
                missing.field = join(step, &missing.field).into();
                return self;
            }
            _ => return self,
        };
        *path = Some(path.take().map_or_else(|| step.into(), |rest| join(step, &rest).into()));
        self
    }
}

/// Of a longer text, an error shows so many characters.
const MOST_CHARACTERS: usize = 64;

fn shortened(value: &dyn Display) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text,
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// A path with a step before it: `a.b`, `a[0]`, `[0].b`.
fn join(step: &str, rest: &str) -> String {
    let dot = if rest.starts_with('[') { "" } else { "." };
    format!("{step}{dot}{rest}")
}

/// A type in Rust and a type in CQL that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeMismatch {
    /// The column or bind marker, if there is one.
    pub column: Option<Box<str>>,
    /// Inside of another value, the way to it: the names of fields with dots between them, and in
    /// brackets the positions of elements, as they came: `addresses[2].street`.
    pub field: Option<Box<str>>,
    /// What it is in CQL; inside a collection, the type of the element that does not fit.
    pub cql: ColumnType,
    /// What it was to be in Rust.
    pub rust: &'static str,
}

impl std::error::Error for TypeMismatch {}

impl Display for TypeMismatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_place(f, self.column.as_deref(), self.field.as_deref())?;
        let (cql, rust) = (&self.cql, rust_type::short(self.rust));
        write!(f, "{cql} does not go with {rust}; use {}", rust_type::of(cql))
    }
}

/// A value that is none of the type that it was to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidValue {
    /// The column or bind marker, if there is one.
    pub column: Option<Box<str>>,
    /// Inside of another value, the way to it: the names of fields with dots between them, and in
    /// brackets the positions of elements, as they came: `addresses[2].street`.
    pub field: Option<Box<str>>,
    /// What it is in CQL; inside a collection, the type of the element at fault.
    pub cql: ColumnType,
    /// What it is in Rust.
    pub rust: &'static str,
    /// What is wrong with it.
    pub problem: ValueProblem,
}

impl std::error::Error for InvalidValue {}

impl Display for InvalidValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_place(f, self.column.as_deref(), self.field.as_deref())?;
        let (cql, rust) = (&self.cql, rust_type::short(self.rust));
        write!(f, "{cql} as {rust}: {}", self.problem)?;
        match self.problem {
            ValueProblem::Null | ValueProblem::Empty => write!(f, "; use Option<{rust}>"),
            _ => Ok(()),
        }
    }
}

/// What stands inside of another value and may not stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misplaced {
    /// The column or bind marker, if there is one.
    pub column: Option<Box<str>>,
    /// Inside of another value, the way to it: the names of fields with dots between them, and in
    /// brackets the positions of elements, as they came: `addresses[2].street`.
    pub field: Option<Box<str>>,
    /// What it is and where.
    pub what: &'static str,
}

impl std::error::Error for Misplaced {}

impl Display for Misplaced {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_place(f, self.column.as_deref(), self.field.as_deref())?;
        f.write_str(self.what)
    }
}

fn write_place(f: &mut Formatter<'_>, column: Option<&str>, field: Option<&str>) -> fmt::Result {
    let in_column = field.filter(|field| field.starts_with('['));
    match (column, field) {
        (None, None) => Ok(()),
        (Some(column), None) => write!(f, "column `{column}`: "),
        (Some(column), Some(field)) if in_column.is_some() => {
            write!(f, "column `{column}{field}`: ")
        }
        (None, Some(field)) if in_column.is_some() => write!(f, "element `{field}`: "),
        (None, Some(field)) => write!(f, "field `{field}`: "),
        (Some(column), Some(field)) => write!(f, "column `{column}`, field `{field}`: "),
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// It is null, or a field that is not there.
    #[error("it is null")]
    Null,
    /// It has 0 bytes where the type has a size: the "empty" value, which servers still keep for
    /// the sake of old clients, and which is not null.
    #[error("it is empty, 0 bytes")]
    Empty,
    /// It has another number of bytes than the type.
    #[error("it cannot have {found} bytes")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// It ends too early.
    #[error("{needed} bytes needed, {remaining} left")]
    UnexpectedEnd {
        /// How many bytes it takes at least.
        needed: usize,
        /// How many there were.
        remaining: usize,
    },
    /// Bytes follow its end.
    #[error("{bytes} bytes follow its end")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// It declares a number of elements that cannot be: below zero, or more than its bytes hold.
    #[error("it cannot have {count} elements in {remaining} bytes")]
    ElementCount {
        /// As declared.
        count: i64,
        /// How many bytes there are for them.
        remaining: usize,
    },
    /// It has more fields than its type: the type was altered after its description was fetched.
    #[error("it has more than its {fields} fields, so its type has been altered since")]
    TooManyFields {
        /// How many fields the type has.
        fields: usize,
    },
    /// It declares an element of a length below that of null, -1.
    #[error("an element of it cannot have {length} bytes")]
    NegativeLength {
        /// As declared.
        length: i32,
    },
    /// It has another number of elements than the vector in CQL, or the array in Rust.
    #[error("it has {given} elements and not {expected}")]
    Elements {
        /// How many it has.
        given: usize,
        /// How many it must have.
        expected: usize,
    },
    /// A text that is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// A text with characters other than ASCII.
    #[error("it is not ASCII")]
    NotAscii,
    /// A text that is not JSON.
    #[error("it is not JSON")]
    NotJson,
    /// Out of the range of the Rust type, or of the CQL type.
    #[error("it is out of range")]
    OutOfRange,
    /// It is none of those that the variants of an enum stand for.
    #[error("`{value}` is no variant")]
    UnknownVariant {
        /// The text or the number; of a long text, the beginning.
        value: Box<str>,
    },
    /// A duration of which some parts are positive and some negative.
    #[error("its parts differ in sign")]
    MixedSigns,
    /// A value, or its name, is longer than its length field can say.
    #[error("{length} bytes are over the limit of {limit}")]
    TooLong {
        /// How long it is, in bytes.
        length: usize,
        /// How long it may be, in bytes.
        limit: usize,
    },
}
