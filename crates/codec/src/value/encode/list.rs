//! Lists, sets and vectors.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;

use super::EncodeValue;
use super::element::{encode_element, encode_vint_element, measured, put_count, put_ordered};
use crate::ColumnType;
use crate::value::decode::element_of;
use crate::value::{ValueError, ValueProblem};

/// Appends a sequence (`R`, for the errors) as the list, set or vector that is wanted; as a list if
/// nothing is.
pub(crate) fn encode_sequence<R: ?Sized, T: EncodeValue>(
    ty: Option<&ColumnType>,
    elements: impl ExactSizeIterator<Item = T> + Clone,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    match ty {
        None => encode_list(None, elements, out),
        Some(ColumnType::List(element)) => encode_list(Some(element), elements, out),
        Some(ColumnType::Set(_)) => encode_members::<R, T>(ty, elements, out),
        Some(ty @ ColumnType::Vector(element, dimension)) => {
            let (given, expected) = (elements.len(), usize::try_from(*dimension));
            if expected != Ok(given) {
                let expected = expected.unwrap_or(usize::MAX);
                let problem = ValueProblem::Elements { given, expected };
                return Err(ValueError::value::<R>(ty, problem));
            }
            encode_vector::<R, T>(element, elements, out)
        }
        Some(ty) => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// Appends the elements of a set (`R`, for the errors) in the order of the server, each once.
pub(crate) fn encode_members<R: ?Sized, T: EncodeValue>(
    ty: Option<&ColumnType>,
    members: impl ExactSizeIterator<Item = T> + Clone,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let element = match ty {
        None => None,
        Some(ColumnType::Set(element)) => Some(&**element),
        Some(ty) => return Err(ValueError::mismatch::<R>(ty)),
    };
    if members.len() == 0 {
        element.map_or(Ok(()), T::fits)?;
    }
    let own = match element {
        None => own_type(members.clone()),
        Some(_) => None,
    };
    measured(out, |out| {
        put_ordered(out, element.or(own.as_ref()), 1, members, |at, value, out| {
            encode_element(&value, element, out).map_err(|error| error.in_element(at))
        })
    })
}

/// The type of these by themselves, where one of them says it, or all of their Rust type have it.
pub(crate) fn own_type<T: EncodeValue>(mut values: impl Iterator<Item = T>) -> Option<ColumnType> {
    values.find_map(|value| value.own_type()).or_else(T::static_type)
}

/// A list: the number of elements, and each as \[bytes\].
fn encode_list<T: EncodeValue>(
    element: Option<&ColumnType>,
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    if elements.len() == 0 {
        element.map_or(Ok(()), T::fits)?;
    }
    measured(out, |out| {
        put_count(out, elements.len())?;
        elements.enumerate().try_for_each(|(at, value)| {
            encode_element(&value, element, out).map_err(|error| error.in_element(at))
        })
    })
}

/// A vector: its elements, with a length only where their type has none.
fn encode_vector<R: ?Sized, T: EncodeValue>(
    element: &ColumnType,
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut BytesMut,
) -> Result<(), ValueError> {
    let expected = element.fixed_bytes().map(|size| size.saturating_mul(elements.len()));
    measured(out, |out| {
        let start = out.len();
        elements.enumerate().try_for_each(|(at, value)| {
            let encoded = match expected {
                Some(_) => value.encode_content(Some(element), out),
                None => encode_vint_element(&value, Some(element), out),
            };
            encoded.map_err(|error| error.in_element(at))
        })?;
        // An element of another size would shift all that follow.
        match out.len() - start {
            found if expected.is_some_and(|expected| expected != found) => {
                Err(ValueError::value::<R>(element, ValueProblem::Length { found }))
            }
            _ => Ok(()),
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

    fn own_type(&self) -> Option<ColumnType> {
        Some(ColumnType::List(Box::new(own_type(self.iter())?)))
    }
}

/// Implements [`EncodeValue`] for what holds elements.
macro_rules! encode_elements {
    ([$($generics:tt)*] $rust:ty, $encode:ident, $fits:ident, $own:ident) => {
        impl<T: EncodeValue, $($generics)*> EncodeValue for $rust {
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                $encode::<Self, &T>(ty, self.iter(), out)
            }

            fn own_type(&self) -> Option<ColumnType> {
                Some(ColumnType::$own(Box::new(own_type(self.iter())?)))
            }

            fn static_type() -> Option<ColumnType> {
                Some(ColumnType::$own(Box::new(T::static_type()?)))
            }

            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                $fits::<Self, T>(ty)
            }
        }
    };
}

encode_elements!([] Vec<T>, encode_sequence, sequence_fits, List);
encode_elements!([const N: usize] [T; N], encode_sequence, sequence_fits, List);
encode_elements!([] & [T], encode_sequence, sequence_fits, List);
encode_elements!([] Box<[T]>, encode_sequence, sequence_fits, List);
encode_elements!([] Rc<[T]>, encode_sequence, sequence_fits, List);
encode_elements!([] Arc<[T]>, encode_sequence, sequence_fits, List);
encode_elements!([] BTreeSet<T>, encode_members, members_fit, Set);
encode_elements!([S] HashSet<T, S>, encode_members, members_fit, Set);
