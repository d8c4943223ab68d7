//! The bind values of one statement.

use std::slice;
use std::sync::Arc;

use bytes::BytesMut;

use super::EncodeValue;
use crate::ColumnSpec;
use crate::value::ValueError;

/// Whoever is shown values, each after its name if it has one, until it says that there is an error.
pub type ShowValue<'a> = dyn FnMut(Option<&str>, &dyn EncodeValue) -> Result<(), ValueError> + 'a;

/// The bind values of one statement.
///
/// Tuples of up to 16, and slices, arrays and `Vec`s of one type (`&dyn EncodeValue` for several),
/// go by position; [`NamedValues`](super::NamedValues), and maps from names to values, by name.
///
/// # The names of bind markers
///
/// Whoever binds by name needs the names that the server gives to the markers. `:name` has its own.
/// A `?` has that of the column that it is compared with or assigned to, and where there is none,
/// one that no column can have (Cassandra 3.11 to 5.0):
///
/// | marker | name |
/// |---|---|
/// | `c = ?`, `c > ?`, `INSERT INTO t (c) VALUES (?)` | `c` |
/// | `c IN ?` | `in(c)`, a list |
/// | `c IN (?, ?)` | `c`, twice |
/// | `(a, b) IN ?` | `in(a,b)`, a list of tuples |
/// | `(a, b) > ?` | `(a,b)`, a tuple |
/// | `token(k) > ?` | `partition key token` |
/// | `m CONTAINS KEY ?`, `m[?] = 1` | `key(m)` |
/// | `m CONTAINS ?`, `m['k'] = ?` | `value(m)` |
/// | `l[?] = 1`, `l[0] = ?` | `idx(l)`, `value(l)` |
/// | `LIMIT ?`, `PER PARTITION LIMIT ?` | `[limit]`, `[per_partition_limit]` |
/// | `USING TTL ?`, `USING TIMESTAMP ?` | `[ttl]`, `[timestamp]` |
/// | `INSERT INTO t JSON ?` | `[json]` |
///
/// Two markers of one name get the same value: name them apart, `c > :from AND c < :to`. The column
/// `[applied]` of the result of a conditional statement is no marker; it is read by that name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of bind values",
    label = "not a list of bind values",
    note = "one value is a tuple of one: `(value,)`; no values are `()`",
    note = "a struct whose fields are bind markers derives `BindValues`",
    note = "tuples go up to 16 values, a struct has as many as it likes"
)]
pub trait EncodeValues {
    /// Whether [`encode_values`](Self::encode_values) writes a name before each value. Only for an
    /// unprepared QUERY: with bind markers at hand (`columns`), values go by position.
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        let _ = columns;
        false
    }

    /// Are there none? What is asked before anything is encoded: a text without values needs no
    /// PREPARE. By default there are some.
    fn is_empty(&self) -> bool {
        false
    }

    /// Shows each value, after its name if it has one, until there is an error: so that values can be
    /// judged, and kept, before their bind markers are known. By default none is shown, and they
    /// cannot be kept.
    ///
    /// # Errors
    ///
    /// That of `show`.
    fn each_value(&self, _show: &mut ShowValue<'_>) -> Result<(), ValueError> {
        Ok(())
    }

    /// Appends each value as a \[value\], after its name as a \[string\] if
    /// [`named`](Self::named), and says how many there were.
    ///
    /// `columns` are the bind markers of a prepared statement, empty for an unprepared QUERY.
    ///
    /// # Errors
    ///
    /// Values that do not fit the bind markers, in number or in type; the error names the marker.
    /// What was appended until then is taken back by the caller.
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError>;
}

/// The bind markers that values go to by position. None, if the statement is not prepared.
pub(crate) struct Markers<'a>(slice::Iter<'a, ColumnSpec>);

impl<'a> Markers<'a> {
    /// For so many values.
    #[inline]
    pub(crate) fn new(columns: &'a [ColumnSpec], given: usize) -> Result<Self, ValueError> {
        if columns.is_empty() || columns.len() == given {
            return Ok(Self(columns.iter()));
        }
        Err(ValueError::Count { given, expected: columns.len() })
    }

    /// Appends the value of the next marker.
    #[inline]
    pub(crate) fn encode<T: EncodeValue + ?Sized>(
        &mut self,
        value: &T,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        match self.0.next() {
            None => value.encode(None, out),
            Some(marker) => encode_for(marker, value, out),
        }
    }
}

/// Appends the value of one marker.
#[inline]
pub(crate) fn encode_for<T: EncodeValue + ?Sized>(
    marker: &ColumnSpec,
    value: &T,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    value.encode(Some(&marker.column_type), out).map_err(|error| error.in_column(&marker.name))
}

/// No values.
impl EncodeValues for () {
    fn is_empty(&self) -> bool {
        true
    }

    fn encode_values(&self, columns: &[ColumnSpec], _: &mut BytesMut) -> Result<usize, ValueError> {
        Markers::new(columns, 0).map(|_| 0)
    }
}

impl<T: EncodeValue> EncodeValues for [T] {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn each_value(&self, show: &mut ShowValue<'_>) -> Result<(), ValueError> {
        self.iter().try_for_each(|value| show(None, &value))
    }

    #[inline]
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        let mut markers = Markers::new(columns, self.len())?;
        self.iter().try_for_each(|value| markers.encode(value, out))?;
        Ok(self.len())
    }
}

/// Implements [`EncodeValues`] for what holds or points to bind values.
macro_rules! forward {
    ([$($generics:tt)*] $values:ty, $inner:ty) => {
        impl<$($generics)*> EncodeValues for $values
        where
            $inner: EncodeValues,
        {
            #[inline]
            fn named(&self, columns: &[ColumnSpec]) -> bool {
                <$inner>::named(self, columns)
            }

            #[inline]
            fn is_empty(&self) -> bool {
                <$inner as EncodeValues>::is_empty(self)
            }

            fn each_value(
                &self,
                show: &mut ShowValue<'_>,
            ) -> Result<(), ValueError> {
                <$inner>::each_value(self, show)
            }

            #[inline]
            fn encode_values(
                &self,
                columns: &[ColumnSpec],
                out: &mut BytesMut,
            ) -> Result<usize, ValueError> {
                <$inner>::encode_values(self, columns, out)
            }
        }
    };
}

forward!([T] Vec<T>, [T]);
forward!([T, const N: usize] [T; N], [T]);
forward!([V: ?Sized] &V, V);
forward!([V: ?Sized] Box<V>, V);
forward!([V: ?Sized] Arc<V>, V);

macro_rules! encode_tuple {
    ($count:literal: $($t:ident $position:tt)+) => {
        impl<$($t: EncodeValue),+> EncodeValues for ($($t,)+) {
            fn each_value(
                &self,
                show: &mut ShowValue<'_>,
            ) -> Result<(), ValueError> {
                $(show(None, &self.$position)?;)+
                Ok(())
            }

            #[inline]
            fn encode_values(
                &self,
                columns: &[ColumnSpec],
                out: &mut BytesMut,
            ) -> Result<usize, ValueError> {
                let mut markers = Markers::new(columns, $count)?;
                $(markers.encode(&self.$position, out)?;)+
                Ok($count)
            }
        }
    };
}

encode_tuple!(1: A 0);
encode_tuple!(2: A 0 B 1);
encode_tuple!(3: A 0 B 1 C 2);
encode_tuple!(4: A 0 B 1 C 2 D 3);
encode_tuple!(5: A 0 B 1 C 2 D 3 E 4);
encode_tuple!(6: A 0 B 1 C 2 D 3 E 4 F 5);
encode_tuple!(7: A 0 B 1 C 2 D 3 E 4 F 5 G 6);
encode_tuple!(8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
encode_tuple!(9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
encode_tuple!(10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
encode_tuple!(11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
encode_tuple!(12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
encode_tuple!(13: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
encode_tuple!(14: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13);
encode_tuple!(15: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14);
encode_tuple!(16: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);
