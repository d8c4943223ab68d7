//! Derive macros of cqlwire.

mod attributes;
mod errors;
mod generics;
mod input;
mod rename;
mod row;
mod value;
mod values;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// A struct as a row.
#[proc_macro_derive(Row, attributes(cql))]
pub fn row(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    row::derive(input).unwrap_or_else(Error::into_compile_error).into()
}

/// A struct as a user type.
#[proc_macro_derive(Value, attributes(cql))]
pub fn value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    value::derive(input).unwrap_or_else(Error::into_compile_error).into()
}

/// A struct as bind values.
#[proc_macro_derive(Values, attributes(cql))]
pub fn values(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    values::derive(input).unwrap_or_else(Error::into_compile_error).into()
}
