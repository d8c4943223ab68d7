//! What is written to the log, for tests that read it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, registry};

/// All that this thread writes to the log from now on, until this is dropped: of a test with a runtime
/// of one thread, all that is written.
#[derive(Debug)]
pub struct LogLines {
    lines: Arc<Mutex<Vec<LogLine>>>,
    _until_dropped: DefaultGuard,
}

/// One line of the log, or what was said of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The module that wrote it.
    pub target: &'static str,
    /// Its words; of a span, its name.
    pub message: String,
    /// Its fields, as they are shown.
    pub fields: BTreeMap<&'static str, String>,
}

impl LogLines {
    /// Those of this level, and of those that matter more.
    pub fn collect(level: Level) -> Self {
        beside_others();
        let lines = Arc::default();
        let collector = Collector { level, lines: Arc::clone(&lines) };
        let subscriber = registry().with(collector);
        Self { lines, _until_dropped: tracing::subscriber::set_default(subscriber) }
    }

    /// Those until now, in order.
    pub fn all(&self) -> Vec<LogLine> {
        self.lines().clone()
    }

    /// Those until now whose words begin so.
    pub fn beginning(&self, words: &str) -> Vec<LogLine> {
        self.lines().iter().filter(|line| line.message.starts_with(words)).cloned().collect()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.target, self.message)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// Has subscribers of one thread see all that this thread writes, whatever others do, from now on.
///
/// As long as there is but one subscriber, tracing asks that of whichever thread comes to a place first
/// whether it wants what is written there, and remembers it for all: a thread without one says no.
pub fn beside_others() {
    static OTHERS: OnceLock<[Dispatch; 2]> = OnceLock::new();
    OTHERS.get_or_init(|| [Dispatch::new(NoSubscriber::new()), Dispatch::new(NoSubscriber::new())]);
}

struct Collector {
    level: Level,
    lines: Arc<Mutex<Vec<LogLine>>>,
}

impl Collector {
    fn add(&self, metadata: &Metadata<'static>, visit: impl FnOnce(&mut LogLine)) {
        let mut line = LogLine {
            level: *metadata.level(),
            target: metadata.target(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        if metadata.is_span() {
            line.message = metadata.name().to_owned();
        }
        visit(&mut line);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl<S: Subscriber + for<'a> registry::LookupSpan<'a>> Layer<S> for Collector {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.add(event.metadata(), |line| event.record(line));
    }

    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.add(span.metadata(), |line| span.record(line));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            self.add(span.metadata(), |line| values.record(line));
        }
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let shown = format!("{value:?}");
        match field.name() {
            "message" => self.message = shown,
            name => _ = self.fields.insert(name, shown),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}
