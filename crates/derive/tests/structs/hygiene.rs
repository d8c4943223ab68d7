//! Nothing that its user has named or denied gets into the way of what a macro writes.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    elided_lifetimes_in_paths,
    single_use_lifetimes,
    unused_qualifications,
    clippy::pedantic,
    clippy::nursery,
    clippy::unwrap_used,
    clippy::expect_used
)]
#![allow(dead_code, non_camel_case_types, reason = "the names of the prelude, made useless")]

use cqlwire_derive::{BindValues, Row, UserType, Value};

struct Result;
struct Option;
struct Vec;
struct String;
enum Shadow {
    Ok,
    Err,
    Some,
    None,
}
#[allow(unused_imports, reason = "they are here to be in the way")]
use Shadow::{Err, None, Ok, Some};

trait Default {}
trait From {}
trait Into {}

mod core {}
mod std {}

/// A row.
#[derive(Debug, Row, BindValues, UserType)]
pub struct Everything {
    /// It.
    pub plan: i32,
    /// Has.
    #[cql(default)]
    pub cells: ::std::option::Option<i64>,
    /// Fields.
    pub fields: ::std::string::String,
    /// Of.
    pub columns: bool,
    /// Names.
    pub names: f64,
    /// That.
    pub ty: f32,
    /// The macros.
    pub cell: i8,
    /// Use.
    pub out: i16,
    /// For.
    pub name: ::std::vec::Vec<u8>,
    /// Their.
    pub show: ::std::collections::BTreeMap<i32, ::std::string::String>,
    /// Own.
    #[cql(skip)]
    pub value: ::std::option::Option<u8>,
}

/// One that borrows, and is generic.
#[derive(Debug, Row, UserType)]
pub struct Borrowing<'a, T> {
    /// A text.
    pub text: &'a str,
    /// Anything.
    #[cql(default)]
    pub any: T,
}

/// By position.
#[derive(Debug, Row)]
pub struct Position<'page>(pub &'page str, #[cql(default)] pub i32);

/// Only one.
#[derive(Debug, Value, Row)]
pub struct Newtype(pub i32);

/// By text.
#[derive(Debug, Value)]
pub enum Text {
    /// A name like those of the prelude.
    None,
    /// Another.
    Err,
}

/// By number.
#[derive(Debug, Value)]
#[cql(by = "number")]
#[repr(i8)]
pub enum Number {
    /// A name like those of the prelude.
    Ok = 3,
}

/// Another path to the codec.
#[derive(Debug, Row, UserType, BindValues)]
#[cql(crate = "::cqlwire_codec")]
pub struct Elsewhere {
    /// A number.
    pub number: i32,
}
