//! Why nothing could be learnt about the cluster.

use std::fmt;

use cqlwire_codec::{DecodeError, EncodeError, Opcode, ServerError, ValueError};
use cqlwire_net::{ConnectError, Endpoint, Refused, RequestError};
use cqlwire_pool::NotConnected;

/// No server of the cluster could be asked about it: every one that was tried, in order, each with
/// its own reason.
#[derive(Clone, Debug)]
pub struct NoContact {
    /// What was tried; empty if there was nobody to try.
    pub attempts: Vec<ContactAttempt>,
}

/// One server that was tried.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{endpoint}: {failure}")]
pub struct ContactAttempt {
    /// The server, as it was named.
    pub endpoint: Endpoint,
    /// What went wrong with it.
    #[source]
    pub failure: ContactFailure,
}

/// What went wrong with a server that was asked about the cluster.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContactFailure {
    /// No connection to it could be made.
    #[error(transparent)]
    Connect(Box<ConnectError>),
    /// The control connection works, but no other could be opened to it.
    #[error(transparent)]
    Pool(#[from] NotConnected),
    /// It did not answer.
    #[error(transparent)]
    Request(Box<RequestError>),
    /// The connection took no more requests.
    #[error("the question was {0}")]
    Refused(String),
    /// It refused to answer.
    #[error("{0}")]
    Server(#[source] ServerError),
    /// Its answer cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The question cannot be said in the version that it speaks.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Its system tables are not as they should be.
    #[error("system tables: {0}")]
    Value(#[from] ValueError),
    /// It answered something that is no answer.
    #[error("{0} is no answer to a question about the cluster")]
    Unexpected(Opcode),
    /// It says nothing about itself.
    #[error("its system.local is empty")]
    NoLocalRow,
    /// No host of the cluster is in the data center that was asked for.
    #[error("no host of the cluster is in the data center `{local_data_center}`")]
    NoHostWanted {
        /// The data center, as it was asked for.
        local_data_center: String,
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

impl From<ConnectError> for ContactFailure {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Box::new(error))
    }
}

impl From<RequestError> for ContactFailure {
    fn from(error: RequestError) -> Self {
        Self::Request(Box::new(error))
    }
}

impl From<Refused> for ContactFailure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.to_string())
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
            write!(f, "{separator}{}", attempt.failure)?;
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
