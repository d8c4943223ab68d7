//! A page has one lifetime.

use cqlwire_derive::{Row, UserType};

#[derive(Row)]
struct OfTwoPages<'a, 'b> {
    a: &'a str,
    b: &'b str,
}

#[derive(UserType)]
struct Three<'a, 'b, 'c> {
    a: &'a str,
    b: &'b str,
    #[cql(flatten)]
    c: &'c str,
}

fn main() {}
