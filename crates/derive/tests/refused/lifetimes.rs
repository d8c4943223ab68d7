//! A page has one lifetime.

use cqlwire_derive::{Row, Value};

#[derive(Row)]
struct OfTwoPages<'a, 'b> {
    a: &'a str,
    b: &'b str,
}

#[derive(Value)]
struct Three<'a, 'b, 'c> {
    a: &'a str,
    b: &'b str,
    #[cql(flatten)]
    c: &'c str,
}

fn main() {}
