//! What loads and exports have in common: the formats of files, the tables that they are of, and files
//! that are there whole or not at all. The bar and such files serve `bench`, too.

mod bar;
mod definition;
mod file;
mod format;
mod table;

/// What was done, on standard error: standard output is for data.
pub(crate) use crate::output::notice as say;

pub(crate) use self::bar::{Bar, PACE};
pub(crate) use self::file::{beside, check_replaceable, read_saved, save};
pub(crate) use self::format::{Dialect, FileFormat, Format};
pub(crate) use self::table::{Target, is_key};
