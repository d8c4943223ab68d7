//! Tests that cross crates; see `tests/`. Here is what the book needs of them.

#[cfg(unix)]
pub mod book;
