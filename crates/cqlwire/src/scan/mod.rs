//! Reading a whole table: [`Scan`] describes it, [`ScanPages`] and [`ScanRows`] read it.
//!
//! ```text
//!   table --statement--> one SELECT by tokens --making, sizes--> plan: ranges left <--text--> others
//!                                                                   |         ^
//!                                          so many at once, each at | a       | what is left, at any
//!                                          replica of its own       v         | time
//!                                                               pages --> rows
//! ```
//!
//! `plan` is what is left to be read, `split` for others, and kept as `text`; `making` cuts the ring into
//! ranges of about one size (`sizes`). A range is a stream like any other, so retries, routing and the
//! budget of pages are those of streams.

mod making;
mod pages;
mod plan;
mod progress;
mod rows;
#[cfg(feature = "serde")]
mod serde;
mod sizes;
mod statement;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::sync::Arc;

use cqlwire_stream::StreamRow;

use self::making::{Cut, What};
pub use self::pages::ScanPages;
pub use self::plan::ScanPlan;
pub use self::progress::{ScanProgress, ScanWatch};
pub use self::rows::ScanRows;
#[cfg(test)]
pub(crate) use self::sizes::ESTIMATES;
use self::statement::Wanted;
pub use self::text::ScanPlanError;
use crate::error::Result;
use crate::keyspace::InKeyspace;
use crate::operation::Options;
use crate::profile::{
    ExecutionProfile, Policies, RequestSettings, request_setters, statement_setters,
};
use crate::shared::Shared;

/// A whole table about to be read, in parallel, in no order. Made by
/// [`Session::scan`](crate::Session::scan), or of a [plan](ScanPlan) by
/// [`Session::resume_scan`](crate::Session::resume_scan). Nothing is sent until it is polled.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// let mut orders = session.scan("shop.orders").columns(["id", "total"]).rows::<(i64, i64)>();
/// while let Some((id, total)) = orders.try_next().await? {
///     println!("{id}: {total}");
/// }
/// # Ok(()) }
/// ```
///
/// The table is cut by the ring into ranges of tokens of about
/// [one size](Self::range_bytes), by the estimates of the servers. [So many](Self::parallel) of them
/// are read at once, each at a replica of its own, page by page. Each row that was there before the
/// scan began and stays is given out once, also while hosts go and come. Rows that are written meanwhile
/// may be given out or not.
///
/// A page that fails is asked for again, as every read is, and its range once more from there when the
/// others had their turn; three times in a row, and the scan ends with the error. What is left then is
/// in its [plan](ScanPages::plan): from there another one goes on.
///
/// # Limits
///
/// | what | setting | default |
/// |---|---|---|
/// | ranges that are read at once | [`parallel`](Self::parallel) | four for each host, 64 at most |
/// | bytes of a range | [`range_bytes`](Self::range_bytes) | 32 MiB |
/// | rows of a page | [`page_size`](Self::page_size) | that of the profile |
/// | time of a page | [`timeout`](Self::timeout) | that of the profile |
/// | bytes of pages | [`page_budget_bytes`](crate::SessionBuilder::page_budget_bytes) of the session, and one page a range | |
///
/// No more pages are asked for than are read: each range has one at most that was not taken.
#[must_use = "a scan asks for nothing until it is polled"]
pub struct Scan<'a> {
    shared: &'a Arc<Shared>,
    options: Options<'a>,
    what: What,
    parallel: Option<usize>,
    range_bytes: u64,
}

impl<'a> Scan<'a> {
    pub(crate) fn table(shared: &'a Arc<Shared>, keyspace: InKeyspace<'a>, table: &str) -> Self {
        let wanted = Wanted { table: table.to_owned(), ..Wanted::default() };
        Self::new(shared, keyspace, What::Table(wanted))
    }

    pub(crate) fn plan_left(
        shared: &'a Arc<Shared>,
        keyspace: InKeyspace<'a>,
        plan: &ScanPlan,
    ) -> Self {
        Self::new(shared, keyspace, What::Plan(plan.clone()))
    }

    fn new(shared: &'a Arc<Shared>, keyspace: InKeyspace<'a>, what: What) -> Self {
        let options = Options::of(shared.profiles.current(), keyspace);
        Self { shared, options, what, parallel: None, range_bytes: 32 << 20 }
    }

    /// Only these columns, by their names as in the schema. Default all. Of a plan, which has its own,
    /// this changes nothing.
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        if let What::Table(wanted) = &mut self.what {
            wanted.columns = columns.into_iter().map(Into::into).collect();
        }
        self
    }

    /// More of each row, behind its columns: whatever CQL can select, such as `WRITETIME(total)` or
    /// `TTL(total)`. Of a plan, which has its own, this changes nothing.
    #[doc(alias = "WRITETIME")]
    pub fn selectors<C: Into<String>>(mut self, selectors: impl IntoIterator<Item = C>) -> Self {
        if let What::Table(wanted) = &mut self.what {
            wanted.selectors = selectors.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Only rows like this, `total > 100` or any condition of CQL. Servers still read the whole table
    /// for that (`ALLOW FILTERING`), but send less. Of a plan, which has its own, this changes nothing.
    #[doc(alias = "ALLOW FILTERING")]
    pub fn filtering(mut self, condition: &str) -> Self {
        if let What::Table(wanted) = &mut self.what {
            wanted.filter = Some(condition.to_owned());
        }
        self
    }

    /// How many ranges are read at once, at least 1; 0 is taken for that. Default four for each host
    /// that is connected, and 64 at most.
    #[doc(alias = "concurrency")]
    pub const fn parallel(mut self, ranges: usize) -> Self {
        self.parallel = Some(ranges);
        self
    }

    /// About how many bytes a range has, on the disks of servers and as they estimate it. Default
    /// 32 MiB: a range that was begun by a process that ends is begun again by another at its last page,
    /// and what is handed to others is handed by ranges. Of what would be more than 65,536 ranges they are
    /// larger. Of a plan, whose ranges are cut, this changes nothing.
    pub const fn range_bytes(mut self, bytes: u64) -> Self {
        self.range_bytes = bytes;
        self
    }

    /// With all settings of this profile, for each page; those set before are replaced.
    pub fn profile(mut self, profile: &'a ExecutionProfile) -> Self {
        self.options.set_profile(profile);
        self
    }

    request_setters!();
    statement_setters!();

    /// What there is to be read: to be kept, or handed to others in [parts](ScanPlan::split).
    ///
    /// # Errors
    ///
    /// [`Settings`](crate::ErrorKind::Settings): there is no such table or column, each host has a table of its own of this name (virtual ones, `system`),
    /// or the cluster has another partitioner than Murmur3. Hosts that do not say how much they have are
    /// no error.
    ///
    /// # Cancel safety
    ///
    /// Dropped, its questions to the hosts are given up.
    pub async fn plan(&self) -> Result<ScanPlan> {
        match &self.what {
            What::Plan(plan) => Ok(plan.clone()),
            What::Table(wanted) => {
                making::plan(self.shared, &self.options.keyspace, wanted, self.cut()).await
            }
        }
    }

    /// The table page by page; rows borrow from their page.
    pub fn pages(self) -> ScanPages {
        let (parallel, cut) = (self.width(), self.cut());
        let shared = Arc::clone(self.shared);
        ScanPages::new(shared, self.options.into_owned(), self.what, cut, parallel)
    }

    /// The table row by row, each decoded to a `T` that owns what it holds.
    pub fn rows<T: StreamRow>(self) -> ScanRows<T> {
        ScanRows::new(self.pages())
    }

    fn width(&self) -> usize {
        let hosts = || {
            self.shared.cluster().topology().hosts().iter().filter(|h| h.state().is_up()).count()
        };
        self.parallel.unwrap_or_else(|| (4 * hosts()).clamp(1, 64)).max(1)
    }

    fn cut(&self) -> Cut {
        // So that none has to wait for the last one for long.
        let (range_bytes, least) = (self.range_bytes, self.width().saturating_mul(8));
        Cut { range_bytes, least, patience: self.options.settings.timeout }
    }

    const fn settings_mut(&mut self) -> &mut RequestSettings {
        &mut self.options.settings
    }

    fn policies_mut(&mut self) -> &mut Policies {
        &mut self.options.rare.get_or_insert_default().policies
    }
}

impl fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("what", &self.what)
            .field("parallel", &self.parallel)
            .field("range_bytes", &self.range_bytes)
            .finish_non_exhaustive()
    }
}
