//! What there is to know of a request when it begins.

use std::sync::Arc;

use cqlwire_codec::{Consistency, CustomPayload};
use cqlwire_net::RequestKind;

use super::asked::AskedReport;
use crate::cql::Outline;
use crate::operation::Options;

/// See the [module](self).
pub(crate) struct Beginning<'a> {
    pub(crate) kind: RequestKind,
    pub(crate) statement: Arc<Outline>,
    pub(crate) keyspace: Option<Arc<str>>,
    pub(crate) consistency: Option<Consistency>,
    pub(crate) page_size: Option<u32>,
    pub(crate) idempotent: bool,
    /// How many statements it has, if it is a batch.
    pub(crate) batch_size: Option<usize>,
    /// What its user sends along with it.
    pub(crate) custom_payload: Option<&'a CustomPayload>,
    /// Is it done for many at once, whose traces are many?
    pub(crate) is_joint: bool,
    /// Whoever asked for its report with it.
    pub(crate) asked: Option<Arc<AskedReport>>,
}

impl<'a> Beginning<'a> {
    /// Of a request that is executed by these options. Without being told, it is idempotent if it
    /// only reads.
    pub(crate) fn of(
        kind: RequestKind,
        statement: Arc<Outline>,
        options: &'a Options<'_>,
        only_reads: bool,
    ) -> Self {
        let settings = &options.settings;
        Self {
            kind,
            statement,
            keyspace: options.keyspace.origin().keyspace.clone(),
            consistency: Some(settings.consistency),
            page_size: Some(settings.page_size),
            idempotent: settings.idempotent.unwrap_or(only_reads),
            batch_size: None,
            custom_payload: options.own_payload(),
            is_joint: false,
            asked: options.asked(),
        }
    }
}
