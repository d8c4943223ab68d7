//! Tuples as values of one cell.

use super::bytes::not_null;
use super::cells::take_field;
use super::{DecodeValue, Undecoded};
use crate::ColumnType;
use crate::value::{ValueError, ValueProblem};

/// Reads the elements of a tuple's value, in order.
pub(crate) struct TupleCells<'page> {
    ty: &'page ColumnType,
    types: &'page [ColumnType],
    next: usize,
    rest: &'page [u8],
}

impl<'page> TupleCells<'page> {
    /// Of a cell that is to be an `R`, for the error.
    #[inline]
    pub(crate) fn new<R>(
        ty: &'page ColumnType,
        cell: Option<&'page [u8]>,
    ) -> Result<Self, ValueError> {
        let ColumnType::Tuple(types) = ty else { return Err(ValueError::mismatch::<R>(ty)) };
        Ok(Self { ty, types, next: 0, rest: not_null::<R>(ty, cell)? })
    }

    /// The next element as it is. Those that are missing at the end are null.
    #[inline]
    pub(crate) fn next<R>(&mut self) -> Result<Undecoded<'page>, ValueError> {
        let Some(ty) = self.types.get(self.next) else { return Err(self.too_many::<R>()) };
        self.next += 1;
        let bytes = if self.rest.is_empty() { Ok(None) } else { take_field(&mut self.rest) };
        let bytes = bytes.map_err(|problem| ValueError::value::<R>(self.ty, problem))?;
        Ok(Undecoded { ty, bytes })
    }

    /// Whether nothing is left to be read.
    #[inline]
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element decoded.
    #[inline]
    fn value<R, T: DecodeValue<'page>>(&mut self) -> Result<T, ValueError> {
        let element = self.next::<R>()?;
        T::decode(element.ty, element.bytes)
    }

    /// Nothing may follow.
    #[inline]
    fn end<R>(&self) -> Result<(), ValueError> {
        if self.is_at_end() { Ok(()) } else { Err(self.too_many::<R>()) }
    }

    #[cold]
    fn too_many<R>(&self) -> ValueError {
        let fields = self.types.len();
        ValueError::value::<R>(self.ty, ValueProblem::TooManyFields { fields })
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
                let mut elements = TupleCells::new::<Self>(ty, cell)?;
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
