//! Where a statement was prepared.

use std::fmt;
use std::sync::Arc;

/// The cluster, and the keyspace that unqualified names mean: in another one the same text is
/// another statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) cluster: Arc<str>,
    pub(crate) keyspace: Option<Arc<str>>,
}

impl Origin {
    /// The keyspace of this name, in the same cluster.
    pub(crate) fn in_keyspace(&self, name: Arc<str>) -> Self {
        Self { cluster: Arc::clone(&self.cluster), keyspace: Some(name) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.keyspace {
            Some(keyspace) => write!(f, "keyspace `{keyspace}` of cluster `{}`", self.cluster),
            None => write!(f, "cluster `{}`, without a keyspace", self.cluster),
        }
    }
}
