//! Which column goes to which field: found out once for a result, used for each of its rows.

use super::arranged::other_plan;
use super::{ArrangedCells, RowCells};
use crate::ColumnSpec;
use crate::value::{DecodeRow, DecodeValue, FieldCheck, MissingColumn, ValueError};

/// A column that goes to no field: a position that no row has.
const NOBODY: usize = usize::MAX;

/// What a row type has found out about the columns of a result, once for all of its rows
/// ([`DecodeRow::plan`]).
///
/// Tuples take the columns as they come, and there is nothing to remember; a struct with names
/// remembers where its columns are ([`RowPlanner`]). Memory is allocated for those alone that are
/// not the first ones, in the order of the fields.
#[derive(Clone, Debug, Default)]
pub struct RowPlan(Plan);

#[derive(Clone, Debug, Default)]
enum Plan {
    /// All columns are taken as they come.
    #[default]
    ByPosition,
    /// So many columns, the first, go to the fields as they come.
    InOrder(usize),
    ByName(Box<ByName>),
}

/// Where the columns of a struct are.
#[derive(Clone, Debug, Default)]
struct ByName {
    /// Of each column, up to the last that is wanted, the field that takes it; while it is planned,
    /// empty as long as the columns are in order.
    takers: Vec<usize>,
    /// The first columns go to the fields as they come.
    in_order: bool,
    /// The plans of the rows inside of the row, which look at the same columns.
    flattened: Vec<RowPlan>,
}

impl RowPlan {
    /// The columns are taken as they come.
    pub const fn by_position() -> Self {
        Self(Plan::ByPosition)
    }

    /// The columns are taken as they come, each checked by one of these.
    ///
    /// # Errors
    ///
    /// Another number of columns, or one of another type. The error names the column.
    pub fn for_positions(
        columns: &[ColumnSpec],
        checks: &[FieldCheck],
    ) -> Result<Self, ValueError> {
        if columns.len() != checks.len() {
            return Err(ValueError::Columns { wanted: checks.len(), found: columns.len() });
        }
        let mut checked = columns.iter().zip(checks);
        checked.try_for_each(|(column, check)| {
            check(&column.column_type).map_err(|error| error.in_column(&column.name))
        })?;
        Ok(Self::by_position())
    }

    /// Whether the first columns of the row are those of the fields, as they come: their values are
    /// then read from the row itself.
    #[inline]
    pub fn is_in_order(&self) -> bool {
        self.by_name().is_none_or(|plan| plan.in_order)
    }

    /// The cells of one row in the order of the fields, of which there are so many. What the row
    /// has after the last that is wanted is left in it.
    ///
    /// # Errors
    ///
    /// Content that ends too early.
    #[inline]
    pub fn arrange<'page, const FIELDS: usize>(
        &self,
        row: &mut RowCells<'page>,
    ) -> Result<ArrangedCells<'page, FIELDS>, ValueError> {
        ArrangedCells::new(row, self.by_name().map_or(&[], |plan| plan.takers.as_slice()))
    }

    /// A row inside of the row, by its number (from 0). All of the row is looked at, from its first
    /// cell on, and nothing of it is taken.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::decode_row`], and a plan that was made for another type.
    #[inline]
    pub fn flattened<'page, T: DecodeRow<'page>>(
        &self,
        number: usize,
        row: &RowCells<'page>,
    ) -> Result<T, ValueError> {
        let plan = self.by_name().and_then(|plan| plan.flattened.get(number));
        let Some(plan) = plan else { return Err(other_plan()) };
        T::decode_row(plan, &mut row.clone())
    }

    #[inline]
    fn by_name(&self) -> Option<&ByName> {
        match &self.0 {
            Plan::ByName(plan) => Some(plan),
            Plan::ByPosition | Plan::InOrder(_) => None,
        }
    }

    /// Whether the column at this position goes to anybody.
    fn takes(&self, position: usize) -> bool {
        match &self.0 {
            Plan::ByPosition => true,
            Plan::InOrder(columns) => position < *columns,
            Plan::ByName(plan) => {
                let own = plan.takers.get(position).is_some_and(|field| *field != NOBODY);
                own || plan.flattened.iter().any(|plan| plan.takes(position))
            }
        }
    }
}

/// Makes the [`RowPlan`] of a struct whose fields are columns by name, in any order and among
/// others. Of two columns with the same name the first is taken.
///
/// Columns that come in the order of the fields are told apart ([`RowPlan::is_in_order`]), since
/// they are what is most often asked for, and as cheap to read as a tuple.
///
/// The fields are added in the order in which [`ArrangedCells`] gives their values out.
///
/// ```
/// use cqlwire_codec::{ColumnSpec, DecodeRow, RowCells, RowPlan, RowPlanner, ValueError};
///
/// /// What `#[derive(Row)]` makes of this struct.
/// struct User<'page> {
///     name: &'page str,
///     age: i32,
/// }
///
/// impl<'page> DecodeRow<'page> for User<'page> {
///     fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
///         let mut plan = RowPlanner::new::<Self>(columns);
///         plan.field::<&str>("name")?;
///         plan.field_or_default::<i32>("age")?;
///         Ok(plan.lenient())
///     }
///
///     fn decode_row(plan: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
///         if plan.is_in_order() {
///             return Ok(Self { name: cells.value()?, age: cells.value_or_default()? });
///         }
///         let mut cells = plan.arrange::<2>(cells)?;
///         Ok(Self { name: cells.value()?, age: cells.value_or_default()? })
///     }
/// }
/// ```
#[derive(Debug)]
pub struct RowPlanner<'a> {
    row: &'static str,
    columns: &'a [ColumnSpec],
    fields: usize,
    plan: ByName,
}

impl<'a> RowPlanner<'a> {
    /// For an `R` (whose name is for errors) and these columns.
    pub fn new<R>(columns: &'a [ColumnSpec]) -> Self {
        let row = std::any::type_name::<R>();
        let plan = ByName { in_order: true, ..ByName::default() };
        Self { row, columns, fields: 0, plan }
    }

    /// A field that has to have a column.
    ///
    /// # Errors
    ///
    /// No such column, or one of a type that is no `T`.
    pub fn field<'page, T: DecodeValue<'page>>(&mut self, name: &str) -> Result<(), ValueError> {
        if self.take::<T>(name)? { Ok(()) } else { Err(self.missing::<T>(name)) }
    }

    /// A field that may be without a column.
    ///
    /// # Errors
    ///
    /// A column of a type that is no `T`.
    pub fn field_or_default<'page, T: DecodeValue<'page>>(
        &mut self,
        name: &str,
    ) -> Result<(), ValueError> {
        self.take::<T>(name).map(|_| ())
    }

    /// A row inside of the row: it takes what it wants of the same columns.
    ///
    /// # Errors
    ///
    /// As [`DecodeRow::plan`].
    pub fn flatten<'page, T: DecodeRow<'page>>(&mut self) -> Result<(), ValueError> {
        self.plan.flattened.push(T::plan(self.columns)?);
        Ok(())
    }

    /// The plan, whatever columns are left over: they are skipped.
    pub fn lenient(mut self) -> RowPlan {
        if self.plan.in_order && self.plan.flattened.is_empty() {
            return RowPlan(Plan::InOrder(self.fields));
        }
        if self.plan.in_order {
            self.plan.takers = (0..self.fields).collect();
        }
        RowPlan(Plan::ByName(Box::new(self.plan)))
    }

    /// The plan, if no column is left over.
    ///
    /// # Errors
    ///
    /// [`ValueError::UnknownColumn`].
    pub fn strict(self) -> Result<RowPlan, ValueError> {
        let (columns, row) = (self.columns, self.row);
        let plan = self.lenient();
        let mut columns = columns.iter().enumerate();
        match columns.find(|(position, _)| !plan.takes(*position)) {
            None => Ok(plan),
            Some((_, column)) => Err(ValueError::unknown_column(&column.name, row)),
        }
    }

    /// Gives the next field its column; false if there is none.
    fn take<'page, T: DecodeValue<'page>>(&mut self, name: &str) -> Result<bool, ValueError> {
        let mut columns = self.columns.iter().enumerate();
        let found = columns.find(|(_, column)| column.name == name);
        self.give(found.map(|(position, _)| position));
        let Some((_, column)) = found else { return Ok(false) };
        T::accepts(&column.column_type).map_err(|error| error.in_column(name))?;
        Ok(true)
    }

    /// The next field is that of the column at this position, if of any.
    fn give(&mut self, position: Option<usize>) {
        let (field, ByName { takers, in_order, .. }) = (self.fields, &mut self.plan);
        self.fields += 1;
        if *in_order && position == Some(field) {
            return;
        }
        if std::mem::take(in_order) {
            takers.extend(0..field);
        }
        let Some(position) = position else { return };
        takers.resize(takers.len().max(position + 1), NOBODY);
        if let Some(taker) = takers.get_mut(position) {
            *taker = field;
        }
    }

    #[cold]
    fn missing<T>(&self, name: &str) -> ValueError {
        let names = self.columns.iter().map(|column| column.name.as_str());
        MissingColumn::new::<T>(name, self.row, names).into()
    }
}
