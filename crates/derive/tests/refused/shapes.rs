//! Types without fields, and fields without names.

use cqlwire_derive::{Row, UserType, BindValues};

#[derive(Row)]
enum Enum {
    A,
    B { field: i32 },
}

#[derive(UserType)]
union Union {
    a: i32,
    b: f32,
}

#[derive(BindValues)]
enum Never {}

#[derive(Row)]
struct Unit;

#[derive(UserType)]
struct AllSkipped {
    #[cql(skip)]
    a: i32,
}

#[derive(Row)]
#[cql(strict, rename_all = "lowercase")]
struct ByPosition(#[cql(rename = "a")] i32, #[cql(flatten)] i32);

#[derive(UserType)]
struct Newtype(i32);

#[derive(BindValues)]
struct WithoutNames(i32, i32);

fn main() {}
