//! A row as its user made it. What encodes it may be code of theirs, and panic: that is then why
//! this row failed, and no matter of the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::BytesMut;
use cqlwire_codec::{ColumnSpec, EncodeValues, ShowValue, ValueError};
use cqlwire_net::panic_message;

/// See the [module](self).
pub(super) struct Guarded<R>(pub(super) R);

impl<R: EncodeValues> EncodeValues for Guarded<R> {
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        guard(|| Ok(self.0.named(columns))).unwrap_or(false)
    }

    fn is_empty(&self) -> bool {
        guard(|| Ok(self.0.is_empty())).unwrap_or(false)
    }

    fn each_value(&self, show: &mut ShowValue<'_>) -> Result<(), ValueError> {
        guard(|| self.0.each_value(show))
    }

    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        guard(|| self.0.encode_values(columns, out))
    }
}

fn guard<T>(code: impl FnOnce() -> Result<T, ValueError>) -> Result<T, ValueError> {
    let ran = catch_unwind(AssertUnwindSafe(code));
    ran.unwrap_or_else(|payload| Err(ValueError::Panicked(panic_message(&*payload).into())))
}
