//! Values that go with a text as it is: no bind marker says what they are to be.

use bytes::BytesMut;
use cqlwire_codec::{ColumnType, EncodeError, EncodeValues, EncodedValues, ValueError};

use crate::cql;

/// Can a server take them for nothing else than they are, as far as their Rust types tell?
///
/// # Errors
///
/// A struct, whose fields a server takes by their order; a list, which may be meant for a set or a
/// vector; and a name that no bind marker of the text has, which servers pass over.
pub(crate) fn check_untyped(text: &str, values: &dyn EncodeValues) -> Result<(), EncodeError> {
    let mut number = 0_usize;
    values.each_value(&mut |name, value| {
        number += 1;
        match value.own_type() {
            Some(own) if is_ambiguous(&own) => Err(needs_marker(number, name)),
            _ => Ok(()),
        }
    })?;
    check_names(text, values)
}

/// The error of the value of this number, from 1.
#[cold]
pub(crate) fn needs_marker(number: usize, name: Option<&str>) -> ValueError {
    let which = name.map_or_else(|| format!("value {number}"), |name| format!("value `{name}`"));
    ValueError::NeedsMarker { which: which.into() }
}

/// Are there none after all, for a statement that has no bind markers?
///
/// # Errors
///
/// There are some.
#[cold]
pub(super) fn refuse_without_markers(values: &dyn EncodeValues) -> Result<(), ValueError> {
    let mut given = 0;
    values.each_value(&mut |_, _| {
        given += 1;
        Ok(())
    })?;
    if given == 0 {
        // They do not show themselves, perhaps.
        given = EncodedValues::encode(values, &[], BytesMut::new())?.count();
    }
    if given == 0 { Ok(()) } else { Err(ValueError::Count { given, expected: 0 }) }
}

fn is_ambiguous(own: &ColumnType) -> bool {
    match own {
        ColumnType::UserType(_) | ColumnType::List(_) | ColumnType::Vector(..) => true,
        ColumnType::Set(element) => is_ambiguous(element),
        ColumnType::Map(key, value) => is_ambiguous(key) || is_ambiguous(value),
        ColumnType::Tuple(elements) => elements.iter().any(is_ambiguous),
        _ => false,
    }
}

/// Has each named value a bind marker?
fn check_names(text: &str, values: &dyn EncodeValues) -> Result<(), EncodeError> {
    if !values.named(&[]) {
        return Ok(());
    }
    let values = EncodedValues::encode(values, &[], BytesMut::new())?;
    let surplus = values.names().find(|name| !cql::has_marker(text, name));
    surplus.map_or(Ok(()), |name| Err(ValueError::NoMarker(name.into()).into()))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn refused(values: &dyn EncodeValues) -> Option<String> {
        check_untyped("SELECT :a", values).err().map(|error| error.to_string())
    }

    #[test]
    fn g15_5_what_a_server_could_take_for_something_else_is_refused() {
        let list = refused(&(1_i32, vec![1.0_f32; 3])).unwrap();
        assert!(list.contains("value 2 needs the type of its bind marker"), "{list}");
        let named = refused(&BTreeMap::from([("a", [1_i32])])).unwrap();
        assert!(named.contains("value `a`"), "{named}");
        assert!(refused(&(Some((1_i32, vec!["a"])),)).is_some());
        assert!(refused(&(BTreeMap::from([("a", Some([1_u8; 2])), ("b", None)]),)).is_none());
        assert!(refused(&(BTreeMap::from([(1_i32, Vec::<i32>::new())]),)).is_some());
        assert!(refused(&(BTreeSet::from([1_i32]), "a", Some(1_i64), None::<i32>)).is_none());
    }
}
