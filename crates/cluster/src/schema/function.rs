//! Functions and aggregates that users have defined.

use cqlwire_codec::ColumnType;

/// A function. Several may have one name, each with other types of arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names and types of its arguments.
    pub arguments: Vec<(String, ColumnType)>,
    /// The type of its result.
    pub return_type: ColumnType,
    /// What it is written in.
    pub language: String,
    /// Whether it is called although an argument is null; otherwise its result is null then.
    pub called_on_null_input: bool,
}

/// An aggregate. Several may have one name, each with other types of arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// The types of its arguments.
    pub argument_types: Vec<ColumnType>,
    /// The function that is called for each row.
    pub state_function: String,
    /// The type of what it hands on from row to row.
    pub state_type: ColumnType,
    /// What it begins with, in CQL.
    pub initial_condition: Option<String>,
    /// The function that makes the result of the last state.
    pub final_function: Option<String>,
    /// The type of the result.
    pub return_type: ColumnType,
}
