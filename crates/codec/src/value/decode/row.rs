//! Rows: one Rust value for all the cells of a row.

use super::DecodeValue;
use crate::value::ValueError;
use crate::{ColumnSpec, RowCells, RowPlan};

/// A Rust type that rows can be decoded to; it may borrow from the page (`'page`).
///
/// Tuples of up to 16 take the columns by position; a `Vec` takes all columns, however many there
/// are, as one type (for any, [`CqlValue`](crate::CqlValue)). Structs that derive `Row` take them by
/// name.
#[diagnostic::on_unimplemented(
    message = "no row is read as `{Self}`",
    label = "not a row",
    note = "a row of one column is a tuple of one: `(T,)`",
    note = "a struct whose fields are columns derives `Row`",
    note = "tuples go up to 16 columns, a struct has as many as it likes"
)]
pub trait DecodeRow<'page>: Sized {
    /// Checks that rows of these columns can be decoded, and finds out which column goes where;
    /// done once for a whole result.
    ///
    /// # Errors
    ///
    /// Another number of columns, none of a name, or a column of another type. The error names the
    /// column.
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError>;

    /// Decodes one row of the columns that the plan was made for, taking its cells in order. Cells
    /// that it leaves are skipped.
    ///
    /// # Errors
    ///
    /// A cell that cannot be decoded, or content that ends too early.
    fn decode_row(plan: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError>;
}

impl<'page, T: DecodeValue<'page>> DecodeRow<'page> for Vec<T> {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        columns.iter().try_for_each(|column| {
            T::accepts(&column.column_type).map_err(|error| error.in_column(&column.name))
        })?;
        Ok(RowPlan::by_position())
    }

    fn decode_row(_: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
        let mut row = Self::with_capacity(cells.columns().len());
        while !cells.columns().is_empty() {
            row.push(cells.value()?);
        }
        Ok(row)
    }
}

macro_rules! decode_tuple {
    ($count:literal: $($t:ident)+) => {
        impl<'page, $($t: DecodeValue<'page>),+> DecodeRow<'page> for ($($t,)+) {
            fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
                RowPlan::for_positions(columns, &[$($t::accepts),+])
            }

            #[inline]
            fn decode_row(_: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
                Ok(($(cells.value::<$t>()?,)+))
            }
        }
    };
}

decode_tuple!(1: A);
decode_tuple!(2: A B);
decode_tuple!(3: A B C);
decode_tuple!(4: A B C D);
decode_tuple!(5: A B C D E);
decode_tuple!(6: A B C D E F);
decode_tuple!(7: A B C D E F G);
decode_tuple!(8: A B C D E F G H);
decode_tuple!(9: A B C D E F G H I);
decode_tuple!(10: A B C D E F G H I J);
decode_tuple!(11: A B C D E F G H I J K);
decode_tuple!(12: A B C D E F G H I J K L);
decode_tuple!(13: A B C D E F G H I J K L M);
decode_tuple!(14: A B C D E F G H I J K L M N);
decode_tuple!(15: A B C D E F G H I J K L M N O);
decode_tuple!(16: A B C D E F G H I J K L M N O P);
