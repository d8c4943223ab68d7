//! Tuples as values of one cell.

use super::DecodeValue;
use super::bytes::not_null;
use super::cells::take_field;
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// The fields of a tuple's value, as it is read.
struct Elements<'page> {
    ty: &'page ColumnType,
    types: &'page [ColumnType],
    next: usize,
    rest: &'page [u8],
}

impl<'page> Elements<'page> {
    /// Of a cell that is to be an `R`, for the error.
    #[inline]
    fn new<R>(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let ColumnType::Tuple(types) = ty else { return Err(ValueError::mismatch::<R>(ty)) };
        Ok(Self { ty, types, next: 0, rest: not_null::<R>(ty, cell)? })
    }

    /// The next field decoded. Fields that are missing at the end are null.
    #[inline]
    fn value<R, T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        let Some(ty) = self.types.get(self.next) else {
            return Err(ValueError::mismatch::<R>(self.ty));
        };
        self.next += 1;
        let cell = if self.rest.is_empty() { Ok(None) } else { take_field(&mut self.rest) };
        T::decode(ty, cell.map_err(|problem| ValueError::value::<R>(self.ty, problem))?)
    }

    /// Nothing may follow.
    #[inline]
    fn end<R>(&self) -> Result<(), ValueError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let problem = ValueProblem::TooManyFields { fields: self.types.len() };
        Err(ValueError::value::<R>(self.ty, problem))
    }
}

macro_rules! decode_tuple {
    ($count:literal: $($t:ident)+) => {
        /// A tuple with as many elements.
        impl<'page, $($t: DecodeValue<'page>),+> DecodeValue<'page> for ($($t,)+) {
            fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
                match ty {
                    ColumnType::Tuple(types) if types.len() == $count => {
                        let mut types = types.iter();
                        $(types.next().map_or(Ok(()), $t::accepts)?;)+
                        Ok(())
                    }
                    _ => Err(ValueError::mismatch::<Self>(ty)),
                }
            }

            #[inline]
            fn decode(
                ty: &'page ColumnType,
                cell: Option<&'page [u8]>,
            ) -> Result<Self, ValueError> {
                let mut elements = Elements::new::<Self>(ty, cell)?;
                let tuple = ($(elements.value::<Self, $t>()?,)+);
                elements.end::<Self>()?;
                Ok(tuple)
            }
        }
    };
}

decode_tuple!(1: A);
decode_tuple!(2: A B);
decode_tuple!(3: A B C);
decode_tuple!(4: A B C D);
decode_tuple!(5: A B C D E);
decode_tuple!(6: A B C D E F);
decode_tuple!(7: A B C D E F G);
decode_tuple!(8: A B C D E F G H);
decode_tuple!(9: A B C D E F G H I);
decode_tuple!(10: A B C D E F G H I J);
decode_tuple!(11: A B C D E F G H I J K);
decode_tuple!(12: A B C D E F G H I J K L);
decode_tuple!(13: A B C D E F G H I J K L M);
decode_tuple!(14: A B C D E F G H I J K L M N);
decode_tuple!(15: A B C D E F G H I J K L M N O);
decode_tuple!(16: A B C D E F G H I J K L M N O P);
