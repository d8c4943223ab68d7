//! Why a text is no value of its column's type.

use std::borrow::Cow;
use std::fmt;

use cqlwire::codec::ColumnType;

/// How many characters of what was read are shown, and of a type.
const MOST_CHARACTERS: usize = 64;

/// What was read is no value of the type. It names the column, if that is known, and the way to what is
/// at fault inside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    column: Option<Box<str>>,
    path: String,
    cql: String,
    read: String,
    allowed: Cow<'static, str>,
}

impl ParseError {
    /// This text is no value of the type.
    #[cold]
    pub(super) fn new(read: &str, ty: &ColumnType) -> Self {
        Self::but(read, ty, allowed(ty))
    }

    /// The same, where something else has to be said about what is allowed.
    #[cold]
    pub(super) fn but(read: &str, ty: &ColumnType, allowed: impl Into<Cow<'static, str>>) -> Self {
        let (column, path, allowed) = (None, String::new(), allowed.into());
        Self { column, path, cql: shortened(&ty.to_string()), read: shortened(read), allowed }
    }

    /// It was read in this column.
    #[must_use]
    pub(crate) fn in_column(mut self, name: &str) -> Self {
        self.column = Some(name.into());
        self
    }

    /// It is the element of this position of another value.
    pub(super) fn in_element(mut self, at: usize) -> Self {
        self.path.insert_str(0, &format!("[{at}]"));
        self
    }

    /// It is the field of this name of another value.
    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.path.insert_str(0, &format!(".{name}"));
        self
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, path, cql, read, allowed } = self;
        match column {
            Some(column) => write!(f, "column `{column}{path}`: ")?,
            None if !path.is_empty() => write!(f, "at `{path}`: ")?,
            None => {}
        }
        write!(f, "`{read}` is no {cql}; allowed: {allowed}")
    }
}

/// The beginning of a long text.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// What a value of the type looks like.
fn allowed(ty: &ColumnType) -> Cow<'static, str> {
    match ty {
        ColumnType::Vector(_, dimension) => format!("[...] with {dimension} elements").into(),
        ColumnType::Tuple(types) => format!("(...) with up to {} elements", types.len()).into(),
        ColumnType::UserType(user) => {
            let names: Vec<&str> = user.fields.iter().map(|(name, _)| name.as_str()).collect();
            format!("{{name: value, ...}} of {}", shortened(&names.join(", "))).into()
        }
        ty => of_word(ty).into(),
    }
}

const fn of_word(ty: &ColumnType) -> &'static str {
    match ty {
        ColumnType::Ascii => "characters of ASCII",
        ColumnType::TinyInt => "a whole number from -128 to 127",
        ColumnType::SmallInt => "a whole number from -32768 to 32767",
        ColumnType::Int => "a whole number from -2147483648 to 2147483647",
        ColumnType::BigInt | ColumnType::Counter => {
            "a whole number from -9223372036854775808 to 9223372036854775807"
        }
        ColumnType::Varint => "a whole number of up to 2466 digits, or 0x and its bytes",
        ColumnType::Decimal => "a number such as 12.50 or 1E-40",
        ColumnType::Float => "a number such as 1.5, up to 3.4e38, NaN, Infinity or -Infinity",
        ColumnType::Double => "a number such as 1.5, up to 1.7e308, NaN, Infinity or -Infinity",
        ColumnType::Boolean => "true or false",
        ColumnType::Blob | ColumnType::Custom(_) => "0x and two hexadecimal digits a byte",
        ColumnType::Uuid => "a uuid such as 123e4567-e89b-42d3-a456-426614174000",
        ColumnType::TimeUuid => "a uuid of version 1 such as 123e4567-e89b-12d3-a456-426614174000",
        ColumnType::Inet => "an address such as 10.0.0.1 or 2001:db8::1",
        ColumnType::Timestamp => {
            "2015-11-02 13:45:00.123+0000, parts of it from the day on, or milliseconds since 1970"
        }
        ColumnType::Date => "a day such as 2015-11-02",
        ColumnType::Time => "a time such as 13:45:00.123456789, or nanoseconds of the day",
        ColumnType::Duration => "a duration such as 1mo2d3h, P1M2DT3H or P0000-01-02T03:00:00",
        ColumnType::List(_) => "[a, b, ...]",
        ColumnType::Set(_) => "{a, b, ...}",
        ColumnType::Map(..) => "{key: value, ...}",
        _ => "any text",
    }
}
