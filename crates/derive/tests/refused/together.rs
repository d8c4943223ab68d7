//! Attributes that contradict each other.

use cqlwire_derive::{Row, UserType, BindValues};

#[derive(Row)]
struct Fields {
    #[cql(skip, rename = "x")]
    a: i32,
    #[cql(default, skip)]
    b: i32,
    #[cql(flatten)]
    #[cql(default)]
    c: i32,
    #[cql(flatten, rename = "x", skip)]
    d: i32,
    e: i32,
}

#[derive(Row)]
struct Names {
    a: i32,
    #[cql(rename = "a")]
    b: i32,
    #[cql(rename = "c")]
    c: i32,
    #[cql(rename = "c", default)]
    d: i32,
}

#[derive(UserType)]
struct UserType {
    #[cql(flatten)]
    a: i32,
    b: i32,
}

#[derive(BindValues)]
#[cql(rename_all = "lowercase")]
struct Folded {
    first_name: i32,
    firstname: i32,
}

fn main() {}
