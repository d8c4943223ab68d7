//! What is no value, no row and no list of values: each error says what to derive or to write.

use cqlwire_codec::{DecodeRow, DecodeValue, EncodeValue, EncodeValues};

struct Mine(i32);

fn bind(_: impl EncodeValues) {}
fn value(_: impl EncodeValue) {}
fn row<T: for<'page> DecodeRow<'page>>() {}
fn cell<T: for<'page> DecodeValue<'page>>() {}

fn main() {
    bind(1);
    bind((Mine(1),));
    bind(Mine(1));
    bind((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
    value(Mine(1));
    row::<i32>();
    row::<Mine>();
    row::<(Mine,)>();
    row::<(i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8, i8)>();
    cell::<Mine>();
}
