//! The cells that a value is made of: elements of a collection, fields of a tuple or a user type.

use crate::value::{ValueProblem, vint};

/// \[bytes\] off the front of `rest`; any negative length is null, as it is for servers.
#[inline]
pub(super) fn take_field<'page>(
    rest: &mut &'page [u8],
) -> Result<Option<&'page [u8]>, ValueProblem> {
    match usize::try_from(take_int(rest)?) {
        Ok(length) => take(rest, length).map(Some),
        Err(_) => Ok(None),
    }
}

/// An \[int\] off the front of `rest`.
#[inline]
fn take_int(rest: &mut &[u8]) -> Result<i32, ValueProblem> {
    let Some((int, tail)) = rest.split_first_chunk() else {
        let needed = size_of::<i32>();
        return Err(ValueProblem::UnexpectedEnd { needed, remaining: rest.len() });
    };
    *rest = tail;
    Ok(i32::from_be_bytes(*int))
}

#[inline]
fn take<'page>(rest: &mut &'page [u8], length: usize) -> Result<&'page [u8], ValueProblem> {
    let Some((taken, tail)) = rest.split_at_checked(length) else {
        return Err(ValueProblem::UnexpectedEnd { needed: length, remaining: rest.len() });
    };
    *rest = tail;
    Ok(taken)
}

/// The cells of a collection, in order. Whoever reads them all has seen every byte: what follows
/// the last cell is an error.
#[derive(Clone, Debug)]
pub(super) struct Cells<'page> {
    rest: &'page [u8],
    left: usize,
    layout: Layout,
}

/// How the cells lie in a collection.
#[derive(Copy, Clone, Debug)]
enum Layout {
    /// Each a \[bytes\].
    Bytes,
    /// Each of so many bytes, without a length.
    Fixed(usize),
    /// Each an \[unsigned vint\] length and as many bytes. (Servers do so, where v5 §5.25 says
    /// \[bytes\].)
    Vint,
}

impl<'page> Cells<'page> {
    /// Those of a list, set or map: an \[int\] that counts elements of `per_element` cells each
    /// (1, or 2 for key and value), and the cells.
    #[inline]
    pub(super) fn counted(bytes: &'page [u8], per_element: usize) -> Result<Self, ValueProblem> {
        let mut rest = bytes;
        let declared = take_int(&mut rest)?;
        let most = rest.len() / size_of::<i32>() / per_element;
        let Some(count) = usize::try_from(declared).ok().filter(|count| *count <= most) else {
            let (count, remaining) = (i64::from(declared), rest.len());
            return Err(ValueProblem::ElementCount { count, remaining });
        };
        Self { rest, left: count * per_element, layout: Layout::Bytes }.checked()
    }

    /// Those of a vector: no count, since its type has it, and a length only for elements
    /// whose type has none.
    #[inline]
    pub(super) fn of_vector(
        bytes: &'page [u8],
        dimension: u32,
        element_bytes: Option<usize>,
    ) -> Result<Self, ValueProblem> {
        let remaining = bytes.len();
        let left = usize::try_from(dimension).unwrap_or(usize::MAX);
        let (layout, fits) = match element_bytes {
            Some(size) => (Layout::Fixed(size), left.checked_mul(size) == Some(remaining)),
            None => (Layout::Vint, left <= remaining),
        };
        if fits {
            return Self { rest: bytes, left, layout }.checked();
        }
        Err(ValueProblem::ElementCount { count: i64::from(dimension), remaining })
    }

    /// How many have not been read yet.
    #[inline]
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// There is no next cell any more.
    #[cold]
    pub(super) const fn stop(&mut self) {
        self.left = 0;
    }

    /// The next cell; `None` after the last one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Result<Option<&'page [u8]>, ValueProblem>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.take_cell().and_then(|cell| self.check().map(|()| cell)))
    }

    #[inline]
    fn take_cell(&mut self) -> Result<Option<&'page [u8]>, ValueProblem> {
        let rest = &mut self.rest;
        match self.layout {
            Layout::Fixed(size) => take(rest, size).map(Some),
            Layout::Bytes => match take_int(rest)? {
                -1 => Ok(None),
                length => match usize::try_from(length) {
                    Ok(length) => take(rest, length).map(Some),
                    Err(_) => Err(ValueProblem::NegativeLength { length }),
                },
            },
            Layout::Vint => {
                let length = vint::take_unsigned(rest)?;
                take(rest, usize::try_from(length).unwrap_or(usize::MAX)).map(Some)
            }
        }
    }

    /// Bytes after the last cell are of another type than this (servers refuse to write them).
    #[inline]
    const fn check(&self) -> Result<(), ValueProblem> {
        if self.left == 0 && !self.rest.is_empty() {
            return Err(ValueProblem::TrailingBytes { bytes: self.rest.len() });
        }
        Ok(())
    }

    #[inline]
    fn checked(self) -> Result<Self, ValueProblem> {
        self.check().map(|()| self)
    }
}
