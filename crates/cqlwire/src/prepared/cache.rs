//! The prepared statements of a session, by their texts and keyspaces.
//!
//! ```text
//!   a text nobody asked for --prepare--> in preparation --prepared--> kept
//!             ^                            |    ^   |                  |
//!             |                            |    +---+ whoever asks     | nobody holds it, and it
//!             |                            |          waits for it     | was long asked for last
//!             +--- failed, or nobody waits-+                           |
//!             +--------------------------------------------------------+
//! ```
//!
//! What somebody holds is always kept, so that all handles of one text know the same; of the others
//! so many are kept as the setting says. Who looks one up takes a lock that others share.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::key::{KeyParts, PreparedBy, StatementKey};
use super::named::{Named, StatementMetrics};
use super::statement::PreparedStatement;
use super::totals::{Counters, PreparedTotals};
use super::turnover::Turnover;
use crate::error::Result;
use crate::joint::{Joint, UnderWay};

/// A statement that is being prepared.
pub(crate) type Preparation = Joint<Result<PreparedStatement>>;

/// See the [module](self).
pub(crate) struct Cache {
    /// How many are kept that nobody holds.
    capacity: usize,
    texts: RwLock<Texts>,
    counters: Counters,
}

struct Texts {
    kept: HashMap<StatementKey, Entry, FixedState>,
    in_preparation: UnderWay<(StatementKey, PreparedBy), Result<PreparedStatement>>,
    /// From so many on, those that nobody holds are counted.
    count_at: usize,
    turnover: Turnover,
    /// What was counted of those that went, by their names.
    gone: BTreeMap<String, StatementMetrics>,
}

struct Entry {
    statement: PreparedStatement,
    /// Was it asked for since entries were looked through?
    is_used: AtomicBool,
}

/// What becomes of somebody who asks for a statement.
pub(crate) enum Asked {
    /// It is there.
    Kept(PreparedStatement),
    /// It will be there when this is done.
    InPreparation(Preparation),
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        let texts = RwLock::new(Texts::new());
        Self { capacity, texts, counters: Counters::default() }
    }

    /// The statement of this text in this keyspace, or in that of the session's connections, if it
    /// is there.
    #[inline]
    pub(crate) fn find(&self, keyspace: Option<&str>, text: &str) -> Option<PreparedStatement> {
        self.read().find(KeyParts { keyspace, text }).inspect(|_| self.counters.hit())
    }

    /// Asks for the statement of this key: `begin` begins to have it prepared by these hosts, unless
    /// that is under way. It is given the number of the preparation, whose end it has to
    /// [report](Self::ended).
    pub(crate) fn ask(
        &self,
        key: &StatementKey,
        by: PreparedBy,
        begin: impl FnOnce(u64) -> Preparation,
    ) -> Asked {
        let mut texts = self.write();
        if let Some(statement) = texts.find(key.parts()) {
            self.counters.hit();
            return Asked::Kept(statement);
        }
        Asked::InPreparation(texts.in_preparation.join((key.clone(), by), begin))
    }

    /// Keeps a statement that was prepared. Gives one that went for it, if by now so many went within
    /// so short a time that somebody has to hear of it.
    pub(crate) fn keep(
        &self,
        key: StatementKey,
        statement: &PreparedStatement,
        now: Instant,
    ) -> Option<PreparedStatement> {
        self.counters.prepared();
        let entry = Entry { statement: statement.clone(), is_used: AtomicBool::new(false) };
        let (gone, are_too_fast) = {
            let mut texts = self.write();
            texts.kept.insert(key, entry);
            if texts.kept.len() <= texts.count_at.max(self.capacity) {
                return None;
            }
            let gone = texts.make_room(self.capacity);
            let are_too_fast = texts.turnover.is_fast(gone.len(), self.capacity, now);
            (gone, are_too_fast)
        };
        self.counters.evicted(gone.len());
        gone.into_iter().next().filter(|_| are_too_fast)
    }

    /// How many are kept that nobody holds.
    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// A host was taught a statement.
    pub(crate) fn taught(&self) {
        self.counters.taught();
    }

    /// What became of its statements.
    pub(crate) fn totals(&self) -> PreparedTotals {
        self.counters.totals()
    }

    /// A preparation has come to its end, be it that nobody waits for it any more.
    pub(crate) fn ended(&self, key: &StatementKey, by: PreparedBy, number: u64) {
        self.write().in_preparation.ended(&(key.clone(), by), number);
    }

    /// Those that are in use: somebody holds them, or asked for them lately.
    pub(crate) fn in_use(&self) -> Vec<PreparedStatement> {
        let texts = self.read();
        let used = texts
            .kept
            .values()
            .filter(|entry| entry.is_used.load(Relaxed) || entry.statement.is_held_elsewhere());
        used.map(|entry| entry.statement.clone()).collect()
    }

    /// What was counted of those that have names: by name, in their order. Those that went are among
    /// them: figures do not go back.
    pub(crate) fn named(&self) -> Vec<StatementMetrics> {
        let texts = self.read();
        let mut by_name = texts.gone.clone();
        for entry in texts.kept.values() {
            let metrics = entry.statement.named().map(Named::metrics);
            metrics.into_iter().for_each(|metrics| add(&mut by_name, metrics));
        }
        by_name.into_values().collect()
    }

    /// How many are kept.
    pub(crate) fn count(&self) -> usize {
        self.read().kept.len()
    }

    /// How many are in preparation.
    #[cfg(test)]
    pub(crate) fn in_preparation(&self) -> usize {
        self.read().in_preparation.len()
    }

    fn read(&self) -> RwLockReadGuard<'_, Texts> {
        self.texts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Texts> {
        self.texts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To what was counted under the same name.
fn add(by_name: &mut BTreeMap<String, StatementMetrics>, metrics: StatementMetrics) {
    match by_name.entry(metrics.name.clone()) {
        Vacant(place) => drop(place.insert(metrics)),
        Occupied(mut known) => known.get_mut().merge(&metrics),
    }
}

impl Texts {
    /// Which of several statements goes first is up to their hashes. Their seed is drawn where all else
    /// is that is left to chance, so that a test can have the same run twice.
    fn new() -> Self {
        Self {
            kept: HashMap::with_hasher(FixedState::with_seed(fastrand::u64(..))),
            in_preparation: UnderWay::default(),
            count_at: 0,
            turnover: Turnover::default(),
            gone: BTreeMap::new(),
        }
    }

    #[inline]
    fn find(&self, key: KeyParts<'_>) -> Option<PreparedStatement> {
        let entry = self.kept.get(&key)?;
        // Most find it so, and need not write where others read.
        if !entry.is_used.load(Relaxed) {
            entry.is_used.store(true, Relaxed);
        }
        Some(entry.statement.clone())
    }

    /// Takes out statements that nobody holds until an eighth of the room for them is free. They
    /// are given back, to be dropped where nobody waits for that.
    fn make_room(&mut self, capacity: usize) -> Vec<PreparedStatement> {
        let is_idle = |entry: &&Entry| !entry.statement.is_held_elsewhere();
        let idle = self.kept.values().filter(is_idle).count();
        let mut gone = Vec::new();
        if idle > capacity {
            let surplus = idle - (capacity - capacity / 8);
            // First those that were not asked for since the last time.
            self.take_out(surplus, false, &mut gone);
            self.take_out(surplus, true, &mut gone);
        }
        self.count_at = self.kept.len() + capacity / 8;
        // Names that are made up anew all the time must not add up.
        for metrics in gone.iter().filter_map(|statement| statement.named()).map(Named::metrics) {
            if self.gone.len() < capacity || self.gone.contains_key(&metrics.name) {
                add(&mut self.gone, metrics);
            }
        }
        gone
    }

    /// Takes out those that nobody holds, until so many have gone; those that were asked for since
    /// the last time only if `used` is set.
    fn take_out(&mut self, surplus: usize, used: bool, gone: &mut Vec<PreparedStatement>) {
        let out = self.kept.extract_if(|_, entry| {
            let was_used = std::mem::replace(entry.is_used.get_mut(), false);
            let may_go = !entry.statement.is_held_elsewhere() && (used || !was_used);
            let goes = may_go && gone.len() < surplus;
            if goes {
                gone.push(entry.statement.clone());
            }
            goes
        });
        out.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use cqlwire_codec::{BindMetadata, Prepared, RowsMetadata};

    use super::*;
    use crate::prepared::origin::Origin;

    fn statement(text: &str) -> PreparedStatement {
        let bind = BindMetadata { columns: Arc::default(), partition_key: Vec::new() };
        let result = RowsMetadata {
            columns: None,
            column_count: 0,
            paging_state: None,
            new_metadata_id: None,
        };
        let id = bytes::Bytes::copy_from_slice(text.as_bytes());
        let said = Prepared { id, result_metadata_id: None, bind, result };
        let origin = Arc::new(Origin { cluster: "test".into(), keyspace: None });
        PreparedStatement::new(text.into(), &origin, said, &cqlwire_cluster::Schema::default())
    }

    fn key(text: &str) -> StatementKey {
        StatementKey { keyspace: None, text: text.into() }
    }

    /// The same text in another keyspace is another statement.
    #[test]
    fn g15_6_a_statement_is_found_by_its_text_and_its_keyspace() {
        let cache = Cache::new(16);
        let [none, one, two] = [None, Some("one"), Some("two")];
        for keyspace in [none, one] {
            let key = StatementKey { keyspace: keyspace.map(Arc::from), text: "SELECT 1".into() };
            cache.keep(key, &statement("SELECT 1"), Instant::now());
        }
        let found =
            |keyspace| cache.find(keyspace, "SELECT 1").map(|one| one.shared_text().as_ptr());
        assert!(found(none).is_some() && found(one).is_some() && found(two).is_none());
        assert_ne!(found(none), found(one));
    }

    fn filled(cache: &Cache, texts: std::ops::Range<u32>) {
        for number in texts {
            cache.keep(key(&number.to_string()), &statement(&number.to_string()), Instant::now());
        }
    }

    #[test]
    fn g15_3_what_nobody_holds_is_kept_up_to_the_capacity_and_what_is_held_beyond_it() {
        let cache = Cache::new(16);
        let held: Vec<_> = (0..100).map(|number| statement(&format!("held {number}"))).collect();
        held.iter().for_each(|one| drop(cache.keep(key(one.text()), one, Instant::now())));
        for number in 0..1_000_u32 {
            filled(&cache, number..number + 1);
            let kept = cache.count();
            // An eighth more may come before they are counted again.
            assert!((100..=100 + 16 + 2 + 2).contains(&kept), "{kept} after {number}");
        }
        for (number, statement) in held.iter().enumerate() {
            let found = cache.find(None, &format!("held {number}")).unwrap();
            assert!(Arc::ptr_eq(found.shared_text(), statement.shared_text()));
        }
    }

    #[test]
    fn what_is_asked_for_stays_while_others_go() {
        let cache = Cache::new(16);
        for number in 0..1_000 {
            filled(&cache, number..number + 1);
            assert!(cache.find(None, "0").is_some(), "after {number}");
        }
        assert!(cache.find(None, "500").is_none());
    }

    #[test]
    fn those_are_in_use_that_somebody_holds_or_has_asked_for() {
        let cache = Cache::new(16);
        let held = statement("held");
        cache.keep(key("held"), &held, Instant::now());
        for text in ["asked for", "neither"] {
            cache.keep(key(text), &statement(text), Instant::now());
        }
        drop(cache.find(None, "asked for").unwrap());
        let in_use = || {
            let mut texts: Vec<_> =
                cache.in_use().iter().map(|statement| statement.text().to_owned()).collect();
            texts.sort();
            texts
        };
        assert_eq!(in_use(), ["asked for", "held"]);
        drop(held);
        assert_eq!(in_use(), ["asked for"]);
    }

    /// A name that is made up for each text is one of an endless number.
    #[test]
    fn g9_5_names_of_statements_that_went_are_kept_up_to_the_capacity_and_their_figures_go_on() {
        let cache = Cache::new(16);
        let keep = |text: &str, name: &str| {
            let statement = statement(text).name(name);
            statement.named().unwrap().ended(true, Duration::from_millis(1));
            cache.keep(key(text), &statement, Instant::now());
        };
        let ok_of = |name: &str| {
            cache.named().iter().find(|metrics| metrics.name == name).map(|metrics| metrics.ok)
        };
        (0..100).for_each(|number| keep(&format!("before {number}"), "known"));
        for number in 0..1_000 {
            keep(&format!("with {number}"), "known");
            keep(&number.to_string(), &format!("name {number}"));
            let (named, kept) = (cache.named().len(), cache.count());
            assert!(named <= kept + 16, "{named} after {number}, of which {kept} are kept");
            assert_eq!(ok_of("known"), Some(100 + number + 1));
        }
    }

    #[test]
    fn g15_3_a_text_is_prepared_once_and_then_it_is_kept() {
        let cache = Cache::new(16);
        let text = key("SELECT 1");
        let begin = |_| {
            let deadline = cqlwire_net::Deadline::after(Duration::from_secs(1));
            Preparation::new(std::future::pending(), deadline, || {})
        };
        let any = PreparedBy::default();
        let Asked::InPreparation(first) = cache.ask(&text, any, begin) else { panic!() };
        let second = cache.ask(&text, any, |_| panic!("begun twice"));
        assert!(matches!(second, Asked::InPreparation(_)));
        // Those who want it of one host do not wait for what others may refuse.
        let by = PreparedBy { host: Some(uuid::Uuid::nil()), ..any };
        assert!(matches!(cache.ask(&text, by, begin), Asked::InPreparation(_)));
        cache.keep(text.clone(), &statement("SELECT 1"), Instant::now());
        drop((first, second));
        assert!(matches!(cache.ask(&text, any, |_| panic!()), Asked::Kept(_)));
    }
}
