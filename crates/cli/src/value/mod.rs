//! Values of CQL as text and as JSON, and back, by the types of their columns.
//!
//! | | text | JSON |
//! |---|---|---|
//! | text, ascii | as it is; inside of another value in quotes, `'it''s'` | a string |
//! | integers, counter, decimal | digits | a number |
//! | float, double | the shortest that is the same number, `NaN`, `Infinity` | a number; a string if it is none |
//! | boolean | `true`, `false` | the same |
//! | blob, custom types | `0x00ff` | the same, a string |
//! | uuid, timeuuid, inet | as usual | the same, a string |
//! | timestamp | `2015-11-02 13:45:00.123+0000` | `"2015-11-02 13:45:00.123Z"` |
//! | date, time | `2015-11-02`, `13:45:00.123456789` | the same, strings |
//! | duration | `1mo2d3h` | the same, a string |
//! | list, vector | `[1, 2]` | an array |
//! | set, tuple | `{1, 2}`, `(1, null)` | an array |
//! | map, user type | `{'a': 1}`, `{street: 'x'}` | an object; its keys are strings |
//!
//! Text is what `cqlsh` shows and CQL takes, but that no digit is left out; JSON is that of `SELECT JSON`,
//! but that a number which JSON lacks is a string and not null. What is written is read as the same bytes,
//! with two exceptions: of a user type, fields that a value is too short for come back as null, as a server
//! has it; and a time that is out of the day, which is a number of nanoseconds as text, is refused. `0x` is the empty value, 0 bytes, of types whose values have a size; the bits of a float that
//! is no number like others are in hexadecimal too.
//!
//! `scalar.rs` reads what is one word, `literal.rs` what is made of others, `from_json.rs` JSON; `text.rs`
//! and `json.rs` write.

mod error;
mod from_json;
mod json;
mod literal;
mod scalar;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use self::error::ParseError;
pub(crate) use self::from_json::{Entries, parse_json};
pub(crate) use self::json::{write_json, write_json_name};
pub(crate) use self::literal::parse;
pub(crate) use self::text::write_text;
