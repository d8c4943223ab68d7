//! Where a statement was prepared.

use std::fmt;

/// The cluster, and the keyspace that unqualified names mean: in another one the same text is
/// another statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) cluster: String,
    pub(crate) keyspace: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.keyspace {
            Some(keyspace) => write!(f, "keyspace `{keyspace}` of cluster `{}`", self.cluster),
            None => write!(f, "cluster `{}`, without a keyspace", self.cluster),
        }
    }
}
