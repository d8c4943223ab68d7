//! How much memory the parts of a schema take, about: what they are, and what they point to.
//!
//! An allocation counts with what allocators add to it. User types are counted with the keyspace
//! that they are of, not again where they are used.

use std::collections::BTreeMap;
use std::mem::size_of;

use cqlwire_codec::{ColumnType, UserType};

use super::contents::{Contents, Functions};
use super::user_types::TypeText;
use super::{Aggregate, Column, Function, Index, Table, TableKind};

/// What an allocation takes beyond what was asked for.
pub(super) const ALLOCATION: usize = 16;

/// What an entry of a map takes beside its key and value.
pub(super) const ENTRY: usize = 16;

/// A text with memory of its own.
pub(super) const fn text(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + ALLOCATION }
}

pub(super) fn options(options: &BTreeMap<String, String>) -> usize {
    let each = |(key, value): (&String, &String)| {
        ENTRY + 2 * size_of::<String>() + text(key) + text(value)
    };
    options.iter().map(each).sum()
}

/// What a type points to.
pub(super) fn column_type(ty: &ColumnType) -> usize {
    let boxed = |ty: &ColumnType| ALLOCATION + size_of::<ColumnType>() + column_type(ty);
    match ty {
        ColumnType::List(inner) | ColumnType::Set(inner) | ColumnType::Vector(inner, _) => {
            boxed(inner)
        }
        ColumnType::Map(key, value) => boxed(key) + boxed(value),
        ColumnType::Tuple(elements) => elements.iter().map(boxed).sum(),
        ColumnType::Custom(class) => text(class),
        _ => 0,
    }
}

pub(super) fn contents(contents: &Contents) -> usize {
    let Functions { functions, aggregates } = &*contents.functions;
    let tables: usize = contents.tables.values().map(|table| table.memory_bytes).sum();
    let types: usize = contents.types.iter().map(|ty| user_type(ty)).sum();
    let functions: usize = functions.iter().map(function).sum();
    tables + types + functions + aggregates.iter().map(aggregate).sum::<usize>()
}

/// A row of the types: as much as the type that comes of it, or more.
pub(super) fn type_text(text: &TypeText) -> usize {
    let field = |(name, ty): &(String, String)| {
        // Each type of which it is made is written with four bytes at least.
        size_of::<(String, ColumnType)>()
            + self::text(name)
            + ty.len() * size_of::<ColumnType>() / 4
    };
    let own = ENTRY + ALLOCATION + size_of::<UserType>() + size_of::<String>();
    own + 2 * self::text(&text.name) + text.fields.iter().map(field).sum::<usize>()
}

/// A user type, with its entry in the map of its keyspace.
pub(super) fn user_type(ty: &UserType) -> usize {
    let field = |(name, ty): &(String, ColumnType)| {
        size_of::<(String, ColumnType)>() + text(name) + column_type(ty)
    };
    let own = ENTRY + ALLOCATION + size_of::<UserType>() + size_of::<String>();
    own + text(&ty.keyspace) + 2 * text(&ty.name) + ty.fields.iter().map(field).sum::<usize>()
}

pub(super) fn column(column: &Column) -> usize {
    size_of::<Column>() + text(&column.name) + column_type(&column.column_type)
}

pub(super) fn index(index: &Index) -> usize {
    size_of::<Index>() + text(&index.name) + text(&index.kind) + options(&index.options)
}

/// A table, with its entry in the map of its keyspace.
pub(super) fn table(table: &Table) -> usize {
    let view = match &table.kind {
        TableKind::View(view) => text(&view.base_table) + text(&view.where_clause),
        TableKind::Table | TableKind::Virtual => 0,
    };
    let columns: usize = table.columns.iter().map(column).sum();
    let indexes: usize = table.indexes.iter().map(index).sum();
    empty_table(&table.name) + text(&table.comment) + view + columns + indexes
}

/// A table without anything.
pub(super) const fn empty_table(name: &str) -> usize {
    ENTRY + 3 * ALLOCATION + size_of::<Table>() + text(name)
}

pub(super) fn function(function: &Function) -> usize {
    let argument = |(name, ty): &(String, ColumnType)| {
        size_of::<(String, ColumnType)>() + text(name) + column_type(ty)
    };
    let arguments: usize = function.arguments.iter().map(argument).sum();
    let texts = text(&function.name) + text(&function.language);
    size_of::<Function>() + texts + column_type(&function.return_type) + arguments
}

pub(super) fn aggregate(aggregate: &Aggregate) -> usize {
    let argument = |ty: &ColumnType| size_of::<ColumnType>() + column_type(ty);
    let arguments: usize = aggregate.argument_types.iter().map(argument).sum();
    let Aggregate { name, state_function, initial_condition, final_function, .. } = aggregate;
    let texts =
        [Some(name), Some(state_function), initial_condition.as_ref(), final_function.as_ref()];
    let texts: usize = texts.into_iter().flatten().map(|name| text(name)).sum();
    let types = column_type(&aggregate.state_type) + column_type(&aggregate.return_type);
    size_of::<Aggregate>() + texts + types + arguments
}
