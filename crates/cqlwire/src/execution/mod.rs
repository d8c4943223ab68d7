//! Executing a statement: which statement, which values, how; and then one response, or a stream.
//!
//! [`Execution`] is the description and the future of a whole result in one, [`Streaming`] what it
//! becomes to be read as a stream.

mod future;
mod hook;
mod own_type;
mod page;
mod reencode;
mod request;
mod source;
mod state;
mod streaming;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Consistency, EncodeValues, SerialConsistency, Token};
use cqlwire_stream as stream;
use uuid::Uuid;

pub use self::page::PageFetch;
pub(crate) use self::reencode::{GivenMarkers, StoredValues};
pub use self::source::StatementSource;
pub(crate) use self::state::State;
pub use self::streaming::Streaming;
pub(crate) use self::turn::{Permits, Turn, take_turn};
use crate::operation::{Options, RareOptions, Statement};
use crate::prepared::PreparedStatement;
use crate::profile::ExecutionProfile;
use crate::retry::RetryPolicy;
use crate::shared::Shared;

/// The pages of a result, as they come.
pub type Pages = stream::Pages<StatementSource>;
/// The rows of a result, as they come.
pub type RowStream<T> = stream::RowStream<T, StatementSource>;

/// A statement with its values: the future of its whole result, or, by
/// [`pages`](Self::pages), [`rows`](Self::rows) or [`stream`](Self::stream), a stream. Nothing is
/// sent until it is polled.
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
///
/// Awaited, it gives the whole result, which has to fit into one page: one that goes on is an error
/// ([`MorePages`](crate::ErrorKind::MorePages)), not a part in silence.
///
/// # Cancel safety
///
/// Dropped before its bytes were taken for writing, it is never sent. Dropped later, the servers
/// may execute it; the response is thrown away when it comes, and nothing else is left behind.
#[must_use = "nothing is sent until this is awaited, or turned into a stream that is polled"]
pub struct Execution<'a, V> {
    shared: &'a Arc<Shared>,
    statement: Statement<'a>,
    values: V,
    /// What its values can do, kept apart from their type: a future that were bound to it could not
    /// be spawned with values that borrow.
    as_values: AsValues<V>,
    options: Options,
    /// With its text, once that is prepared because values go with it.
    state: State<'a, Option<PreparedStatement>>,
}

/// What values can do, apart from their type.
pub(crate) type AsValues<V> = for<'v> fn(&'v V) -> &'v (dyn EncodeValues + 'v);

pub(crate) fn as_values<V: EncodeValues>(values: &V) -> &(dyn EncodeValues + '_) {
    values
}

impl<'a, V: EncodeValues> Execution<'a, V> {
    pub(crate) fn new(shared: &'a Arc<Shared>, statement: Statement<'a>, values: V) -> Self {
        let options = Options::of(&shared.profile);
        let as_values = as_values::<V>;
        Self { shared, statement, values, as_values, options, state: State::New }
    }
}

impl<'a, V> Execution<'a, V> {
    /// The same, by somebody who knows of the values only what they can do.
    pub(crate) const fn with_options(
        shared: &'a Arc<Shared>,
        statement: Statement<'a>,
        values: V,
        as_values: AsValues<V>,
        options: Options,
    ) -> Self {
        Self { shared, statement, values, as_values, options, state: State::New }
    }

    /// Its values; what is on its way is given up.
    pub(crate) fn into_values(self) -> V {
        self.values
    }

    /// With all settings of this profile; those set before are replaced.
    pub fn profile(mut self, profile: &ExecutionProfile) -> Self {
        self.options.profile.clone_from(profile);
        self
    }

    /// How many replicas must agree.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.options.profile.consistency = consistency;
        self
    }

    /// The consistency of the Paxos phase, if the statement is conditional.
    pub fn serial_consistency(mut self, serial: SerialConsistency) -> Self {
        self.options.profile.serial_consistency = Some(serial);
        self
    }

    /// How long the whole may take, all its attempts and the servers' agreement on a changed schema
    /// included; of a stream, each page. With zero, nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.profile.timeout = timeout;
        self
    }

    /// How long one attempt may take, within the timeout of the whole
    /// ([`attempt_timeout`](ExecutionProfile::attempt_timeout)).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.options.profile.attempt_timeout = Some(timeout);
        self
    }

    /// How many rows a page is to have, at least 1.
    #[doc(alias = "fetch_size")]
    pub fn page_size(mut self, rows: u32) -> Self {
        self.options.profile.page_size = rows;
        self
    }

    /// Whether it is idempotent: may be sent again although it may have been done already. If this
    /// is not said, a statement that begins with `SELECT` is, and no other.
    #[doc(alias = "is_idempotent")]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options.profile.idempotent = Some(idempotent);
        self
    }

    /// Whether the server is to trace it, in `system_traces` under the id that comes with the
    /// result.
    pub fn tracing(mut self, tracing: bool) -> Self {
        self.options.profile.tracing = tracing;
        self
    }

    /// The write time, in microseconds since 1970, instead of the server's clock; anything but
    /// `i64::MIN`.
    #[doc(alias = "USING TIMESTAMP")]
    pub fn timestamp_micros(mut self, micros: i64) -> Self {
        self.options.timestamp_micros = Some(micros);
        self
    }

    /// Sends a text as it is, although values go with it, for what cannot be prepared. Nothing says
    /// then what the values are to be: each is sent as its Rust type has it, and a server takes the 4
    /// bytes of an `i32` for a float where a float is wanted. Structs, lists and arrays are refused
    /// ([`NeedsMarker`](crate::ValueError::NeedsMarker)), and the request is not routed to a replica.
    pub fn unprepared(mut self) -> Self {
        self.options.unprepared = true;
        self
    }

    /// The key of the partition that it is about, so that it goes to a replica: the bytes of the
    /// column, or, of a key of several columns, of each its length as two bytes, its bytes, and a
    /// zero byte. A prepared statement whose bind markers make up the key says that by itself.
    pub fn routing_key(self, key: &[u8]) -> Self {
        self.routing_token(Token::of_key(key))
    }

    /// The token of the partition, or of the range, that it is about, so that it goes to a replica.
    pub fn routing_token(mut self, token: Token) -> Self {
        self.rare().token = Some(token);
        self
    }

    /// The keyspace by whose replication the replicas of its token are found, spelled as in the
    /// schema. Default that of its table, if it is prepared, else that of the session.
    pub fn routing_keyspace(mut self, keyspace: &str) -> Self {
        self.rare().keyspace = Some(keyspace.into());
        self
    }

    /// The only host that it is for, by its id: for tables that are each host's own
    /// (`system.local`, virtual tables). While that is not connected, it goes nowhere else.
    pub fn host(mut self, host_id: Uuid) -> Self {
        self.rare().host = Some(host_id);
        self
    }

    /// What decides whether it is sent again once it has failed, and where, instead of the session's
    /// [`retry_policy`](crate::SessionBuilder::retry_policy).
    pub fn retry_policy(mut self, policy: Arc<dyn RetryPolicy>) -> Self {
        self.rare().retry_policy = Some(policy);
        self
    }

    fn rare(&mut self) -> &mut RareOptions {
        let keyspace = match self.statement {
            Statement::Text(_) => self.shared.origin.keyspace.as_deref().map(Box::from),
            Statement::Prepared(_) => None,
        };
        let rare = || Box::new(RareOptions { keyspace, ..RareOptions::default() });
        self.options.rare.get_or_insert_with(rare)
    }

    /// As a stream, which has settings of its own.
    pub fn stream(self) -> Streaming {
        Streaming::new(self.shared, self.statement, (self.as_values)(&self.values), self.options)
    }

    /// The result page by page; rows borrow from their page. Each page is retried and timed by
    /// itself. The stream holds on to nothing that is borrowed here.
    pub fn pages(self) -> Pages {
        self.stream().pages()
    }

    /// The result row by row, each decoded to a `T` that owns what it holds.
    #[doc(alias = "iter")]
    pub fn rows<T>(self) -> RowStream<T>
    where
        T: stream::StreamRow,
    {
        self.stream().rows()
    }
}
