//! Why there is no connection to a host.

use std::sync::Arc;

use cqlwire_net::{AskError, ConnectError, ConnectionEnd, ServerAddress};
use uuid::Uuid;

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

impl NotConnected {
    /// There is none to this host, for this reason.
    pub const fn new(address: ServerAddress, reason: Unconnected) -> Self {
        Self { address, reason }
    }
}

/// Why there is no connection to a host. The host is not named here.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unconnected {
    /// The first attempts are under way.
    #[error("the first attempt to connect is still under way")]
    NotYet,
    /// The last attempt failed; there will be another.
    #[error("{}", .0.reason())]
    Failed(#[source] Box<ConnectError>),
    /// The server could not be asked who it is; there will be another attempt.
    #[error("it did not say which server it is: {0}")]
    Unproven(#[source] Box<AskError>),
    /// Another server is at the address; there will be another attempt.
    #[error("{0}")]
    Elsewhere(#[source] Box<Elsewhere>),
    /// It was lost a moment ago, and another is being opened.
    #[error("it was lost, and is being opened again: {0}")]
    Lost(#[source] Arc<ConnectionEnd>),
    /// The server has said that it is about to go; there will be another attempt.
    #[error("the server has said that it is about to go")]
    Leaving,
    /// The runtime that kept the connections has been shut down: there will be no other.
    #[error("the runtime on which it was connected has been shut down")]
    RuntimeGone,
    /// No connections to it are wanted.
    #[error("no connections to it are wanted")]
    NotWanted,
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
            Self::Unproven(error) => error.is_timeout(),
            Self::Elsewhere(_)
            | Self::Lost(_)
            | Self::Leaving
            | Self::RuntimeGone
            | Self::NotWanted
            | Self::Closed => false,
        }
    }

    /// Will it stay so until somebody changes the settings, here or on the server?
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Failed(error) => error.is_permanent(),
            Self::RuntimeGone | Self::NotWanted | Self::Closed => true,
            Self::NotYet
            | Self::Unproven(_)
            | Self::Elsewhere(_)
            | Self::Lost(_)
            | Self::Leaving => false,
        }
    }
}

impl From<ConnectError> for Unconnected {
    fn from(error: ConnectError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<AskError> for Unconnected {
    fn from(error: AskError) -> Self {
        Self::Unproven(Box::new(error))
    }
}

/// The server at an address is not the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Elsewhere {
    /// It belongs to another cluster.
    #[error("the server there belongs to the cluster `{found}`, not to `{expected}`")]
    OtherCluster {
        /// The name of the cluster that was meant.
        expected: Arc<str>,
        /// The name of its own.
        found: String,
    },
    /// It is another host of the cluster.
    #[error("the server there is the host {found:?}, not {expected}")]
    OtherHost {
        /// The host id that was meant.
        expected: Uuid,
        /// Its own, if it has said one.
        found: Option<Uuid>,
    },
}

/// The registry has been closed: no pool is started any more.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry of pools is closed")]
pub struct RegistryClosed;
