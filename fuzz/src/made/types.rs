//! Columns and their types.

use std::sync::Arc;

use arbitrary::Result;
use cqlwire_codec::{ColumnSpec, ColumnType as T, UserType};

use super::Made;

/// The types without parts. Those that have no id in a version are described by their class there.
const NATIVE: [T; 20] = [
    T::Ascii,
    T::BigInt,
    T::Blob,
    T::Boolean,
    T::Counter,
    T::Decimal,
    T::Double,
    T::Float,
    T::Int,
    T::Timestamp,
    T::Uuid,
    T::Text,
    T::Varint,
    T::TimeUuid,
    T::Inet,
    T::Date,
    T::Time,
    T::SmallInt,
    T::TinyInt,
    T::Duration,
];

impl Made<'_> {
    pub(super) fn columns(&mut self) -> Result<Arc<[ColumnSpec]>> {
        let one_table = self.flag()?;
        let keyspace: Arc<str> = self.text()?.into();
        let table: Arc<str> = self.text()?.into();
        let columns = self.list(5, |made| {
            let table = if one_table { Arc::clone(&table) } else { made.text()?.into() };
            let (keyspace, name) = (Arc::clone(&keyspace), made.text()?);
            Ok(ColumnSpec { keyspace, table, name, column_type: made.column_type(4)? })
        })?;
        Ok(columns.into())
    }

    /// A type of so many levels at most.
    fn column_type(&mut self, levels: u8) -> Result<T> {
        let kinds = if levels == 0 { 1 } else { 8 };
        Ok(match self.short()? % kinds {
            1 => T::List(self.inner(levels)?),
            2 => T::Set(self.inner(levels)?),
            3 => T::Map(self.inner(levels)?, self.inner(levels)?),
            4 => T::Tuple(self.list(3, |made| made.column_type(levels - 1))?),
            5 => {
                let (keyspace, name) = (self.word()?, self.text()?);
                let fields =
                    self.list(3, |made| Ok((made.text()?, made.column_type(levels - 1)?)))?;
                T::UserType(Arc::new(UserType { keyspace, name, fields }))
            }
            6 if self.flag()? => T::Vector(self.inner(levels)?, u32::from(self.short()?) + 1),
            6 => T::Custom("org.example.Point".to_owned()),
            _ => self.one_of(&NATIVE)?,
        })
    }

    fn inner(&mut self, levels: u8) -> Result<Box<T>> {
        self.column_type(levels - 1).map(Box::new)
    }
}
