//! Which columns an export has, and what they are called.

use cqlwire::cluster::Column;
use cqlwire::codec::ColumnType;

use super::args::Args;
use crate::exit::Failure;
use crate::name::quoted;
use crate::transfer::{FileFormat, Target, is_key, say};

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) format: FileFormat,
    /// Columns of the table.
    pub(super) columns: Vec<String>,
    /// What is asked for besides, in CQL.
    pub(super) selectors: Vec<String>,
    /// What these are called.
    pub(super) selector_names: Vec<String>,
    /// The types of all of them, in this order.
    pub(super) types: Vec<ColumnType>,
}

/// A column of the file.
#[cfg(feature = "parquet")]
#[derive(Clone, Debug)]
pub(super) struct TypedColumn {
    pub(super) name: String,
    pub(super) ty: ColumnType,
}

impl Shape {
    pub(super) fn new(args: &Args, format: FileFormat, target: &Target) -> Result<Self, Failure> {
        let columns: Vec<&Column> = match args.columns.is_empty() {
            true => target.columns().iter().collect(),
            false => {
                args.columns.iter().map(|name| find(target, name)).collect::<Result<_, _>>()?
            }
        };
        let (mut selectors, mut selector_names) = (Vec::new(), Vec::new());
        let mut types: Vec<_> = columns.iter().map(|column| column.column_type.clone()).collect();
        let wanted = [
            (args.with_writetime, "writetime", ColumnType::BigInt),
            (args.with_ttl, "ttl", ColumnType::Int),
        ];
        for (_, function, ty) in wanted.into_iter().filter(|(wanted, ..)| *wanted) {
            for column in columns.iter().filter(|column| !is_key(column) && !target.counts()) {
                if target.is_in_parts(column) {
                    say(&format!(
                        "{function}({0}) is left out: each part of `{0}` has one of its own",
                        column.name
                    ));
                    continue;
                }
                selectors.push(format!("{function}({})", quoted(&column.name)));
                selector_names.push(format!("{function}({})", column.name));
                types.push(ty.clone());
            }
        }
        let columns: Vec<_> = columns.into_iter().map(|column| column.name.to_string()).collect();
        if let Some(name) = selector_names.iter().find(|name| columns.contains(name)) {
            return Err(Failure::usage(format_args!(
                "the table has a column that is named `{name}`: nobody could tell them from each other"
            )));
        }
        Ok(Self { format, columns, selectors, selector_names, types })
    }

    /// What all columns are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().chain(&self.selector_names)
    }

    /// All columns with their types.
    #[cfg(feature = "parquet")]
    pub(super) fn typed_columns(&self) -> Vec<TypedColumn> {
        let typed = self.names().cloned().zip(self.types.iter().cloned());
        typed.map(|(name, ty)| TypedColumn { name, ty }).collect()
    }
}

fn find<'a>(target: &'a Target, name: &str) -> Result<&'a Column, Failure> {
    target.column(name).ok_or_else(|| {
        Failure::usage(format_args!("the table has no column `{name}`; it has {}", target.names()))
    })
}
