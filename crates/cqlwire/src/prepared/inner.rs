//! What all handles of a statement share.

use std::sync::{Arc, OnceLock};

use cqlwire_codec::StatementKind;

use super::known::Known;
use super::named::Named;
use super::origin::Origin;
use crate::cql::Outline;

/// See the [module](self).
pub(super) struct Inner {
    pub(super) text: Arc<str>,
    pub(super) kind: StatementKind,
    /// That of its table; `None` if it names none by its bind markers or columns.
    pub(super) keyspace: Option<Arc<str>>,
    pub(super) origin: Arc<Origin>,
    pub(super) known: Known,
    /// What is counted of it, if it has a name.
    pub(super) named: OnceLock<Named>,
    /// As it is seen from outside, once somebody has looked.
    pub(super) outline: OnceLock<Arc<Outline>>,
}
