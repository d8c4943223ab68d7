//! Executing a statement: which statement, which values, how; and then one answer, or a stream.

mod answer;
mod ask;
mod executing;
mod hook;
mod run;
mod schema;
mod source;

use std::time::Duration;

use cqlwire_codec::{Consistency, EncodeValues, SerialConsistency};
use cqlwire_stream::{self as stream, Progress};

pub(crate) use self::answer::Answer;
pub(crate) use self::ask::{AskPrepare, Statement};
pub use self::executing::Executing;
use self::hook::Hook;
pub(crate) use self::run::Trail;
pub use self::source::StatementSource;
use crate::{ErrorKind, ExecutionProfile, Session};

/// The pages of a result, as they come.
pub type Pages = stream::Pages<StatementSource>;
/// The rows of a result, as they come.
pub type RowStream<T> = stream::RowStream<T, StatementSource>;

/// A statement with its values, about to be executed. Nothing is sent until it is awaited, or until
/// the stream that it becomes is polled.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// let insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)").await?;
/// session.execute(&insert, (1_i64, "Ada")).idempotent(true).await?;
///
/// let by_id = session.prepare("SELECT name FROM shop.users WHERE id = ?").await?;
/// let found = session.execute(&by_id, (1_i64,)).await?;
/// let (name,) = found.one_row::<(String,)>()?;
///
/// let all = session.query("SELECT id, name FROM shop.users", ());
/// let mut users = all.page_size(1_000).rows::<(i64, String)>();
/// while let Some((id, name)) = users.try_next().await? {
///     println!("{id}: {name}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent until this is awaited, or turned into a stream that is polled"]
pub struct Execution<'a, V> {
    session: &'a Session,
    statement: Statement<'a>,
    values: V,
    options: Options,
    stream: stream::Settings,
    hook: Option<Hook>,
}

/// How one request is executed: what a stream of many has beside that is none of its.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) profile: ExecutionProfile,
    pub(crate) timestamp_micros: Option<i64>,
}

impl<'a, V: EncodeValues + Sync> Execution<'a, V> {
    pub(crate) fn new(session: &'a Session, statement: Statement<'a>, values: V) -> Self {
        let options = Options { profile: session.profile().clone(), timestamp_micros: None };
        let (stream, hook) = (stream::Settings::default(), None);
        Self { session, statement, values, options, stream, hook }
    }

    /// With all settings of this profile; those set before are replaced.
    pub fn profile(mut self, profile: &ExecutionProfile) -> Self {
        self.options.profile.clone_from(profile);
        self
    }

    /// How many replicas must agree.
    pub const fn consistency(mut self, consistency: Consistency) -> Self {
        self.options.profile.consistency = consistency;
        self
    }

    /// The consistency of the Paxos phase, if the statement is conditional.
    pub const fn serial_consistency(mut self, serial: SerialConsistency) -> Self {
        self.options.profile.serial_consistency = Some(serial);
        self
    }

    /// How long the whole may take; of a stream, each page.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.options.profile.timeout = timeout;
        self
    }

    /// How many rows a page is to have, at least 1.
    pub const fn page_size(mut self, rows: u32) -> Self {
        self.options.profile.page_size = rows;
        self
    }

    /// Whether it may be sent again although it may have been done already.
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.profile.idempotent = idempotent;
        self
    }

    /// Whether the server is to trace it, in `system_traces` under the id that comes with the
    /// result.
    pub const fn tracing(mut self, tracing: bool) -> Self {
        self.options.profile.tracing = tracing;
        self
    }

    /// The write time, in microseconds since 1970, instead of the server's clock; anything but
    /// `i64::MIN`.
    pub const fn timestamp_micros(mut self, micros: i64) -> Self {
        self.options.timestamp_micros = Some(micros);
        self
    }

    /// Of a stream: how long the whole may take, from its first page to its last.
    pub const fn stream_timeout(mut self, timeout: Duration) -> Self {
        self.options.profile.stream_timeout = Some(timeout);
        self
    }

    /// Of a stream: how many pages to ask for ahead of the one that is being read, as far as the
    /// session's budget has room; 0 asks for a page only when it is waited for.
    pub const fn prefetch(mut self, pages: u8) -> Self {
        self.options.profile.prefetch_pages = pages;
        self
    }

    /// Of a stream: has `hook` called with the figures so far after each page that came, and once
    /// when the stream is over. Called on the task that reads, outside of any lock; one that panics
    /// is not called again.
    pub fn on_progress(mut self, hook: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.hook = Some(Hook::new(hook));
        self
    }

    /// Of a stream: after how many rows it stops.
    pub const fn row_limit(mut self, rows: u64) -> Self {
        self.stream.row_limit = Some(rows);
        self
    }

    /// Of a stream: after how many pages it stops.
    pub const fn page_limit(mut self, pages: u64) -> Self {
        self.stream.page_limit = Some(pages);
        self
    }

    /// Of a stream: where it begins, which another stream of the same statement and values has
    /// told ([`Pages::position`](stream::Pages::position)), in this process or another.
    pub fn from_position(mut self, position: stream::Position) -> Self {
        self.stream.from = position;
        self
    }

    /// The result page by page; rows borrow from their page. Each page is retried and timed by
    /// itself. The stream holds on to nothing that is borrowed here.
    pub fn pages(self) -> Pages {
        let budget = self.session.core().budget.clone();
        let prefetch = self.options.profile.prefetch_pages;
        let source = StatementSource::new(&self);
        let settings = stream::Settings { prefetch, ..self.stream };
        Pages::new(source, &budget, settings)
    }

    /// The result row by row, each decoded to a `T` that owns what it holds.
    pub fn rows<T>(self) -> RowStream<T>
    where
        T: stream::StreamRow,
    {
        self.pages().into_rows()
    }
}

impl<'a, V> IntoFuture for Execution<'a, V>
where
    V: EncodeValues + Send + Sync + 'a,
{
    type Output = crate::Result<crate::QueryResult>;
    type IntoFuture = Executing<'a, V>;

    /// Executes the statement and gives its whole result, which has to fit into one page: one that
    /// goes on is an error ([`MorePages`](crate::ErrorKind::MorePages)), not a part in silence.
    ///
    /// With a position to begin at, or a limit of rows or pages, it is an error
    /// ([`Settings`](crate::ErrorKind::Settings)): those are of streams.
    fn into_future(self) -> Executing<'a, V> {
        if let Some(setting) = of_streams(&self.stream) {
            let why = "it is of streams: read the result with pages() or rows()".to_owned();
            return Executing::refused(ErrorKind::Settings { setting, why });
        }
        Executing::new(self.session, self.statement, self.values, self.options)
    }
}

/// A setting that a whole result cannot follow: to pass over it would be to give other rows than
/// those that were asked for.
fn of_streams(settings: &stream::Settings) -> Option<&'static str> {
    let set = [
        (!settings.from.is_start(), "from_position"),
        (settings.row_limit.is_some(), "row_limit"),
        (settings.page_limit.is_some(), "page_limit"),
    ];
    set.into_iter().find_map(|(is_set, name)| is_set.then_some(name))
}
