//! Lists, sets and vectors.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use arrayvec::ArrayVec;

use super::cells::Cells;
use super::{DecodeValue, not_null_nor_empty};
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// The elements of a list, set or vector as cells.
#[derive(Clone, Debug)]
struct Elements<'page> {
    ty: &'page ColumnType,
    element: &'page ColumnType,
    cells: Cells<'page>,
}

impl<'page> Elements<'page> {
    /// Of a cell that is to be an `R`, for the error.
    #[inline]
    fn new<R>(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let element = element_of(ty).ok_or_else(|| ValueError::mismatch::<R>(ty))?;
        let bytes = not_null_nor_empty::<R>(ty, cell)?;
        let cells = match ty {
            ColumnType::Vector(_, dimension) => {
                Cells::of_vector(bytes, *dimension, element.fixed_bytes())
            }
            _ => Cells::counted(bytes, 1),
        };
        let cells = cells.map_err(|problem| ValueError::value::<R>(ty, problem))?;
        Ok(Self { ty, element, cells })
    }

    /// The next element decoded.
    #[inline]
    fn next<R, T: DecodeValue<'page>>(&mut self) -> Option<Result<T, ValueError>> {
        let cell = self.cells.next()?;
        let cell = cell.map_err(|problem| ValueError::value::<R>(self.ty, problem));
        Some(cell.and_then(|cell| T::decode(self.element, cell)))
    }

    /// All elements decoded, those that are left.
    #[inline]
    fn decode_each<R, T: DecodeValue<'page>>(
        mut self,
        mut each: impl FnMut(T),
    ) -> Result<(), ValueError> {
        while let Some(value) = self.next::<R, T>() {
            each(value?);
        }
        Ok(())
    }
}

/// The type of the elements of a list, set or vector.
#[inline]
pub(crate) fn element_of(ty: &ColumnType) -> Option<&ColumnType> {
    match ty {
        ColumnType::List(element) | ColumnType::Set(element) | ColumnType::Vector(element, _) => {
            Some(element)
        }
        _ => None,
    }
}

/// Checks that `R`, a sequence of `T`, goes with this type.
fn accepts_elements<'page, R, T: DecodeValue<'page>>(ty: &ColumnType) -> Result<(), ValueError> {
    T::accepts(element_of(ty).ok_or_else(|| ValueError::mismatch::<R>(ty))?)
}

/// Checks that `R`, a set of `T`, goes with this type.
fn accepts_members<'page, R, T: DecodeValue<'page>>(ty: &ColumnType) -> Result<(), ValueError> {
    match ty {
        ColumnType::Set(element) => T::accepts(element),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// The elements of a list, set or vector, decoded one at a time and borrowed from the page: without
/// an allocation. Ends after its first error.
#[derive(Clone, Debug)]
pub struct ListIter<'page, T> {
    elements: Elements<'page>,
    values: PhantomData<fn() -> T>,
}

impl<'page, T: DecodeValue<'page>> DecodeValue<'page> for ListIter<'page, T> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_elements::<Self, T>(ty)
    }

    #[inline]
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        Elements::new::<Self>(ty, cell).map(|elements| Self { elements, values: PhantomData })
    }
}

impl<'page, T: DecodeValue<'page>> Iterator for ListIter<'page, T> {
    type Item = Result<T, ValueError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let value = self.elements.next::<Self, T>()?;
        if value.is_err() {
            self.elements.cells.stop();
        }
        Some(value)
    }

    /// As many as the collection declares: exact, unless an error ends it.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.elements.cells.left();
        (left, Some(left))
    }
}

impl<'page, T: DecodeValue<'page>> FusedIterator for ListIter<'page, T> {}

impl<'page, T: DecodeValue<'page>> DecodeValue<'page> for Vec<T> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_elements::<Self, T>(ty)
    }

    #[inline]
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let elements = Elements::new::<Self>(ty, cell)?;
        let mut values = Self::with_capacity(elements.cells.left());
        elements.decode_each::<Self, T>(|value| values.push(value))?;
        Ok(values)
    }
}

/// As many elements as the array has, no more and no fewer.
impl<'page, T: DecodeValue<'page>, const N: usize> DecodeValue<'page> for [T; N] {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Vector(_, dimension) if usize::try_from(*dimension) != Ok(N) => {
                Err(ValueError::mismatch::<Self>(ty))
            }
            _ => accepts_elements::<Self, T>(ty),
        }
    }

    #[inline]
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let elements = Elements::new::<Self>(ty, cell)?;
        let (mut values, mut given) = (ArrayVec::<T, N>::new(), 0);
        elements.decode_each::<Self, T>(|value| {
            given += 1;
            // One too many is only counted.
            values.try_push(value).ok();
        })?;
        let whole = if given == N { values.into_inner().ok() } else { None };
        whole.ok_or_else(|| {
            let expected = N;
            ValueError::value::<Self>(ty, ValueProblem::Elements { given, expected })
        })
    }
}

/// Elements that come twice, which servers do not send, are there once. Hashing is seeded, so that
/// whoever chooses the elements cannot make them collide.
impl<'page, T: DecodeValue<'page> + Eq + Hash> DecodeValue<'page> for HashSet<T> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_members::<Self, T>(ty)
    }

    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let elements = Elements::new::<Self>(ty, cell)?;
        let mut values = Self::with_capacity(elements.cells.left());
        elements.decode_each::<Self, T>(|value| {
            values.insert(value);
        })?;
        Ok(values)
    }
}

impl<'page, T: DecodeValue<'page> + Ord> DecodeValue<'page> for BTreeSet<T> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_members::<Self, T>(ty)
    }

    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let mut values = Self::new();
        let elements = Elements::new::<Self>(ty, cell)?;
        elements.decode_each::<Self, T>(|value| {
            values.insert(value);
        })?;
        Ok(values)
    }
}
