//! A statement about to be read as a stream: where it begins, where it stops, how far it reads
//! ahead, who is notified of its progress.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::EncodeValues;
use cqlwire_stream::{self as stream, Position, Progress, StreamRow};

use super::hook::Hook;
use super::source::StatementSource;
use super::{Pages, RowStream};
use crate::operation::{Options, Statement};
use crate::shared::Shared;

/// A statement about to be read as a stream. It holds on to nothing that is borrowed: the values
/// are encoded by now.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// let users = session.query("SELECT id, name FROM shop.users", ());
/// let mut first = users.page_size(1_000).stream().row_limit(5_000).rows::<(i64, String)>();
/// while let Some((id, name)) = first.try_next().await? {
///     println!("{id}: {name}");
/// }
/// # Ok(()) }
/// ```
///
/// A whole result has none of these settings, so it cannot pass over them:
///
/// ```compile_fail,E0599
/// # async fn example(session: cqlwire::Session) {
/// session.query("SELECT id FROM shop.users", ()).row_limit(5).await;
/// # }
/// ```
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Streaming {
    source: StatementSource,
    settings: stream::Settings,
}

impl Streaming {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        statement: Statement<'_>,
        values: &dyn EncodeValues,
        options: Options<'_>,
    ) -> Self {
        let settings =
            stream::Settings { prefetch: options.settings.prefetch_pages, ..Default::default() };
        let source = StatementSource::new(shared, statement, values, options);
        Self { source, settings }
    }

    /// How long the whole may take, from its first page to its last.
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.source.set_total_timeout(timeout);
        self
    }

    /// How many pages to ask for ahead of the one that is being read, as far as the session's
    /// budget has room; 0 asks for a page only when it is waited for.
    #[doc(alias = "read_ahead")]
    pub const fn prefetch(mut self, pages: u8) -> Self {
        self.settings.prefetch = pages;
        self
    }

    /// Has `hook` called with the figures so far after each page that came, and once when the
    /// stream is over. Called on the task that reads, outside of any lock; one that panics is not
    /// called again.
    pub fn on_progress(mut self, hook: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.source.set_hook(Hook::new(hook));
        self
    }

    /// After how many rows it stops.
    pub const fn row_limit(mut self, rows: u64) -> Self {
        self.settings.row_limit = Some(rows);
        self
    }

    /// After how many pages it stops.
    pub const fn page_limit(mut self, pages: u64) -> Self {
        self.settings.page_limit = Some(pages);
        self
    }

    /// Where it begins: what another stream of the same statement and values gave as its
    /// [position](stream::Pages::position), in this process or another.
    #[doc(alias = "paging_state")]
    pub fn from_position(mut self, position: Position) -> Self {
        self.source.check_position(&position);
        self.settings.from = position;
        self
    }

    /// The result page by page; rows borrow from their page.
    pub fn pages(self) -> Pages {
        let Self { source, settings } = self;
        let budget = source.budget().clone();
        source.opened();
        Pages::new(source, &budget, settings)
    }

    /// The result row by row, each decoded to a `T` that owns what it holds.
    pub fn rows<T: StreamRow>(self) -> RowStream<T> {
        self.pages().into_rows()
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("settings", &self.settings).finish_non_exhaustive()
    }
}
