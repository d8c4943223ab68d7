//! Newtypes that are none, and enums that no type of CQL goes with.

use cqlwire_derive::{Row, UserType, Value};

#[derive(Value)]
struct TwoFields {
    a: i32,
    b: i32,
}

#[derive(Value)]
#[cql(strict, rename_all = "lowercase", by = "number")]
struct OneField {
    #[cql(rename = "x", default)]
    a: i32,
}

#[derive(Value)]
struct Flattened(#[cql(flatten)] i32);

#[derive(Value)]
struct Nothing;

#[derive(Value)]
union Union {
    a: i32,
}

#[derive(Value)]
enum Never {}

#[derive(Value)]
enum WithFields {
    A,
    B(i32),
    C { c: i32 },
}

#[derive(Value)]
#[cql(by = "number")]
enum WhichNumber {
    A,
}

#[derive(Value)]
#[cql(by = "number", rename_all = "lowercase")]
#[repr(u8)]
enum Unsigned {
    #[cql(rename = "a")]
    A,
}

#[derive(Value)]
#[cql(strict, rename_all = "lowercase")]
enum Same {
    OneTwo,
    Onetwo,
    #[cql(rename = "onetwo", default, skip)]
    C,
}

#[derive(Value)]
#[cql(by = "name")]
enum ByName {
    A,
}

#[derive(Row)]
enum EnumAsRow {
    A,
}

#[derive(UserType)]
enum EnumAsUserType {
    A,
}

fn main() {}
