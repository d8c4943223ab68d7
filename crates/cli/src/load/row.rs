//! From a record to the bind values of a row: each field by the type of its column.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use cqlwire::cluster::{Column, ColumnKind};
use cqlwire::codec::{ColumnSpec, ColumnType, EncodedValues};
use cqlwire::value::{CqlValue, MaybeUnset};

use super::args::NullAs;
use super::input::{Content, Field};
use super::mapping::{Goal, Mapping, is_of_partition, passed_over};
use super::write_time::{Unit, micros};
use crate::transfer::{Target, is_key, say};
use crate::value::{Entries, parse, parse_json};

/// Which statement writes it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Row,
    Static,
}

/// The bind values of a row, encoded.
pub(super) type Values = (Lane, EncodedValues);

/// What rows are made by.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) mapping: Mapping,
    pub(super) target: Target,
    /// What stands for null in CSV.
    pub(super) null: String,
    pub(super) null_as: NullAs,
    /// What write times count, if that was said.
    pub(super) timestamp_unit: Option<Unit>,
    /// Of objects, what an export has added is known once there is one: it is said once, if at all.
    pub(super) is_silent: AtomicBool,
    /// The bind markers of the statement of rows, and of that of statics.
    pub(super) row_markers: Option<Arc<[ColumnSpec]>>,
    pub(super) static_markers: Option<Arc<[ColumnSpec]>>,
}

/// What a field says.
#[derive(Clone, Debug, Default, PartialEq)]
enum Cell {
    /// There is no such field.
    #[default]
    Absent,
    Null,
    Value(CqlValue),
}

/// The cells of a record, in the order of the columns of the table.
struct Cells {
    columns: Vec<Cell>,
    timestamp: Cell,
    ttl: Cell,
}

impl Rows {
    /// The values of one record, or why there are none.
    pub(super) fn values(&self, content: &Content) -> Result<Values, String> {
        let mut cells = match content {
            Content::NotText => return Err("it is not UTF-8".to_owned()),
            Content::Malformed(fault) => return Err(fault.to_string()),
            Content::TooLong(too_long) => return Err(too_long.to_string()),
            Content::Fields(fields) => self.of_fields(fields)?,
            Content::Json(json) => self.of_object(json)?,
        };
        let lane = self.lane(&cells)?;
        let markers = match lane {
            Lane::Row => self.row_markers.as_deref(),
            Lane::Static => self.static_markers.as_deref(),
        };
        let markers = markers.ok_or("it has nothing but the key of a partition")?;
        let values = self.bound(lane, &mut cells);
        let encoded = EncodedValues::encode(&values, markers, BytesMut::new());
        encoded.map(|encoded| (lane, encoded)).map_err(|error| error.to_string())
    }

    /// In the order of the bind markers.
    fn bound(&self, lane: Lane, cells: &mut Cells) -> Vec<MaybeUnset<CqlValue>> {
        let mut values = Vec::with_capacity(self.mapping.columns.len() + 2);
        let mut bind = |of_statement: fn(&Column) -> bool| {
            for at in &self.mapping.columns {
                let column = self.target.columns().get(*at).filter(|column| of_statement(column));
                if let Some((column, cell)) = column.zip(cells.columns.get_mut(*at)) {
                    values.push(self.of_cell(column, std::mem::take(cell)));
                }
            }
        };
        match lane {
            Lane::Row if self.target.counts() => {
                // As they stand in UPDATE: what is added, then the key.
                bind(|column| !is_key(column));
                bind(is_key);
            }
            Lane::Row => bind(|_| true),
            Lane::Static => bind(is_of_partition),
        }
        values.extend(self.times(cells));
        values
    }

    fn of_fields(&self, fields: &[Field]) -> Result<Cells, String> {
        let wanted = &self.mapping.fields;
        if fields.len() != wanted.len() {
            return Err(format!("it has {} fields and not {}", fields.len(), wanted.len()));
        }
        let mut cells = self.no_cells();
        for ((name, goal), field) in wanted.iter().zip(fields) {
            let is_null = !field.quoted && field.text == self.null;
            self.set(&mut cells, name, goal, |ty| match is_null {
                true => Ok(CqlValue::Null),
                false => parse(&field.text, ty),
            })?;
        }
        Ok(cells)
    }

    fn of_object(&self, json: &str) -> Result<Cells, String> {
        let entries: Entries<'_> =
            serde_json::from_str(json).map_err(|error| format!("it is no JSON object: {error}"))?;
        let mut cells = self.no_cells();
        let mut seen = vec![false; self.mapping.fields.len()];
        let mut others = Vec::new();
        for (key, value) in entries.0 {
            let name = Entries::name(&key);
            let Some(at) = self.field(&name) else {
                if self.is_passed_over(&name) {
                    others.push(name.into_owned());
                    continue;
                }
                return Err(format!("the table has no column `{}`", shortened(&name)));
            };
            if seen.get_mut(at).is_some_and(|seen| std::mem::replace(seen, true)) {
                return Err(format!("`{name}` is there twice"));
            }
            if let Some((name, goal)) = self.mapping.fields.get(at) {
                self.set(&mut cells, name, goal, |ty| parse_json(value.get(), ty))?;
            }
        }
        self.tell_of(&others);
        Ok(cells)
    }

    fn tell_of(&self, others: &[String]) {
        if let Some(said) = passed_over(others.iter().map(String::as_str))
            && !self.is_silent.swap(true, Ordering::Relaxed)
        {
            say(&said);
        }
    }

    /// By its name, or, as in CQL, by one that is it in lower case.
    fn field(&self, name: &str) -> Option<usize> {
        let find = |name: &str| self.mapping.fields.iter().position(|(known, _)| known == name);
        find(name).or_else(|| find(&name.to_lowercase()))
    }

    /// It is a column that is not loaded, or something that an export adds.
    fn is_passed_over(&self, name: &str) -> bool {
        self.target.column(name).is_some() || super::mapping::is_of_export(name)
    }

    fn no_cells(&self) -> Cells {
        let columns = vec![Cell::Absent; self.target.columns().len()];
        Cells { columns, timestamp: Cell::Absent, ttl: Cell::Absent }
    }

    fn set(
        &self,
        cells: &mut Cells,
        name: &str,
        goal: &Goal,
        read: impl FnOnce(&ColumnType) -> Result<CqlValue, crate::value::ParseError>,
    ) -> Result<(), String> {
        let (cell, ty) = match goal {
            Goal::Nothing => return Ok(()),
            Goal::Timestamp => (&mut cells.timestamp, &ColumnType::BigInt),
            Goal::TimeToLive => (&mut cells.ttl, &ColumnType::Int),
            Goal::Column(at) => {
                let column = self.target.columns().get(*at);
                let cell = cells.columns.get_mut(*at).zip(column);
                let Some((cell, column)) = cell else { return Ok(()) };
                (cell, &column.column_type)
            }
        };
        *cell = match read(ty).map_err(|error| error.in_column(name).to_string())? {
            CqlValue::Null => Cell::Null,
            CqlValue::BigInt(number) if *goal == Goal::Timestamp => {
                let micros = micros(number, self.timestamp_unit);
                Cell::Value(CqlValue::BigInt(
                    micros.map_err(|why| format!("field `{name}`: {why}"))?,
                ))
            }
            value => Cell::Value(value),
        };
        Ok(())
    }

    /// The columns that are written, with their cells.
    fn cells<'a>(&'a self, cells: &'a Cells) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.mapping
            .columns
            .iter()
            .filter_map(|at| Some((self.target.columns().get(*at)?, cells.columns.get(*at)?)))
    }

    /// Without any clustering column, it is of the partition, if it has nothing of a row.
    fn lane(&self, cells: &Cells) -> Result<Lane, String> {
        let is_there = |cell: &Cell| matches!(cell, Cell::Value(_));
        let any = |kind: fn(ColumnKind) -> bool| {
            self.cells(cells).any(|(column, cell)| kind(column.kind) && is_there(cell))
        };
        let is_static = self.static_markers.is_some()
            && !any(|kind| matches!(kind, ColumnKind::Clustering(_)))
            && !any(|kind| kind == ColumnKind::Regular)
            && any(|kind| kind == ColumnKind::Static);
        let mut needed = self.cells(cells).filter(|(column, _)| match is_static {
            true => column.kind == ColumnKind::PartitionKey,
            false => is_key(column),
        });
        match needed.find(|(_, cell)| !is_there(cell)) {
            Some((column, _)) => Err(format!(
                "column `{}`: it is of the primary key and cannot be null",
                column.name
            )),
            None if is_static => Ok(Lane::Static),
            None => Ok(Lane::Row),
        }
    }

    fn of_cell(&self, column: &Column, cell: Cell) -> MaybeUnset<CqlValue> {
        match cell {
            Cell::Value(value) => MaybeUnset::Set(value),
            // Nothing is added to a counter.
            Cell::Null
                if self.null_as == NullAs::Null && column.column_type != ColumnType::Counter =>
            {
                MaybeUnset::Set(CqlValue::Null)
            }
            Cell::Null | Cell::Absent => MaybeUnset::Unset,
        }
    }

    /// When it was written, and how long it stays. What had no TTL in an export has none here.
    fn times(&self, cells: &mut Cells) -> impl Iterator<Item = MaybeUnset<CqlValue>> + use<> {
        let mut take = |has: bool, which: fn(&mut Cells) -> &mut Cell, or| {
            has.then(|| match std::mem::take(which(cells)) {
                Cell::Value(value) => MaybeUnset::Set(value),
                Cell::Null | Cell::Absent => or,
            })
        };
        let timestamp =
            take(self.mapping.has_timestamp, |cells| &mut cells.timestamp, MaybeUnset::Unset);
        let never = MaybeUnset::Set(CqlValue::Int(0));
        let ttl = take(self.mapping.has_ttl, |cells| &mut cells.ttl, never);
        timestamp.into_iter().chain(ttl)
    }
}

/// The beginning of a long name.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}
