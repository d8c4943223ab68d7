//! Maps.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::cells::Cells;
use super::{DecodeValue, not_null_nor_empty};
use crate::ColumnType;
use crate::value::ValueError;

/// The entries of a map as cells: key, value, key, value.
#[derive(Clone, Debug)]
struct Entries<'page> {
    ty: &'page ColumnType,
    key: &'page ColumnType,
    value: &'page ColumnType,
    cells: Cells<'page>,
}

impl<'page> Entries<'page> {
    /// Of a cell that is to be an `R`, for the error.
    #[inline]
    fn new<R>(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let ColumnType::Map(key, value) = ty else { return Err(ValueError::mismatch::<R>(ty)) };
        let cells = Cells::counted(not_null_nor_empty::<R>(ty, cell)?, 2);
        let cells = cells.map_err(|problem| ValueError::value::<R>(ty, problem))?;
        Ok(Self { ty, key, value, cells })
    }

    const fn left(&self) -> usize {
        self.cells.left() / 2
    }

    /// The next cell decoded, a key or a value.
    #[inline]
    fn half<R, T: DecodeValue<'page>>(
        &mut self,
        ty: &'page ColumnType,
    ) -> Option<Result<T, ValueError>> {
        let cell = self.cells.next()?;
        let cell = cell.map_err(|problem| ValueError::value::<R>(self.ty, problem));
        Some(cell.and_then(|cell| T::decode(ty, cell)))
    }

    /// The next entry decoded.
    #[inline]
    fn next<R, K: DecodeValue<'page>, V: DecodeValue<'page>>(
        &mut self,
    ) -> Option<Result<(K, V), ValueError>> {
        match self.half::<R, K>(self.key)? {
            Ok(key) => Some(self.half::<R, V>(self.value)?.map(|value| (key, value))),
            Err(error) => Some(Err(error)),
        }
    }

    /// All entries decoded, those that are left.
    #[inline]
    fn decode_each<R, K: DecodeValue<'page>, V: DecodeValue<'page>>(
        mut self,
        mut each: impl FnMut(K, V),
    ) -> Result<(), ValueError> {
        while let Some(entry) = self.next::<R, K, V>() {
            let (key, value) = entry?;
            each(key, value);
        }
        Ok(())
    }
}

/// Checks that `R`, a map from `K` to `V`, goes with this type.
fn accepts_entries<'page, R, K: DecodeValue<'page>, V: DecodeValue<'page>>(
    ty: &ColumnType,
) -> Result<(), ValueError> {
    match ty {
        ColumnType::Map(key, value) => K::accepts(key).and_then(|()| V::accepts(value)),
        _ => Err(ValueError::mismatch::<R>(ty)),
    }
}

/// The entries of a map, decoded one at a time and borrowed from the page: without an allocation.
/// Ends after its first error.
#[derive(Clone, Debug)]
pub struct MapIter<'page, K, V> {
    entries: Entries<'page>,
    values: PhantomData<fn() -> (K, V)>,
}

impl<'page, K, V> DecodeValue<'page> for MapIter<'page, K, V>
where
    K: DecodeValue<'page>,
    V: DecodeValue<'page>,
{
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_entries::<Self, K, V>(ty)
    }

    #[inline]
    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        Entries::new::<Self>(ty, cell).map(|entries| Self { entries, values: PhantomData })
    }
}

impl<'page, K, V> Iterator for MapIter<'page, K, V>
where
    K: DecodeValue<'page>,
    V: DecodeValue<'page>,
{
    type Item = Result<(K, V), ValueError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next::<Self, K, V>()?;
        if entry.is_err() {
            self.entries.cells.stop();
        }
        Some(entry)
    }

    /// As many as the map declares: exact, unless an error ends it.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.entries.left();
        (left, Some(left))
    }
}

impl<'page, K, V> FusedIterator for MapIter<'page, K, V>
where
    K: DecodeValue<'page>,
    V: DecodeValue<'page>,
{
}

/// Of a key that comes twice, which servers do not send, the last value counts. Hashing is seeded,
/// so that whoever chooses the keys cannot make them collide.
impl<'page, K, V> DecodeValue<'page> for HashMap<K, V>
where
    K: DecodeValue<'page> + Eq + Hash,
    V: DecodeValue<'page>,
{
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_entries::<Self, K, V>(ty)
    }

    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let entries = Entries::new::<Self>(ty, cell)?;
        let mut map = Self::with_capacity(entries.left());
        entries.decode_each::<Self, K, V>(|key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}

/// Of a key that comes twice, which servers do not send, the last value counts.
impl<'page, K, V> DecodeValue<'page> for BTreeMap<K, V>
where
    K: DecodeValue<'page> + Ord,
    V: DecodeValue<'page>,
{
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        accepts_entries::<Self, K, V>(ty)
    }

    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let mut map = Self::new();
        let entries = Entries::new::<Self>(ty, cell)?;
        entries.decode_each::<Self, K, V>(|key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}
