//! User types, functions, aggregates and views.

use super::Table;

/// A user type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserType {
    /// Its name.
    pub name: String,
    /// Its fields in order: name and type in CQL.
    pub fields: Vec<(String, String)>,
}

impl UserType {
    /// A type with these fields.
    pub fn new<const N: usize>(name: &str, fields: [(&str, &str); N]) -> Self {
        let own = |(name, of): (&str, &str)| (name.to_owned(), of.to_owned());
        Self { name: name.to_owned(), fields: fields.map(own).to_vec() }
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its arguments in order: name and type in CQL.
    pub arguments: Vec<(String, String)>,
    /// What it gives, in CQL.
    pub return_type: String,
    /// `java`, if a server is to run it.
    pub language: String,
    /// Its text.
    pub body: String,
    /// Whether it is called with null; else it gives null then.
    pub called_on_null_input: bool,
}

impl Function {
    /// A function in Java.
    pub fn new<const N: usize>(
        name: &str,
        arguments: [(&str, &str); N],
        return_type: &str,
        body: &str,
    ) -> Self {
        let own = |(name, of): (&str, &str)| (name.to_owned(), of.to_owned());
        Self {
            name: name.to_owned(),
            arguments: arguments.map(own).to_vec(),
            return_type: return_type.to_owned(),
            language: "java".to_owned(),
            body: body.to_owned(),
            called_on_null_input: false,
        }
    }

    pub(crate) fn signature(&self) -> (String, Vec<String>) {
        let types = self.arguments.iter().map(|(_, of)| of.clone()).collect();
        (self.name.clone(), types)
    }
}

/// An aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// The types of its arguments in CQL.
    pub argument_types: Vec<String>,
    /// The function that takes a state and a row's values.
    pub state_function: String,
    /// The type of its state in CQL.
    pub state_type: String,
    /// The function that makes the result of the last state, if there is one.
    pub final_function: Option<String>,
    /// The first state as a CQL literal, if it is not null.
    pub initial: Option<String>,
    /// What it gives, in CQL.
    pub return_type: String,
}

impl Aggregate {
    pub(crate) fn signature(&self) -> (String, Vec<String>) {
        (self.name.clone(), self.argument_types.clone())
    }
}

/// A materialized view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// It as a table: its name, its columns.
    pub table: Table,
    /// The table that it is a view of.
    pub base_table: String,
    /// What follows WHERE in its definition.
    pub where_clause: String,
    /// Whether it has all columns of the base table.
    pub include_all_columns: bool,
}
