//! What becomes of the connections to a host.

use std::sync::Arc;

use cqlwire_net::{ConnectionEnd, ServerAddress};
use uuid::Uuid;

use crate::{Target, Unconnected};

/// Something that became of a connection for requests. Those that are closed since they are not
/// wanted any more are not told of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionChange {
    /// Where the host is.
    pub address: ServerAddress,
    /// Its id, if it is known.
    pub host_id: Option<Uuid>,
    /// What.
    pub kind: ConnectionChangeKind,
}

/// What became of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionChangeKind {
    /// It was opened, and is used.
    Opened,
    /// It could not be opened; there will be another attempt.
    Failed(Unconnected),
    /// It was lost.
    Lost(Arc<ConnectionEnd>),
}

impl ConnectionChange {
    pub(crate) fn of(target: &Target, kind: ConnectionChangeKind) -> Self {
        let host_id = target.identity.as_ref().map(|identity| identity.host_id);
        Self { address: target.address.clone(), host_id, kind }
    }
}
