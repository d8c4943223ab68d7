//! How a request is executed, unless it says otherwise itself.
//!
//! ```text
//!   the profile of the session, or one by name --> the request: a copy of the numbers,
//!                                                  a look at the policies
//!                                                       ^ what it says itself
//! ```
//!
//! A request copies what is plain, and borrows the policies: it clones nothing that counts.

mod named;
mod policies;
mod setters;
mod settings;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::named::{DEFAULT_PROFILE, Profiles};
pub(crate) use self::policies::Policies;
pub(crate) use self::setters::{request_setters, single_request_setters, statement_setters};
pub(crate) use self::settings::RequestSettings;

/// How a request is executed. The defaults are meant for production.
///
/// A session has one for all requests ([`SessionBuilder::profile`](crate::SessionBuilder::profile)),
/// and may have others by name
/// ([`named_profile`](crate::SessionBuilder::named_profile)): a request is executed by one of them if
/// it says so ([`Execution::profile`](crate::Execution::profile)), and the whole session can be
/// [switched](crate::Session::use_profile) to another one while it runs. A profile is made from
/// another one by a clone that differs; what a request says itself comes before any profile.
///
/// ```no_run
/// # async fn example() -> cqlwire::Result<()> {
/// use std::time::Duration;
/// use cqlwire::{Consistency, ExecutionProfile, Session};
///
/// let usual = ExecutionProfile::default().timeout(Duration::from_secs(2));
/// let reports = usual.clone().timeout(Duration::from_secs(60)).consistency(Consistency::LocalOne);
/// // For the day on which too many replicas are gone.
/// let degraded = usual.clone().consistency(Consistency::LocalOne);
///
/// let session = Session::builder()
///     .profile(usual)
///     .named_profile("reports", reports)
///     .named_profile("degraded", degraded)
///     .connect()
///     .await?;
///
/// let all = session.query("SELECT id FROM shop.orders", ());
/// let mut orders = all.profile(session.profile_named("reports")?).rows::<(i64,)>();
/// while let Some((id,)) = orders.try_next().await? {
///     println!("{id}");
/// }
/// session.use_profile("degraded")?;
/// # Ok(()) }
/// ```
///
/// | setting | unit | default | why |
/// |---|---|---|---|
/// | [`consistency`](Self::consistency) | | `LOCAL_QUORUM` | survives the loss of a replica, and nobody waits for another data center |
/// | [`serial_consistency`](Self::serial_consistency) | | `LOCAL_SERIAL` | the same, of the Paxos phase |
/// | [`timeout`](Self::timeout) | time | 10 s | more than servers take before they give up (5 s for reads, 2 s for writes), so that their answer arrives |
/// | [`attempt_timeout`](Self::attempt_timeout) | time | none | shorter than what servers take, it has a slow cluster do everything twice |
/// | [`stream_timeout`](Self::stream_timeout) | time | none | a stream may be of any length; each of its pages has the timeout |
/// | [`page_size`](Self::page_size) | rows | 5,000 | some hundred kilobytes of usual rows: few round trips, and no large share of memory |
/// | [`prefetch_pages`](Self::prefetch_pages) | pages | 1 | the next page comes while one is read |
/// | [`idempotent`](Self::idempotent) | | by the text: `SELECT` is, nothing else | only its user knows of a write |
/// | [`tracing`](Self::tracing) | | no | a server writes dozens of rows for each request that it traces |
/// | [`client_timestamps`](Self::client_timestamps) | | as needed | a write that is sent twice is as old as it is, whoever executes it late: see [`ClientTimestamps`](crate::ClientTimestamps) |
/// | [`timestamp_generator`](Self::timestamp_generator) | | that of the session | one for all of its requests |
/// | [`retry_policy`](Self::retry_policy) | | that of the session | see [`SessionBuilder::retry_policy`](crate::SessionBuilder::retry_policy) |
/// | [`speculative_policy`](Self::speculative_policy) | | that of the session | see [`SessionBuilder::speculation`](crate::SessionBuilder::speculation) |
/// | [`load_balancing`](Self::load_balancing) | | that of the session | see [`SessionBuilder::load_balancing`](crate::SessionBuilder::load_balancing) |
///
/// A clone is a copy of the numbers and of one pointer.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ExecutionProfile {
    pub(crate) settings: RequestSettings,
    /// `None` where all are those of the session.
    policies: Option<Arc<Policies>>,
}

impl ExecutionProfile {
    request_setters!();
    statement_setters!();

    /// How long a whole stream may take, from its first page to its last; `None`: as long as its
    /// pages come in time, however many they are. A stream says otherwise by
    /// [`Streaming::total_timeout`](crate::Streaming::total_timeout).
    pub fn stream_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.stream_timeout = timeout.into();
        self
    }

    /// How many pages a stream asks for ahead of the one that is being read, as far as the session's
    /// budget has room; 0 asks for a page only when it is waited for. A stream says otherwise by
    /// [`Streaming::prefetch`](crate::Streaming::prefetch).
    #[doc(alias = "read_ahead")]
    pub const fn prefetch_pages(mut self, pages: u8) -> Self {
        self.settings.prefetch_pages = pages;
        self
    }

    pub(crate) const fn settings(&self) -> &RequestSettings {
        &self.settings
    }

    pub(crate) fn policies(&self) -> Option<&Policies> {
        self.policies.as_deref()
    }

    /// How many hold its policies.
    #[cfg(test)]
    pub(crate) fn held_by(&self) -> Option<usize> {
        self.policies.as_ref().map(Arc::strong_count)
    }

    const fn settings_mut(&mut self) -> &mut RequestSettings {
        &mut self.settings
    }

    pub(crate) fn policies_mut(&mut self) -> &mut Policies {
        Arc::make_mut(self.policies.get_or_insert_default())
    }
}
