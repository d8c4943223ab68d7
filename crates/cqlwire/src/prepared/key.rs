//! What a prepared statement is known by in a session.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hashbrown::Equivalent;
use uuid::Uuid;

use crate::cql;

/// Its text, and the keyspace that its unqualified names mean.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StatementKey {
    /// `None`: that of the session's connections.
    pub(crate) keyspace: Option<Arc<str>>,
    pub(crate) text: Arc<str>,
}

/// The same, borrowed.
#[derive(Copy, Clone, Hash)]
pub(super) struct KeyParts<'a> {
    pub(super) keyspace: Option<&'a str>,
    pub(super) text: &'a str,
}

/// By which hosts a text is to be prepared: those who want the same wait for one PREPARE.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PreparedBy {
    /// By this one alone.
    pub(crate) host: Option<Uuid>,
    /// By those that the policy at this address chooses.
    pub(crate) policy: Option<usize>,
}

impl StatementKey {
    pub(super) fn parts(&self) -> KeyParts<'_> {
        KeyParts { keyspace: self.keyspace.as_deref(), text: &self.text }
    }
}

impl fmt::Debug for StatementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = cql::without_secrets(&self.text);
        let mut shown = f.debug_struct("StatementKey");
        shown.field("keyspace", &self.keyspace).field("text", &text).finish()
    }
}

impl Hash for StatementKey {
    /// As its parts have it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl Equivalent<StatementKey> for KeyParts<'_> {
    fn equivalent(&self, key: &StatementKey) -> bool {
        (self.keyspace, self.text) == (key.keyspace.as_deref(), &*key.text)
    }
}
