//! Attributes that nobody knows, that stand in the wrong place or say nothing that can be read:
//! all of them told at once.

use cqlwire_derive::{Row, UserType, BindValues};

#[derive(Row)]
#[cql(stricter)]
struct Unknown {
    #[cql(renamed = "x")]
    a: i32,
    #[cql(strict)]
    b: i32,
    #[cql(rename)]
    c: i32,
    #[cql(rename = x)]
    d: i32,
    #[cql(default = "1")]
    e: i32,
    #[cql = "skip"]
    f: i32,
    #[cql(path::to::skip)]
    g: i32,
}

#[derive(UserType)]
#[cql(rename_all = "Camel", crate = "not a path", flatten, unknown(really = "x"), strict)]
struct OnStruct {
    a: i32,
}

#[derive(BindValues)]
#[cql(rename_all = "camelCase")]
#[cql(rename_all = "lowercase")]
struct Twice {
    #[cql(skip, skip)]
    a: i32,
    b: i32,
}

fn main() {}
