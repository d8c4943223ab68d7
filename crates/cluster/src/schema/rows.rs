//! The rows of the system tables: which columns are wanted.
//!
//! Columns are found by name, in any order and among others: every version of every server has some
//! that others do not have. One that is missing and can be done without is its type's default.

use std::collections::{BTreeMap, BTreeSet};

use cqlwire_codec::{ColumnSpec, DecodeRow, RowCells, RowPlan, RowPlanner, ValueError};
use uuid::Uuid;

/// A struct of the columns that are wanted: those that have to be there, and those that may not.
macro_rules! system_row {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty,)+ } $(optional { $($other:ident: $kind:ty,)+ })?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name<'page> {
            $(pub(super) $field: $type,)+
            $($(pub(super) $other: $kind,)+)?
        }

        impl<'page> DecodeRow<'page> for $name<'page> {
            fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
                let mut plan = RowPlanner::new::<Self>(columns);
                $(plan.field::<$type>(column(stringify!($field)))?;)+
                $($(plan.field_or_default::<$kind>(column(stringify!($other)))?;)+)?
                Ok(plan.lenient())
            }

            fn decode_row(
                plan: &RowPlan,
                cells: &mut RowCells<'page>,
            ) -> Result<Self, ValueError> {
                const FIELDS: usize =
                    [$(stringify!($field),)+ $($(stringify!($other),)+)?].len();
                if plan.is_in_order() {
                    return Ok(Self {
                        $($field: cells.value()?,)+
                        $($($other: cells.value_or_default()?,)+)?
                    });
                }
                let mut cells = plan.arrange::<FIELDS>(cells)?;
                Ok(Self {
                    $($field: cells.value()?,)+
                    $($($other: cells.value_or_default()?,)+)?
                })
            }
        }
    };
}

/// The column of a field: what is a word of Rust is no other name for the server.
fn column(field: &str) -> &str {
    field.trim_start_matches("r#")
}

/// Options, as the server writes them.
pub(super) type Options<'page> = BTreeMap<&'page str, &'page str>;

system_row!(
    /// A row of `system_schema.keyspaces`.
    KeyspaceRow {
        keyspace_name: &'page str,
        replication: Options<'page>,
    } optional {
        durable_writes: bool,
    }
);

system_row!(
    /// A row of `system_virtual_schema.keyspaces`.
    VirtualKeyspaceRow {
        keyspace_name: &'page str,
    }
);

system_row!(
    /// A row of `system_schema.scylla_keyspaces`: with a number of tablets, or without tablets.
    TabletsRow {
        keyspace_name: &'page str,
        initial_tablets: Option<i32>,
    }
);

system_row!(
    /// A row of `system_schema.types`.
    TypeRow {
        keyspace_name: &'page str,
        type_name: &'page str,
        field_names: Vec<&'page str>,
        field_types: Vec<&'page str>,
    }
);

system_row!(
    /// A row of `system_schema.tables`.
    TableRow {
        keyspace_name: &'page str,
        table_name: &'page str,
    } optional {
        id: Option<Uuid>,
        comment: &'page str,
        default_time_to_live: i32,
        flags: BTreeSet<&'page str>,
    }
);

system_row!(
    /// A row of `system_virtual_schema.tables`.
    VirtualTableRow {
        keyspace_name: &'page str,
        table_name: &'page str,
    } optional {
        comment: &'page str,
    }
);

system_row!(
    /// A row of `system_schema.views`.
    ViewRow {
        keyspace_name: &'page str,
        view_name: &'page str,
        base_table_name: &'page str,
    } optional {
        include_all_columns: bool,
        where_clause: &'page str,
        id: Option<Uuid>,
        comment: &'page str,
        default_time_to_live: i32,
    }
);

system_row!(
    /// A row of `system_schema.columns` and of `system_virtual_schema.columns`.
    ColumnRow {
        keyspace_name: &'page str,
        table_name: &'page str,
        column_name: &'page str,
        kind: &'page str,
        r#type: &'page str,
    } optional {
        clustering_order: &'page str,
        position: i32,
    }
);

system_row!(
    /// A row of `system_schema.indexes`.
    IndexRow {
        keyspace_name: &'page str,
        table_name: &'page str,
        index_name: &'page str,
    } optional {
        kind: &'page str,
        options: Options<'page>,
    }
);

system_row!(
    /// A row of `system_schema.functions`.
    FunctionRow {
        keyspace_name: &'page str,
        function_name: &'page str,
        argument_types: Vec<&'page str>,
        return_type: &'page str,
    } optional {
        argument_names: Vec<&'page str>,
        language: &'page str,
        called_on_null_input: bool,
    }
);

system_row!(
    /// A row of `system_schema.aggregates`.
    AggregateRow {
        keyspace_name: &'page str,
        aggregate_name: &'page str,
        argument_types: Vec<&'page str>,
        state_func: &'page str,
        state_type: &'page str,
        return_type: &'page str,
    } optional {
        final_func: Option<&'page str>,
        initcond: Option<&'page str>,
    }
);
