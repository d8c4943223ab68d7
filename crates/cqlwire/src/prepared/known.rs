//! What is known of a statement by now, for requests that look and for hosts that say otherwise.
//!
//! Most statements are known for ever by what was said of them first. That stays with the statement,
//! so a request that goes by it counts no reference and looks at one flag; only of what came later a
//! request keeps a reference, since others may replace it while it is on its way.
//!
//! ```text
//!   by the first, for all hosts --a host says otherwise, or forgets--> by what was said since
//!            ^                                                              |
//!            +----------------- it says the same again ---------------------+
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use uuid::Uuid;

use super::metadata::{Said, StatementMetadata};

/// See the [module](self).
pub(super) struct Known {
    first: Arc<StatementMetadata>,
    /// Is that what was said last, and known of all hosts? Then nobody has to look further.
    is_by_first: AtomicBool,
    said: ArcSwap<Said>,
    /// Changes come one after the other.
    changing: Mutex<()>,
}

/// The metadata that a request was encoded by, and its rows have to be read by: of one statement,
/// which [gives](Known::metadata) it.
#[derive(Clone, Debug)]
pub(crate) struct MetadataHandle(Option<Arc<StatementMetadata>>);

impl MetadataHandle {
    const FIRST: Self = Self(None);
}

impl Known {
    /// After a host prepared it, and said this.
    pub(super) fn new(first: StatementMetadata) -> Self {
        let first = Arc::new(first);
        let said = ArcSwap::from_pointee(Said::new(Arc::clone(&first)));
        Self { first, is_by_first: AtomicBool::new(true), said, changing: Mutex::default() }
    }

    /// That of this handle, which has to be one of this statement.
    #[inline]
    pub(super) fn metadata<'s>(&'s self, of: &'s MetadataHandle) -> &'s Arc<StatementMetadata> {
        of.0.as_ref().unwrap_or(&self.first)
    }

    /// What was said last, and whether that is known of all hosts.
    #[inline]
    pub(super) fn latest(&self) -> (MetadataHandle, bool) {
        if self.is_by_first() { (MetadataHandle::FIRST, true) } else { self.latest_said() }
    }

    #[cold]
    fn latest_said(&self) -> (MetadataHandle, bool) {
        let said = self.said.load();
        (self.handle_of(&said.latest), said.is_common())
    }

    /// By what values are encoded for this host; `None` if it has to be asked first.
    #[inline]
    pub(super) fn on(&self, host: Uuid) -> Option<MetadataHandle> {
        if self.is_by_first() { Some(MetadataHandle::FIRST) } else { self.said_on(host) }
    }

    #[cold]
    fn said_on(&self, host: Uuid) -> Option<MetadataHandle> {
        self.said.load().on(host).map(|said| self.handle_of(said))
    }

    #[inline]
    fn is_by_first(&self) -> bool {
        self.is_by_first.load(Ordering::Acquire)
    }

    fn handle_of(&self, said: &Arc<StatementMetadata>) -> MetadataHandle {
        MetadataHandle((!Arc::ptr_eq(said, &self.first)).then(|| Arc::clone(said)))
    }

    /// Something else is known from now on. Gives what was before.
    pub(super) fn change(&self, to: impl FnOnce(&Said) -> Said) -> Arc<Said> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.said.load_full();
        let after = to(&before);
        let is_by_first = after.is_common() && Arc::ptr_eq(&after.latest, &self.first);
        self.said.store(Arc::new(after));
        self.is_by_first.store(is_by_first, Ordering::Release);
        before
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cqlwire_codec::BindMetadata;

    use super::*;
    use crate::prepared::ResultMetadata;

    const HOST: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn metadata(id: &'static str) -> StatementMetadata {
        let bind = BindMetadata { columns: [].into(), partition_key: Vec::new() };
        let result = ResultMetadata { id: Bytes::new(), columns: None };
        StatementMetadata { id: id.into(), bind, partition_key: Box::default(), result }
    }

    /// The id of what it is known by there.
    fn id_on(known: &Known, host: Uuid) -> Option<Bytes> {
        known.on(host).map(|handle| known.metadata(&handle).id.clone())
    }

    #[test]
    fn g15_1_what_is_known_first_is_not_gone_by_once_a_host_says_otherwise_or_forgets() {
        let known = Known::new(metadata("first"));
        let first = known.on(HOST).unwrap();
        assert!(first.0.is_none() && known.latest().1);
        known.change(|said| said.forgotten_by(HOST));
        assert!(id_on(&known, HOST).is_none() && id_on(&known, OTHER).is_some());
        assert!(!known.latest().1, "not of all hosts");
        known.change(|said| said.after(HOST, &Arc::new(metadata("first"))));
        assert!(known.on(HOST).unwrap().0.is_none() && known.latest().1, "the same again");
        known.change(|said| said.after(HOST, &Arc::new(metadata("second"))));
        assert_eq!(id_on(&known, HOST).unwrap(), "second");
        assert_eq!(id_on(&known, OTHER), None, "to be asked first");
        assert_eq!(known.metadata(&known.latest().0).id, "second");
        assert_eq!(known.metadata(&first).id, "first", "what is on its way is read by what it had");
    }
}
