//! What the log of a session says of requests: which were slow, which responses large, of what servers
//! warn, and when they forget what they were taught. Each may be so of every request, so it is said
//! now and then, with how often it was passed over in between.

use std::any::Any;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cqlwire_net::{SessionLog, panic_message};
use uuid::Uuid;

use crate::cql;
use crate::history::{RequestEnding, RequestReport};
use crate::metrics::Outcome;

/// How often it is said at most that a server warns of the same.
const SAME_WARNING: Duration = Duration::from_secs(600);

/// Within which time so many statements have to be unknown to their hosts.
const STORM: Duration = Duration::from_secs(10);

/// What of requests is written to the log.
///
/// Lines go to [`tracing`]. Each has the id of its session ([`Session::id`](crate::Session::id)), and
/// none has a value: statements are shown with `?` for their literals, and bind values not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSettings {
    /// How long a request takes that is called slow, with all of its attempts: WARN, with its
    /// statement, its attempts and how long each of them took. It costs every request an allocation
    /// and some looks at the clock. Default none is.
    pub slow_request: Option<Duration>,
    /// Whether spans of requests have their statement (`db.query.text`), without its values. Default no.
    pub statements_in_traces: bool,
    /// How many bytes a response has that is called large: WARN, with its statement. Default 32 MiB.
    pub large_response_bytes: usize,
    /// How far apart the lines about slow requests are at least, and those about large responses.
    /// Default 10 s.
    pub every: Duration,
    /// How many requests find within 10 s that a host does not know their statement, before that is a
    /// storm: WARN, once as long as it lasts. Default 100.
    pub unprepared_storm: u32,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            slow_request: None,
            statements_in_traces: false,
            large_response_bytes: 32 << 20,
            every: Duration::from_secs(10),
            unprepared_storm: 100,
        }
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct RequestLog {
    log: SessionLog,
    settings: LogSettings,
    unprepared: Mutex<Window>,
}

impl RequestLog {
    pub(crate) fn new(log: SessionLog, settings: LogSettings) -> Self {
        Self { log, settings, unprepared: Mutex::default() }
    }

    pub(crate) const fn session(&self) -> Uuid {
        self.log.id()
    }

    pub(crate) const fn log(&self) -> &SessionLog {
        &self.log
    }

    pub(crate) const fn settings(&self) -> &LogSettings {
        &self.settings
    }

    /// A request has ended that somebody asked to see.
    pub(crate) fn ended(&self, report: &RequestReport) {
        if self.settings.slow_request.is_some_and(|slow| report.took >= slow) {
            self.slow(report);
        }
    }

    #[cold]
    fn slow(&self, report: &RequestReport) {
        let passed_over = self.log.now_and_then("slow request", (), self.settings.every);
        let Some(passed_over) = passed_over else { return };
        let host = report.coordinator().map(|host| tracing::field::display(&host.address));
        let ending = match &report.ending {
            RequestEnding::Ok => "done",
            RequestEnding::Cancelled => "cancelled",
            RequestEnding::Failed(error) => Outcome::of(error.kind()).name(),
        };
        tracing::warn!(
            session = %self.session(),
            took = ?report.took,
            host,
            statement = &*report.statement,
            keyspace = report.keyspace.as_deref(),
            attempts = report.attempts(),
            ending,
            steps = report.in_one_line(cql::without_quoted_values),
            passed_over,
            "a slow request"
        );
    }

    /// A server warned of this, with a response. The same of other figures is the same.
    #[cold]
    pub(crate) fn warned(&self, host: &dyn Display, warnings: &[String]) {
        for warning in warnings {
            let warning = cql::without_quoted_values(warning);
            let kind: String = warning.chars().filter(|c| !c.is_ascii_digit()).collect();
            let passed_over = self.log.now_and_then("server warning", kind, SAME_WARNING);
            if let Some(passed_over) = passed_over {
                let session = self.session();
                tracing::warn!(%session, %host, warning, passed_over, "the server warns");
            }
        }
    }

    /// Prepared statements go from the cache as fast as they come, this one among them.
    #[cold]
    pub(crate) fn turns_over(&self, prepared_statements: usize, example: &str) {
        if self.log.is_news("turnover", ()) {
            let (session, example) = (self.session(), cql::without_values(example));
            tracing::warn!(
                %session,
                prepared_statements,
                example,
                "as many prepared statements went from the cache within a minute as it keeps: \
                 a text with a value in it is another text each time, so bind values to markers"
            );
        }
    }

    /// A response of this statement is so large.
    #[cold]
    pub(crate) fn large(&self, host: &dyn Display, bytes: usize, statement: Option<&str>) {
        let passed_over = self.log.now_and_then("large response", (), self.settings.every);
        if let Some(passed_over) = passed_over {
            let (session, statement) = (self.session(), shown(statement));
            tracing::warn!(%session, %host, bytes, statement, passed_over, "a large response");
        }
    }

    /// The progress hook of a stream has panicked with this.
    #[cold]
    pub(crate) fn hook_panicked(&self, payload: &(dyn Any + Send)) {
        let passed_over = self.log.now_and_then("progress hook", (), self.settings.every);
        if let Some(passed_over) = passed_over {
            let (session, message) = (self.session(), panic_message(payload));
            tracing::error!(
                %session, message, passed_over,
                "the progress hook of a stream panicked: it is not called again"
            );
        }
    }

    /// What says to which trace a request belongs has panicked with this.
    #[cold]
    pub(crate) fn trace_context_panicked(&self, payload: &(dyn Any + Send)) {
        let passed_over = self.log.now_and_then("trace context", (), self.settings.every);
        if let Some(passed_over) = passed_over {
            let (session, message) = (self.session(), panic_message(payload));
            tracing::error!(
                %session, message, passed_over,
                "the trace context of a request panicked: the request goes without it"
            );
        }
    }

    /// A host does not know this statement, which it was taught.
    #[cold]
    pub(crate) fn unprepared(&self, host: &dyn Display, statement: &str) {
        let now = tokio::time::Instant::now().into_std();
        let mut window = self.unprepared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_storm = window.count(now) == self.settings.unprepared_storm;
        drop(window);
        if is_storm && self.log.is_news("unprepared", ()) {
            let (session, example) = (self.session(), cql::without_values(statement));
            tracing::warn!(
                %session,
                %host,
                requests = self.settings.unprepared_storm,
                within = ?STORM,
                example,
                "a storm of UNPREPARED: hosts forget statements as they start anew, or since more are \
                 in use than they keep (prepared_statements_cache_size); each is taught them again"
            );
        }
    }
}

/// A statement for the log; there is none of a batch.
pub(crate) fn shown(statement: Option<&str>) -> String {
    statement.map_or_else(|| "BATCH".to_owned(), cql::without_values)
}

/// How often something happened within one stretch of time.
#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    count: u32,
}

impl Window {
    /// It happened once more: how often by now.
    fn count(&mut self, now: Instant) -> u32 {
        let is_over = |since: &Instant| now.saturating_duration_since(*since) >= STORM;
        if self.since.as_ref().is_none_or(is_over) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_within_a_stretch_of_time() {
        let (mut window, start) = (Window::default(), Instant::now());
        assert_eq!((1..=3).map(|_| window.count(start)).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(window.count(start + STORM / 2), 4);
        assert_eq!(window.count(start + STORM), 1);
    }
}
