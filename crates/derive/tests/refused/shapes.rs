//! Types without fields, and fields without names.

use cqlwire_derive::{Row, Value, Values};

#[derive(Row)]
enum Enum {
    A,
    B { field: i32 },
}

#[derive(Value)]
union Union {
    a: i32,
    b: f32,
}

#[derive(Values)]
enum Never {}

#[derive(Row)]
struct Unit;

#[derive(Value)]
struct AllSkipped {
    #[cql(skip)]
    a: i32,
}

#[derive(Row)]
#[cql(strict, rename_all = "lowercase")]
struct ByPosition(#[cql(rename = "a")] i32, #[cql(flatten)] i32);

#[derive(Value)]
struct Newtype(i32);

#[derive(Value)]
#[cql(transparent)]
struct TwoFields {
    a: i32,
    b: i32,
}

#[derive(Value)]
#[cql(transparent)]
struct OneField {
    #[cql(rename = "x", default)]
    a: i32,
}

#[derive(Values)]
struct WithoutNames(i32, i32);

fn main() {}
