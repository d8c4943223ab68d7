//! Why nothing could be learnt about the cluster.

use std::fmt;

use cqlwire_codec::ValueError;
use cqlwire_net::{AskError, ConnectError, Endpoint, ServerAddress};
use cqlwire_pool::Unconnected;

use crate::SchemaError;

/// No server of the cluster could be asked about it: every one that was tried, in the order of the
/// contact points and their addresses, each with its own reason.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NoContact {
    /// What was tried; empty if there was nobody to try.
    pub attempts: Vec<ContactAttempt>,
}

/// One server that was tried.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {failure}", self.host())]
#[non_exhaustive]
pub struct ContactAttempt {
    /// The contact point that led to it; `None` if it was known from before.
    pub contact_point: Option<Endpoint>,
    /// The server; `None` if the contact point could not be looked up.
    pub address: Option<ServerAddress>,
    /// What went wrong with it.
    #[source]
    pub failure: ContactFailure,
}

/// What went wrong with a server that was asked about the cluster. The server is not named here.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContactFailure {
    /// No connection to it could be made.
    #[error("{}", .0.reason())]
    Connect(#[source] Box<ConnectError>),
    /// A control connection works, but none for requests could be opened to it.
    #[error(transparent)]
    Pool(#[from] Unconnected),
    /// It did not say what it was asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Its system tables are not as they should be.
    #[error("system tables: {0}")]
    Value(#[from] ValueError),
    /// The schema could not be read.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The address translator was not done with the addresses of its peers in time.
    #[error("the address translator took too long")]
    TranslationTimeout,
    /// It says nothing about itself.
    #[error("its system.local is empty")]
    NoLocalRow,
    /// No host of the cluster is in the data center that was asked for.
    #[error(
        "no host of the cluster is in the data center `{local_data_center}`; there are: {}",
        .data_centers.join(", ")
    )]
    NoHostWanted {
        /// The data center, as it was asked for.
        local_data_center: String,
        /// Those that there are.
        data_centers: Vec<String>,
    },
    /// It belongs to another cluster than the one that was connected to at first.
    #[error("it belongs to the cluster `{found}`, not to `{expected}`")]
    OtherCluster {
        /// The cluster that was connected to at first.
        expected: String,
        /// Its own.
        found: String,
    },
}

impl ContactAttempt {
    pub(crate) fn of(
        contact_point: Option<Endpoint>,
        address: Option<ServerAddress>,
        failure: impl Into<ContactFailure>,
    ) -> Self {
        Self { contact_point, address, failure: failure.into() }
    }

    /// The server: by the name that it was found by and its address, or else the contact point.
    pub fn host(&self) -> String {
        match (&self.address, &self.contact_point) {
            (Some(address), _) => address.to_string(),
            (None, Some(contact_point)) => contact_point.to_string(),
            (None, None) => String::new(),
        }
    }
}

impl ContactFailure {
    /// Was there not enough time, rather than anything that failed?
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_timeout(),
            Self::Pool(reason) => reason.is_timeout(),
            Self::Ask(error) => error.is_timeout(),
            Self::TranslationTimeout => true,
            Self::Schema(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// Would it be the same until somebody changes the settings, here or on the server?
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_permanent(),
            Self::Pool(reason) => reason.is_permanent(),
            Self::NoHostWanted { .. } | Self::OtherCluster { .. } => true,
            Self::Ask(_)
            | Self::Schema(_)
            | Self::TranslationTimeout
            | Self::Value(_)
            | Self::NoLocalRow => false,
        }
    }
}

impl NoContact {
    /// Was there not enough time? So it is if some server was silent, and no other one said that
    /// the settings are wrong.
    pub fn is_timeout(&self) -> bool {
        let mut failures = self.attempts.iter().map(|attempt| &attempt.failure);
        failures.clone().any(ContactFailure::is_timeout)
            && !failures.any(ContactFailure::is_permanent)
    }

    /// Would another attempt fail in the same way until somebody changes the settings, here or on
    /// the servers? So it is with a wrong password, keyspace, data center or certificate.
    pub fn is_permanent(&self) -> bool {
        self.attempts.iter().all(|attempt| attempt.failure.is_permanent())
    }
}

impl From<ConnectError> for ContactFailure {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Box::new(error))
    }
}

impl fmt::Display for NoContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempts.is_empty() {
            return f.write_str("no contact point was given");
        }
        f.write_str("no server of the cluster could be asked: ")?;
        for (number, attempt) in self.attempts.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{attempt}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NoContact {
    /// That of the last attempt.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.attempts.last().map(|attempt| attempt as _)
    }
}
