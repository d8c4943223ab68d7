//! Lists, sets and vectors.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;

use super::EncodeValue;
use super::element::{encode_element, encode_vint_element, measured, put_count};
use crate::ColumnType;
use crate::value::decode::element_of;
use crate::value::{ValueError, ValueProblem};

/// Appends a sequence (`R`, for the errors) as the list, set or vector that is wanted; as a list,
/// which looks the same as a set, if nothing is.
pub(crate) fn encode_sequence<R: ?Sized, T: EncodeValue>(
    ty: Option<&ColumnType>,
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    match ty {
        Some(ColumnType::Vector(element, dimension)) => {
            let (given, expected) = (elements.len(), usize::try_from(*dimension));
            if expected != Ok(given) {
                let expected = expected.unwrap_or(usize::MAX);
                let problem = ValueProblem::Elements { given, expected };
                return Err(ValueError::value::<R>(element, problem));
            }
            encode_vector::<R, T>(element, elements, out)
        }
        Some(ty) => {
            let element = element_of(ty).ok_or_else(|| ValueError::mismatch::<R>(ty))?;
            encode_counted(Some(element), elements, out)
        }
        None => encode_counted(None, elements, out),
    }
}

/// A set (`R`, for the errors) as one.
fn encode_members<R: ?Sized, T: EncodeValue>(
    ty: Option<&ColumnType>,
    members: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    match ty {
        None | Some(ColumnType::Set(_)) => encode_sequence::<R, T>(ty, members, out),
        Some(ty) => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// A list or set: the number of elements, and each as \[bytes\].
fn encode_counted<T: EncodeValue>(
    element: Option<&ColumnType>,
    mut elements: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    if elements.len() == 0 {
        element.map_or(Ok(()), T::fits)?;
    }
    measured(out, |out| {
        put_count(out, elements.len())?;
        elements.try_for_each(|value| encode_element(&value, element, out))
    })
}

/// A vector: its elements, with a length only where their type has none.
fn encode_vector<R: ?Sized, T: EncodeValue>(
    element: &ColumnType,
    mut elements: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let Some(size) = element.fixed_bytes() else {
        return measured(out, |out| {
            elements.try_for_each(|value| encode_vint_element(&value, Some(element), out))
        });
    };
    measured(out, |out| {
        let (start, expected) = (out.len(), size.saturating_mul(elements.len()));
        elements.try_for_each(|value| value.encode_content(Some(element), out))?;
        // An element of another size would shift all that follow.
        match out.len() - start {
            found if found == expected => Ok(()),
            found => Err(ValueError::value::<R>(element, ValueProblem::Length { found })),
        }
    })
}

/// Checks that `R`, a sequence of `T`, goes with this type.
fn sequence_fits<R: ?Sized, T: EncodeValue>(ty: &ColumnType) -> Result<(), ValueError> {
    T::fits(element_of(ty).ok_or_else(|| ValueError::mismatch::<R>(ty))?)
}

/// Checks that `R`, a set of `T`, goes with this type.
fn members_fit<R: ?Sized, T: EncodeValue>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Set(element) => T::fits(element),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

impl<T: EncodeValue> EncodeValue for [T] {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_sequence::<Self, &T>(ty, self.iter(), out)
    }
}

/// Implements [`EncodeValue`] for what holds elements.
macro_rules! encode_elements {
    ([$($generics:tt)*] $rust:ty, $encode:ident, $fits:ident) => {
        impl<T: EncodeValue, $($generics)*> EncodeValue for $rust {
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                $encode::<Self, &T>(ty, self.iter(), out)
            }

            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                $fits::<Self, T>(ty)
            }
        }
    };
}

encode_elements!([] Vec<T>, encode_sequence, sequence_fits);
encode_elements!([const N: usize] [T; N], encode_sequence, sequence_fits);
encode_elements!([] & [T], encode_sequence, sequence_fits);
encode_elements!([] Box<[T]>, encode_sequence, sequence_fits);
encode_elements!([] Rc<[T]>, encode_sequence, sequence_fits);
encode_elements!([] Arc<[T]>, encode_sequence, sequence_fits);
encode_elements!([] BTreeSet<T>, encode_members, members_fit);
encode_elements!([S] HashSet<T, S>, encode_members, members_fit);
