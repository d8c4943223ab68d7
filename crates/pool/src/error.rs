//! Why there is no connection to a host.

use std::sync::Arc;

use cqlwire_net::{ConnectError, ConnectionEnd, ServerAddress};

/// There is no connection to this host at the moment.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no connection to {address}: {reason}")]
#[non_exhaustive]
pub struct NotConnected {
    /// The host.
    pub address: ServerAddress,
    /// Why.
    #[source]
    pub reason: Unconnected,
}

/// Why there is no connection to a host. The host is not named here.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unconnected {
    /// The first attempts are under way.
    #[error("none has been opened yet")]
    NotYet,
    /// The last attempt failed; there will be another.
    #[error("{}", .0.reason())]
    Failed(#[source] Box<ConnectError>),
    /// It was lost a moment ago, and another is being opened.
    #[error("it was lost, and is being opened again: {0}")]
    Lost(#[source] Arc<ConnectionEnd>),
    /// The runtime that kept the connections has been shut down: there will be no other.
    #[error("the runtime on which it was connected has been shut down")]
    RuntimeGone,
    /// The pool has been closed.
    #[error("the pool is closed")]
    Closed,
}

impl Unconnected {
    /// Was there not enough time, rather than anything that failed?
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::NotYet => true,
            Self::Failed(error) => error.is_timeout(),
            Self::Lost(_) | Self::RuntimeGone | Self::Closed => false,
        }
    }

    /// Will it stay so until somebody changes the settings, here or on the server?
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Failed(error) => error.is_permanent(),
            Self::RuntimeGone | Self::Closed => true,
            Self::NotYet | Self::Lost(_) => false,
        }
    }
}

/// The registry has been closed: no pool is started any more.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry of pools is closed")]
pub struct RegistryClosed;
