//! How far an execution has got.

use crate::attempt::Run;
use crate::gate::Permit;

/// How far the future has got.
pub(super) enum State<'a> {
    New,
    Running { _permit: Permit<'a>, run: Run },
    Done,
}
