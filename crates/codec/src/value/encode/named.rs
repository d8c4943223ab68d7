//! Bind values by name.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use bytes::{BufMut, BytesMut};

use super::values::ShowValue;
use super::values::encode_for;
use super::{EncodeValue, EncodeValues};
use crate::ColumnSpec;
use crate::value::ValueError;

/// Bind values by the names of their markers, in any order.
///
/// Names are matched exactly, as the server spells them: in lower case, unless they were quoted.
/// What a server calls a `?` is in the [table of `EncodeValues`](EncodeValues#the-names-of-bind-markers).
/// Maps from names to values do the same, and structs that derive `BindValues`.
#[derive(Copy, Clone, Debug)]
pub struct NamedValues<'a, V>(pub &'a [(&'a str, V)]);

/// What has bind values by their names. With it, [`EncodeValues`] is [`encode_by_name`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no bind values by name",
    label = "no bind values by name",
    note = "a struct whose fields are bind markers derives `BindValues`"
)]
pub trait ValuesByName {
    /// The value of this name.
    fn value(&self, name: &str) -> Option<&dyn EncodeValue>;

    /// Shows each value with its name, until there is an error.
    ///
    /// # Errors
    ///
    /// That of `show`.
    fn each(
        &self,
        show: &mut dyn FnMut(&str, &dyn EncodeValue) -> Result<(), ValueError>,
    ) -> Result<(), ValueError>;
}

/// [`EncodeValues::encode_values`] of what has its values by their names: each bind marker gets the
/// value of its name. Without bind markers the names are sent along ([`EncodeValues::named`]).
///
/// # Errors
///
/// A bind marker without a value, a value without a bind marker, and values that do not fit. The
/// error names the marker.
pub fn encode_by_name<V: ValuesByName + ?Sized>(
    values: &V,
    columns: &[ColumnSpec],
    out: &mut BytesMut,
) -> Result<usize, ValueError> {
    if columns.is_empty() {
        return encode_with_names(values, out);
    }
    for marker in columns {
        let value = values.value(&marker.name);
        let value = value.ok_or_else(|| ValueError::NoValue(marker.name.as_str().into()))?;
        encode_for(marker, value, out)?;
    }
    all_have_markers(values, columns)?;
    Ok(columns.len())
}

/// Each value after its name.
fn encode_with_names<V: ValuesByName + ?Sized>(
    values: &V,
    out: &mut BytesMut,
) -> Result<usize, ValueError> {
    let mut count = 0;
    values.each(&mut |name, value| {
        let (length, limit) = (name.len(), usize::from(u16::MAX));
        let too_long = |_| ValueError::TooLong { length, limit };
        out.put_u16(u16::try_from(length).map_err(too_long)?);
        out.put_slice(name.as_bytes());
        count += 1;
        value.encode(None, out).map_err(|error| error.in_column(name))
    })?;
    Ok(count)
}

/// Checks that each value went to some bind marker, mostly the one at the same position.
fn all_have_markers<V: ValuesByName + ?Sized>(
    values: &V,
    columns: &[ColumnSpec],
) -> Result<(), ValueError> {
    let mut same = columns.iter();
    values.each(&mut |name, _| {
        let is_marker = same.next().is_some_and(|marker| marker.name == name)
            || columns.iter().any(|marker| marker.name == name);
        if is_marker { Ok(()) } else { Err(ValueError::NoMarker(name.into())) }
    })
}

/// Implements [`EncodeValues`] for what has values by names: `$entries` are all of them, `$found`
/// is the one of `$name`.
macro_rules! encode_named {
    ([$($generics:tt)*] $values:ty, |$this:ident| $entries:expr, |$name:ident| $found:expr) => {
        impl<V: EncodeValue, $($generics)*> ValuesByName for $values {
            fn value(&self, $name: &str) -> Option<&dyn EncodeValue> {
                let $this = self;
                let found: Option<&V> = $found;
                found.map(|value| value as &dyn EncodeValue)
            }

            fn each(
                &self,
                show: &mut dyn FnMut(&str, &dyn EncodeValue) -> Result<(), ValueError>,
            ) -> Result<(), ValueError> {
                let $this = self;
                $entries.try_for_each(|(name, value)| show(name.borrow(), value))
            }
        }

        /// By name, where there are bind markers to have names: an unprepared QUERY sends the
        /// names along.
        impl<V: EncodeValue, $($generics)*> EncodeValues for $values {
            fn named(&self, columns: &[ColumnSpec]) -> bool {
                columns.is_empty()
            }

            fn is_empty(&self) -> bool {
                let $this = self;
                $entries.next().is_none()
            }

            fn each_value(
                &self,
                show: &mut ShowValue<'_>,
            ) -> Result<(), ValueError> {
                self.each(&mut |name, value| show(Some(name), value))
            }

            fn encode_values(
                &self,
                columns: &[ColumnSpec],
                out: &mut BytesMut,
            ) -> Result<usize, ValueError> {
                encode_by_name(self, columns, out)
            }
        }
    };
}

encode_named!(
    [] NamedValues<'_, V>,
    |values| values.0.iter().map(|(name, value)| (*name, value)),
    |name| values.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
);
encode_named!(
    [K: Borrow<str> + Eq + Hash, S: BuildHasher] HashMap<K, V, S>,
    |values| values.iter(),
    |name| values.get(name)
);
encode_named!(
    [K: Borrow<str> + Ord] BTreeMap<K, V>,
    |values| values.iter(),
    |name| values.get(name)
);
