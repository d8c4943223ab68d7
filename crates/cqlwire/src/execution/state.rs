//! How far an execution has got.

use crate::attempt::Run;
use crate::gate::Permit;

/// How far the future has got.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(crate) enum State<'a> {
    New,
    Running { _permit: Permit<'a>, run: Run },
    Done,
}
