//! Bind values by name.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use bytes::{BufMut, BytesMut};

use super::values::encode_for;
use super::{EncodeValue, EncodeValues};
use crate::ColumnSpec;
use crate::value::ValueError;

/// Bind values by the names of their markers, in any order.
///
/// Names are matched exactly, as the server spells them: in lower case, unless they were quoted.
/// Maps from names to values do the same.
#[derive(Copy, Clone, Debug)]
pub struct NamedValues<'a, V>(pub &'a [(&'a str, V)]);

/// Implements [`EncodeValues`] for what has values by names: `$entries` are all of them, `$found`
/// is the one of `$name`.
macro_rules! encode_named {
    ([$($generics:tt)*] $values:ty, |$this:ident| $entries:expr, |$name:ident| $found:expr) => {
        /// By name, where there are bind markers to have names: an unprepared QUERY sends the
        /// names along.
        impl<V: EncodeValue, $($generics)*> EncodeValues for $values {
            fn named(&self, columns: &[ColumnSpec]) -> bool {
                columns.is_empty()
            }

            fn encode_values(
                &self,
                columns: &[ColumnSpec],
                out: &mut BytesMut,
            ) -> Result<usize, ValueError> {
                let $this = self;
                if columns.is_empty() {
                    return encode_with_names($entries, out);
                }
                for marker in columns {
                    let $name = marker.name.as_str();
                    let value = $found.ok_or_else(|| ValueError::NoValue($name.into()))?;
                    encode_for(marker, value, out)?;
                }
                all_have_markers($entries, columns)
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
    |values| values.iter().map(|(name, value)| (name.borrow(), value)),
    |name| values.get(name)
);
encode_named!(
    [K: Borrow<str> + Ord] BTreeMap<K, V>,
    |values| values.iter().map(|(name, value)| (name.borrow(), value)),
    |name| values.get(name)
);

/// Each value after its name.
fn encode_with_names<'a, V: EncodeValue + 'a>(
    entries: impl Iterator<Item = (&'a str, &'a V)>,
    out: &mut BytesMut,
) -> Result<usize, ValueError> {
    let mut count = 0;
    for (name, value) in entries {
        let (length, limit) = (name.len(), usize::from(u16::MAX));
        let too_long = |_| ValueError::TooLong { length, limit };
        out.put_u16(u16::try_from(length).map_err(too_long)?);
        out.put_slice(name.as_bytes());
        value.encode(None, out).map_err(|error| error.in_column(name))?;
        count += 1;
    }
    Ok(count)
}

/// Checks that each value went to some bind marker, and says how many of those there were.
fn all_have_markers<'a, V: 'a>(
    mut entries: impl Iterator<Item = (&'a str, &'a V)>,
    columns: &[ColumnSpec],
) -> Result<usize, ValueError> {
    match entries.find(|(name, _)| !columns.iter().any(|marker| marker.name == *name)) {
        Some((name, _)) => Err(ValueError::NoColumn(name.into())),
        None => Ok(columns.len()),
    }
}
