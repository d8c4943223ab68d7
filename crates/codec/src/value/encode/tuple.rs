//! Tuples as values of one cell.

use bytes::BytesMut;

use super::EncodeValue;
use super::element::{encode_field, measured};
use crate::ColumnType;
use crate::value::ValueError;

/// The types of the elements of a tuple of `count`, none if no type is wanted; `R` is for the error.
#[inline]
fn elements_of<R>(ty: Option<&ColumnType>, count: usize) -> Result<&[ColumnType], ValueError> {
    match ty {
        None => Ok(&[]),
        Some(ColumnType::Tuple(elements)) if elements.len() == count => Ok(elements),
        Some(ty) => Err(ValueError::mismatch::<R>(ty)),
    }
}

macro_rules! encode_tuple {
    ($count:literal: $($t:ident $position:tt)+) => {
        /// A tuple with as many elements.
        impl<$($t: EncodeValue),+> EncodeValue for ($($t,)+) {
            fn encode(
                &self,
                ty: Option<&ColumnType>,
                out: &mut BytesMut,
            ) -> Result<(), ValueError> {
                let types = elements_of::<Self>(ty, $count)?;
                measured(out, |out| {
                    $(encode_field(&self.$position, types.get($position), out)?;)+
                    Ok(())
                })
            }

            fn own_type(&self) -> Option<ColumnType> {
                Some(ColumnType::Tuple(vec![$(self.$position.own_type()?),+]))
            }

            fn static_type() -> Option<ColumnType> {
                Some(ColumnType::Tuple(vec![$($t::static_type()?),+]))
            }

            fn fits(ty: &ColumnType) -> Result<(), ValueError> {
                let types = elements_of::<Self>(Some(ty), $count)?;
                $(types.get($position).map_or(Ok(()), $t::fits)?;)+
                Ok(())
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
