//! A keyspace, and how requests get into it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cqlwire_cluster::KeyspacePools;
use cqlwire_codec::ProtocolVersion;

use crate::prepared::{Origin, StatementKey};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Keyspace {
    origin: Arc<Origin>,
    way: Way,
    /// Servers have said that there is one of this name.
    is_known: AtomicBool,
}

/// How requests get into it.
#[derive(Debug)]
enum Way {
    /// The connections of the session are in it.
    Session,
    /// They name it, where that can be said.
    Field,
    /// They name it, or go over connections that are in it.
    Connections(KeyspacePools),
}

impl Keyspace {
    /// That of the session's connections, be it none.
    pub(crate) fn of_session(origin: Origin) -> Self {
        Self::new(origin, Way::Session, true)
    }

    /// One that requests name, or else have connections of their own for.
    pub(crate) fn with_connections(origin: Origin, connections: KeyspacePools) -> Self {
        Self::new(origin, Way::Connections(connections), false)
    }

    /// One that a request names.
    pub(crate) fn of_request(origin: Origin) -> Self {
        Self::new(origin, Way::Field, false)
    }

    fn new(origin: Origin, way: Way, is_known: bool) -> Self {
        Self { origin: Arc::new(origin), way, is_known: AtomicBool::new(is_known) }
    }

    /// Where statements are from that were prepared in it.
    #[inline]
    pub(crate) const fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// What it is called, as in the schema; `None`: requests have none.
    pub(crate) fn name(&self) -> Option<&str> {
        self.origin.keyspace.as_deref()
    }

    /// What it is called, if the connections of the session are not in it.
    #[inline]
    pub(crate) fn other(&self) -> Option<&Arc<str>> {
        match self.way {
            Way::Session => None,
            Way::Field | Way::Connections(_) => self.origin.keyspace.as_ref(),
        }
    }

    /// By what a statement of this text is known.
    pub(crate) fn key(&self, text: Arc<str>) -> StatementKey {
        StatementKey { keyspace: self.other().cloned(), text }
    }

    /// What requests of this version say of it. Where it cannot be said, and has to be, it is said
    /// all the same, so that they are refused when they are encoded.
    #[inline]
    pub(crate) fn field(&self, version: ProtocolVersion) -> Option<&str> {
        match self.way {
            Way::Session => None,
            Way::Connections(_) if version < ProtocolVersion::V5 => None,
            Way::Field | Way::Connections(_) => self.name(),
        }
    }

    /// How many bytes that takes at most.
    pub(crate) fn field_bytes(&self) -> usize {
        self.other().map_or(0, |name| size_of::<u16>() + name.len())
    }

    /// Those over which requests go that cannot name it.
    #[inline]
    pub(crate) const fn connections(&self) -> Option<&KeyspacePools> {
        match &self.way {
            Way::Connections(connections) => Some(connections),
            Way::Session | Way::Field => None,
        }
    }

    /// Has a server said that there is one of this name?
    pub(crate) fn is_known(&self) -> bool {
        self.is_known.load(Relaxed)
    }

    pub(crate) fn set_known(&self) {
        self.is_known.store(true, Relaxed);
    }
}

/// The keyspace of one request: as a rule borrowed from the handle that it is asked through, so that
/// nothing is counted.
#[derive(Clone, Debug)]
pub(crate) enum InKeyspace<'a> {
    Borrowed(&'a Arc<Keyspace>),
    Owned(Arc<Keyspace>),
}

impl InKeyspace<'_> {
    pub(crate) fn to_shared(&self) -> Arc<Keyspace> {
        match self {
            Self::Borrowed(keyspace) => Arc::clone(keyspace),
            Self::Owned(keyspace) => Arc::clone(keyspace),
        }
    }

    /// The same, of what outlives the handle.
    pub(crate) fn into_owned(self) -> InKeyspace<'static> {
        InKeyspace::Owned(self.to_shared())
    }

    /// The one of this name instead, for one request.
    pub(crate) fn rename(&mut self, name: &str) {
        if self.name() != Some(name) {
            let origin = self.origin().in_keyspace(name.into());
            *self = Self::Owned(Arc::new(Keyspace::of_request(origin)));
        }
    }
}

impl Deref for InKeyspace<'_> {
    type Target = Keyspace;

    #[inline]
    fn deref(&self) -> &Keyspace {
        match self {
            Self::Borrowed(keyspace) => keyspace,
            Self::Owned(keyspace) => keyspace,
        }
    }
}
