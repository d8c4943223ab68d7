//! Loading many rows: [`Load`] describes it, and is what is awaited.
//!
//! `intake` takes rows from the source while there is room, `keys` says which of them may share a
//! request, and `window` finds these; `flight` is one request, an execution or a batch like any
//! other, `slots` has all that are on their way, `width` says how many that may be, and `crowd` waits
//! where others leave no room for any. `drive` moves
//! rows from one to the other, `outcome` says what becomes of them, and `ends` when it is over.

mod crowd;
mod describe;
mod drive;
mod ends;
mod failure;
mod flight;
mod guarded;
mod intake;
mod keys;
mod outcome;
mod progress;
mod settings;
mod slots;
mod width;
mod window;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cqlwire_codec::EncodeValues;
use cqlwire_net::Deadline;
use futures_util::stream::Stream;

use self::crowd::Crowd;
pub use self::failure::{FailedRow, LoadError};
use self::flight::{Flight, Group};
use self::guarded::Guarded;
use self::intake::Intake;
use self::progress::Counted;
pub use self::progress::{LoadProgress, LoadWatch};
use self::settings::Settings;
use self::slots::Slots;
use self::width::Width;
use crate::error::{Error, Result};
use crate::execution::as_values;
use crate::keyspace::InKeyspace;
use crate::operation::{Options, Statement};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;
use crate::timed::Timed;

/// How many requests are polled in one turn.
const MOST_POLLS: usize = 256;

/// Many rows about to be written. Made by [`Session::insert_all`](crate::Session::insert_all) and
/// [`insert_stream`](crate::Session::insert_stream). Nothing is taken from the source, and nothing
/// sent, until it is polled.
///
/// Awaited, it writes all rows, or gives back those that failed:
///
/// ```no_run
/// # async fn example(session: cqlwire::Session, users: Vec<(i64, String)>) -> cqlwire::Result<()> {
/// let insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)").await?;
/// let written = session.insert_all(&insert, users).idempotent(true).await?;
/// println!("{written}");
/// # Ok(()) }
/// ```
///
/// It then stops at the first failure, unless [`max_failures`](Self::max_failures) says otherwise.
/// Read failure by failure, it goes on past them:
///
/// ```no_run
/// # async fn example(session: cqlwire::Session, users: Vec<(i64, String)>) -> cqlwire::Result<()> {
/// # let insert = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)").await?;
/// let mut load = session.insert_all(&insert, users).idempotent(true);
/// while let Some(failed) = load.next_failure().await? {
///     eprintln!("row {}, {:?}: {}", failed.number, failed.row, failed.error);
/// }
/// println!("{}", load.progress());
/// # Ok(()) }
/// ```
///
/// Each row that was taken from the source is written, or given back with its error, unless the load
/// is dropped. Rows of which one or all were refused (a value that does not fit, a server that
/// says `Invalid`) do not take others with them. What was not taken is still in the source: hand it
/// over as `&mut rows` to have it afterwards.
///
/// # What is sent
///
/// Each row is an [`Execution`](crate::Execution) of its own, with the session's retries, routing and
/// limits; or shares an unlogged [`Batch`](crate::Batch) with other rows of its partition, which is
/// one write for its replicas, as long as it is below the sizes that servers warn of. So rows that
/// come ordered by partition cost a fraction of the same rows shuffled. Rows share a request only
/// where the [schema](crate::Session::schema) says that they are different rows: of a table with
/// clustering columns, by a statement whose bind markers are named for their columns, have its whole
/// primary key, and nothing that is `static`. Counters, conditional statements, and keys of a type
/// whose equal values may differ in their bytes (`decimal`, `varint`, `float`, collections) go alone.
///
/// Nothing is said about the order: of two rows with the same primary key, either may be the one
/// that stays.
///
/// # Limits
///
/// | what | setting | default |
/// |---|---|---|
/// | requests in flight | [`concurrency`](Self::concurrency) | 256 |
/// | rows of one request | [`batch_rows`](Self::batch_rows) | 64 |
/// | bytes of values of one request of several rows | [`batch_bytes`](Self::batch_bytes) | 4 KiB |
/// | rows looked through for those of one partition | [`read_ahead`](Self::read_ahead) | 128 |
/// | bytes of values held | [`max_held_bytes`](Self::max_held_bytes) | 16 MiB |
/// | time of one request | [`timeout`](Self::timeout) | that of the session |
/// | time of the whole | [`total_timeout`](Self::total_timeout) | none |
/// | failures | [`max_failures`](Self::max_failures) | none when they are read, 0 when it is awaited |
///
/// A row is taken from the source only when there is room for it. While a server or a limit of the
/// session says that it is too much, fewer requests are in flight. Where others leave no room for
/// any, the load waits, and fails a row for it only after the time of one request.
///
/// # Cancel safety
///
/// Dropped, requests that were not taken for writing are never sent. Of those that were, the servers
/// may write the rows; the responses are thrown away when they come, and nothing else is left behind.
#[must_use = "nothing is loaded until this is awaited, or its failures are read"]
pub struct Load<'a, R> {
    shared: &'a Arc<Shared>,
    statement: Statement<'a>,
    settings: Settings<'a>,
    preparing: Option<Preparing<'a>>,
    /// Once it has been started.
    prepared: Option<PreparedStatement>,
    intake: Intake<'a, R>,
    flights: Slots<Flight<'a, Guarded<R>>>,
    width: Width,
    crowd: Crowd,
    /// How many requests may be polled before other tasks have their turn.
    polls: usize,
    /// No more than there were in flight at once.
    spare: Vec<Group<Guarded<R>>>,
    /// Those that were not given out: no more than rows were held, unless it is awaited as a whole.
    failures: VecDeque<FailedRow<R>>,
    /// Why it took no more rows.
    stopped: Option<Error>,
    /// That has not been said yet.
    owes_error: bool,
    whole: Option<Deadline>,
    /// Comes when it has to stop although nothing else happens.
    end: Option<Timed<()>>,
    counters: Counted,
}

/// Nothing in it is ever pinned.
impl<R> Unpin for Load<'_, R> {}

type Preparing<'a> = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send + 'a>>;

impl<'a, R> Load<'a, R> {
    pub(crate) fn new(
        shared: &'a Arc<Shared>,
        keyspace: InKeyspace<'a>,
        statement: Statement<'a>,
        source: impl Stream<Item = R> + Send + 'a,
    ) -> Self
    where
        R: EncodeValues,
    {
        let mut load = Self {
            shared,
            statement,
            settings: Settings::new(Options::of(shared.profiles.current(), keyspace)),
            preparing: None,
            prepared: None,
            intake: Intake::new(Box::pin(source), as_values::<Guarded<R>>),
            flights: Slots::default(),
            width: Width::new(1),
            crowd: Crowd::default(),
            polls: MOST_POLLS,
            spare: Vec::new(),
            failures: VecDeque::new(),
            stopped: None,
            owes_error: false,
            whole: None,
            end: None,
            counters: Counted::default(),
        };
        load.set_width();
        load
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn shared(&self) -> &'a Arc<Shared> {
        self.shared
    }

    /// No more than the session lets.
    fn set_width(&mut self) {
        let most = self.shared.limit.most().unwrap_or(usize::MAX);
        self.width = Width::new(self.settings.concurrency.min(most));
    }

    /// How the next request is executed.
    fn options(&self) -> Options<'a> {
        let mut options = self.settings.options.clone();
        if let Some(whole) = self.whole {
            options.settings.timeout = options.settings.timeout.min(whole.remaining());
        }
        options
    }

    /// How far it has got.
    pub fn progress(&self) -> LoadProgress {
        self.counters.progress()
    }

    /// Reads how far it has got from elsewhere, while this is awaited.
    pub fn watch(&self) -> LoadWatch {
        self.counters.watch()
    }
}

impl<R> fmt::Debug for Load<'_, R> {
    /// Without its rows: values are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("statement", &self.statement)
            .field("settings", &self.settings)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
