//! What all handles of a statement share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use cqlwire_codec::StatementKind;

use super::metadata::Known;
use super::origin::Origin;

/// See the [module](self).
pub(super) struct Inner {
    pub(super) text: String,
    pub(super) kind: StatementKind,
    pub(super) origin: Arc<Origin>,
    pub(super) known: ArcSwap<Known>,
}
