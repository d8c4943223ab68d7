//! Another execution after what nearly all attempts of the session have taken of late.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire_net::RequestKind;
use cqlwire_pool::LatencyHistogram;
use tokio::time::Instant;

use super::policy::{SlowRequest, SpeculativePolicy};
use crate::error::{Error, ErrorKind, Result};

/// How often the percentile is worked out anew, at most.
const LOOK: Duration = Duration::from_secs(1);

/// How long what was is remembered: what is older than twice that counts no more, as long as there is
/// enough that is newer.
const SPAN: Duration = Duration::from_secs(60);

/// Another execution once a request takes longer than nearly all attempts at such requests have taken
/// of late in this session: by default 99 of a hundred, so that a hundredth of the requests has
/// another one.
///
/// Attempts count by kind: those at reads, at writes, at batches, at pages. It goes by the last one to
/// two minutes, and looks once a second at most. Until there were enough attempts it begins none. It
/// is for one session: two would each go by what the other has seen.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use cqlwire::{PercentileDelay, Session};
///
/// let policy = PercentileDelay::new(0.995)?.at_least(Duration::from_millis(2));
/// let builder = Session::builder()
///     .speculation(|speculation| speculation.policy = Some(Arc::new(policy)));
/// # drop(builder);
/// # Ok::<_, cqlwire::Error>(())
/// ```
#[derive(Debug)]
pub struct PercentileDelay {
    part: f64,
    least: Duration,
    least_attempts: u64,
    most: u32,
    known: [Mutex<Known>; RequestKind::ALL.len()],
}

/// What is known of attempts of one kind.
#[derive(Debug, Default)]
struct Known {
    looked_at: Option<Instant>,
    delay: Option<Duration>,
    /// What there was at the beginning of this span, and of the one before.
    spans: Option<(Instant, Counted, Counted)>,
}

/// `None` of none.
type Counted = Option<LatencyHistogram>;

impl Default for PercentileDelay {
    /// After the time that 99 of a hundred attempts took.
    fn default() -> Self {
        Self::after(0.99)
    }
}

impl PercentileDelay {
    /// After the time that this part of all attempts took: more than 0, less than 1, `0.99` for 99 of
    /// a hundred.
    ///
    /// # Errors
    ///
    /// [`Settings`](ErrorKind::Settings): it is another one, such as `99.0` for 99 of a hundred.
    pub fn new(part: f64) -> Result<Self> {
        if part > 0.0 && part < 1.0 { Ok(Self::after(part)) } else { Err(no_part(part)) }
    }

    fn after(part: f64) -> Self {
        let (least, least_attempts) = (Duration::from_millis(1), 1_000);
        Self { part, least, least_attempts, most: 1, known: Default::default() }
    }

    /// However fast they were, not before that. Default 1 ms.
    #[must_use]
    pub const fn at_least(mut self, delay: Duration) -> Self {
        self.least = delay;
        self
    }

    /// From how many attempts on a percentile is believed. Default 1,000: ten of them took longer
    /// then than 99 of a hundred.
    #[must_use]
    pub const fn least_attempts(mut self, attempts: u64) -> Self {
        self.least_attempts = attempts;
        self
    }

    /// How many executions there may be beside the first. Default 1.
    #[must_use]
    pub const fn most(mut self, executions: u32) -> Self {
        self.most = executions;
        self
    }

    fn known(&self, kind: RequestKind) -> MutexGuard<'_, Known> {
        self.known[kind.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The percentile of what there is now.
    fn percentile(
        &self,
        known: &mut Known,
        all: &LatencyHistogram,
        now: Instant,
    ) -> Option<Duration> {
        let (since, _, before) = known.spans.get_or_insert((now, None, None));
        let enough = |times: &LatencyHistogram| times.count() >= self.least_attempts;
        let of_late = before.as_ref().map(|before| all.since(before)).filter(|late| enough(late));
        let percentile = match &of_late {
            Some(late) => late.quantile(self.part),
            None if enough(all) => all.quantile(self.part),
            None => None,
        };
        if now.saturating_duration_since(*since) >= SPAN
            && let Some((_, this, _)) = known.spans.take()
        {
            known.spans = Some((now, Some(all.clone()), this));
        }
        percentile.map(|time| time.max(self.least))
    }
}

#[cold]
fn no_part(given: f64) -> Error {
    let why = format!(
        "the part of attempts has to be more than 0 and less than 1, such as 0.99, and is {given}"
    );
    ErrorKind::Settings { setting: "PercentileDelay".into(), why }.into()
}

impl SpeculativePolicy for PercentileDelay {
    fn delay(&self, request: &SlowRequest<'_>) -> Option<Duration> {
        if request.number > self.most {
            return None;
        }
        let now = Instant::now();
        let mut known = self.known(request.kind);
        if known.looked_at.is_some_and(|at| now.saturating_duration_since(at) < LOOK) {
            return known.delay;
        }
        // Others go by what is known while this one looks.
        known.looked_at = Some(now);
        drop(known);
        let all = request.attempts()?;
        let mut known = self.known(request.kind);
        let delay = self.percentile(&mut known, &all, now);
        known.delay = delay;
        delay
    }
}
