//! Derive macros of cqlwire: structs as rows, as user-defined types and as bind values; newtypes and
//! enums as values.
//!
//! They are used through the driver, `cqlwire`, whose feature `derive` is on by default. (In the
//! examples here, which know the codec alone, a hidden line says where it is.)
//!
//! | derive | what the struct is then | what is implemented |
//! |---|---|---|
//! | [`Row`] | what a row is read as | `DecodeRow`, `NamedColumns`, the constant `COLUMNS` |
//! | [`UserType`] | a user-defined type | `DecodeValue`, `EncodeValue` |
//! | [`Value`] | a value: what its only field is, or a variant as text or number | `DecodeValue`, `EncodeValue` |
//! | [`BindValues`] | the bind values of a statement, by name | `EncodeValues`, `ValuesByName` |
#![doc = ""]
#![doc = include_str!("../docs/attributes.md")]

mod attributes;
mod bind_values;
mod columns;
mod enumeration;
mod errors;
mod generics;
mod input;
mod rename;
mod row;
mod user_type;
mod value;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// What a row is read as: a struct with names takes the columns by their names, in any order and
/// among others; a tuple struct takes them by their positions, all of them.
///
/// ```
/// use cqlwire_derive::Row;
///
/// #[derive(Row)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct User {
///     id: i64,
///     #[cql(rename = "full_name")]
///     name: String,
///     /// Null, for users who do not say.
///     age: Option<i32>,
///     /// Empty where it is null, or is not selected.
///     #[cql(default)]
///     languages: Vec<String>,
///     #[cql(flatten)]
///     place: Place,
/// }
///
/// #[derive(Row)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct Place {
///     city: String,
///     country: String,
/// }
///
/// /// Borrows from its page, and allocates nothing.
/// #[derive(Row)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct Photo<'page> {
///     title: &'page str,
///     jpeg: &'page [u8],
/// }
///
/// #[derive(Row)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct Total(i64);
/// ```
///
/// Which column goes to which field, and whether their types go together, is found out once for a
/// result; each row is then one walk over its cells. Columns in the order of the fields are read
/// fastest. A flattened struct is a walk of its own.
///
/// A struct with names has a constant `COLUMNS`, the [columns] that it is read from, for the lists
/// of SELECT and INSERT; those of flattened structs are among them, skipped fields are not.
///
/// ```
/// # use cqlwire_derive::Row;
/// #[derive(Row)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct Star {
///     id: i32,
///     #[cql(rename = "fullName")]
///     name: String,
/// }
///
/// let select = format!("SELECT {} FROM stars WHERE id = ?", Star::COLUMNS);
/// assert_eq!(select, r#"SELECT "id", "fullName" FROM stars WHERE id = ?"#);
/// let markers = Star::COLUMNS.markers();
/// let insert = format!("INSERT INTO stars ({}) VALUES ({markers})", Star::COLUMNS);
/// assert_eq!(insert, r#"INSERT INTO stars ("id", "fullName") VALUES (:"id", :"fullName")"#);
/// ```
///
/// [columns]: https://docs.rs/cqlwire-codec/latest/cqlwire_codec/struct.Columns.html
///
/// A flattened struct takes the columns that it wants, even if others take them too. `strict`
/// belongs on the outer struct: on the flattened one it would refuse the columns of the outer.
///
#[doc = include_str!("../docs/attributes.md")]
#[proc_macro_derive(Row, attributes(cql))]
pub fn row(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    row::derive(input).unwrap_or_else(Error::into_compile_error).into()
}

/// A user-defined type, read and written by the names of its fields.
///
/// ```
/// use cqlwire_derive::UserType;
///
/// #[derive(Debug, PartialEq, UserType)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct Address {
///     street: String,
///     number: Option<i32>,
///     #[cql(default)]
///     notes: Vec<String>,
/// }
/// ```
///
/// What the type has and the struct has not is skipped when it is read, and written as null.
/// What the struct has and the type has not is an error; with `#[cql(default)]` it can be read, but
/// it is never dropped in silence where it would have to be written. Fields that are missing at the
/// end of a value, as in one from before they were added, are null.
///
#[doc = include_str!("../docs/attributes.md")]
#[proc_macro_derive(UserType, attributes(cql))]
pub fn user_type(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    user_type::derive(input).unwrap_or_else(Error::into_compile_error).into()
}

/// A value of a column: a struct that is whatever its only field is, or an enum without fields, as
/// text or as a number.
///
/// ```
/// use bytes::BytesMut;
/// use cqlwire_codec::{ColumnType, DecodeValue, EncodeValue};
/// use cqlwire_derive::Value;
///
/// #[derive(Debug, PartialEq, Value)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct UserId(i64);
///
/// /// text: `new`, `in_transit`, `lost`.
/// #[derive(Debug, PartialEq, Value)]
/// # #[cql(crate = "cqlwire_codec")]
/// #[cql(rename_all = "snake_case")]
/// enum State {
///     New,
///     InTransit,
///     #[cql(rename = "lost")]
///     Missing,
/// }
///
/// /// smallint: 1, 2, 10.
/// #[derive(Debug, PartialEq, Value)]
/// # #[cql(crate = "cqlwire_codec")]
/// #[cql(by = "number")]
/// #[repr(i16)]
/// enum Priority {
///     Low = 1,
///     Normal,
///     High = 10,
/// }
///
/// let mut out = BytesMut::new();
/// UserId(7).encode(Some(&ColumnType::BigInt), &mut out)?;
/// assert_eq!(&out[..], [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]);
/// assert_eq!(UserId::decode(&ColumnType::BigInt, Some(&out[4..]))?, UserId(7));
///
/// assert_eq!(State::decode(&ColumnType::Text, Some(b"in_transit"))?, State::InTransit);
/// assert_eq!(Priority::decode(&ColumnType::SmallInt, Some(&[0, 10]))?, Priority::High);
/// let error = State::decode(&ColumnType::Text, Some(b"sold")).unwrap_err();
/// assert_eq!(error.to_string(), "text as State: `sold` is no variant");
/// # Ok::<(), cqlwire_codec::ValueError>(())
/// ```
///
/// By text, a variant is its name as it is written in Rust, unless `rename` or `rename_all` says
/// otherwise. By number, it is its discriminant, and `#[repr]` says of which type: `i8` is tinyint,
/// `i16` smallint, `i32` int, `i64` bigint. A text or number that no variant stands for is an error,
/// which names it.
///
#[doc = include_str!("../docs/attributes.md")]
#[proc_macro_derive(Value, attributes(cql))]
pub fn value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    value::derive(input).unwrap_or_else(Error::into_compile_error).into()
}

/// The bind values of a statement: each field goes to the markers of its name.
///
/// ```
/// use bytes::BytesMut;
/// use cqlwire_codec::EncodeValues;
/// use cqlwire_derive::BindValues;
///
/// /// For `INSERT INTO users (id, full_name) VALUES (?, ?)`, or `(:id, :full_name)`.
/// #[derive(BindValues)]
/// # #[cql(crate = "cqlwire_codec")]
/// struct NewUser<'a> {
///     id: i64,
///     #[cql(rename = "full_name")]
///     name: &'a str,
/// }
///
/// let new = NewUser { id: 7, name: "Ada" };
/// assert_eq!(new.encode_values(&[], &mut BytesMut::new())?, 2);
/// # Ok::<(), cqlwire_codec::ValueError>(())
/// ```
///
/// A marker `?` has the name of its column; where there is none, a name that no column can have, to
/// be given with `#[cql(rename = "...")]`: `[ttl]`, `[timestamp]`, `[limit]`, `[per_partition_limit]`,
/// `in(c)` of `c IN ?`, `key(m)` and `value(m)` of a map, `idx(l)` of a list, `partition key token` of
/// `token(k) > ?`, `[json]`. The documentation of `EncodeValues` has all of them. Two of them on one column have the same name, and get
/// the same value: name them apart, as in `WHERE day >= :from AND day < :to`.
///
/// A marker without a field is an error, and so is a field without a marker; both before anything
/// is sent. `None` is null, which deletes what is there; a `MaybeUnset` leaves it alone.
///
/// In a statement that is not prepared, the names are sent along, and its markers have to be named.
/// The same is done for a prepared one without any markers: there it is the server that refuses.
///
#[doc = include_str!("../docs/attributes.md")]
#[proc_macro_derive(BindValues, attributes(cql))]
pub fn bind_values(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    bind_values::derive(input).unwrap_or_else(Error::into_compile_error).into()
}
