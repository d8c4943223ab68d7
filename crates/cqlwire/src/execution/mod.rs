//! Executing a statement: which statement, which values, how; and then one response, or a stream.
//!
//! [`Execution`] is the description and the future of a whole result in one, [`Streaming`] what it
//! becomes to be read as a stream.

mod explain;
mod future;
mod hook;
mod own_type;
mod page;
mod reencode;
mod request;
mod sending;
mod source;
mod state;
mod streaming;
mod turn;

use std::sync::Arc;
#[cfg(feature = "blocking")]
use std::time::Duration;

use cqlwire_codec::{EncodeValues, Token};
use cqlwire_stream as stream;
use uuid::Uuid;

pub use self::explain::{Explained, Explaining};
pub use self::page::PageFetch;
pub(crate) use self::reencode::{GivenMarkers, StoredValues};
use self::sending::Sending;
pub use self::source::StatementSource;
pub(crate) use self::state::State;
pub use self::streaming::Streaming;
pub(crate) use self::turn::{Permits, Turn, take_turn};
use crate::keyspace::InKeyspace;
use crate::operation::{Options, RareOptions, Statement};
use crate::profile::{
    ExecutionProfile, Policies, RequestSettings, request_setters, single_request_setters,
    statement_setters,
};
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
    sending: Sending<'a>,
    values: V,
    /// What its values can do, kept apart from their type: a future that were bound to it could not
    /// be spawned with values that borrow.
    as_values: AsValues<V>,
}

/// What values can do, apart from their type.
pub(crate) type AsValues<V> = for<'v> fn(&'v V) -> &'v (dyn EncodeValues + 'v);

pub(crate) fn as_values<V: EncodeValues>(values: &V) -> &(dyn EncodeValues + '_) {
    values
}

impl<'a, V: EncodeValues> Execution<'a, V> {
    #[inline]
    pub(crate) fn new(
        shared: &'a Arc<Shared>,
        keyspace: InKeyspace<'a>,
        statement: Statement<'a>,
        values: V,
    ) -> Self {
        let options = Options::of(shared.profiles.current(), keyspace);
        let sending = Sending::new(shared, statement, options);
        Self { sending, values, as_values: as_values::<V> }
    }
}

impl<'a, V> Execution<'a, V> {
    /// The same, by somebody who knows of the values only what they can do.
    pub(crate) const fn with_options(
        shared: &'a Arc<Shared>,
        statement: Statement<'a>,
        values: V,
        as_values: AsValues<V>,
        options: Options<'a>,
    ) -> Self {
        Self { sending: Sending::new(shared, statement, options), values, as_values }
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn shared(&self) -> &'a Arc<Shared> {
        self.sending.shared
    }

    /// How long it may take in all.
    #[cfg(feature = "blocking")]
    pub(crate) const fn timeout_of_whole(&self) -> Duration {
        self.sending.options.settings.timeout
    }

    /// Its values; what is on its way is given up.
    pub(crate) fn into_values(self) -> V {
        self.values
    }

    /// With all settings of this profile; those set before are replaced.
    pub fn profile(mut self, profile: &'a ExecutionProfile) -> Self {
        self.sending.options.set_profile(profile);
        self
    }

    request_setters!();
    statement_setters!();
    single_request_setters!();

    /// The time of what it writes, in microseconds since 1970, instead of that of any clock
    /// ([`client_timestamps`](Self::client_timestamps)); anything but `i64::MIN`. `USING TIMESTAMP` in
    /// its text comes before it.
    #[doc(alias = "USING TIMESTAMP")]
    pub fn timestamp_micros(mut self, micros: i64) -> Self {
        self.sending.options.timestamp_micros = Some(micros);
        self
    }

    /// Sends a text as it is, although values go with it, for what cannot be prepared. Nothing says
    /// then what the values are to be: each is sent as its Rust type has it, and a server takes the 4
    /// bytes of an `i32` for a float where a float is wanted. Structs, lists and arrays are refused
    /// ([`NeedsMarker`](crate::ValueError::NeedsMarker)), and the request is not routed to a replica.
    pub fn unprepared(mut self) -> Self {
        self.sending.options.unprepared = true;
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

    /// The keyspace of its unqualified names, spelled as in the schema, instead of that of the handle
    /// that it is asked through. Only v5 can say it: hosts that speak less are sent nothing, and where
    /// there is no other, [`Encode`](crate::ErrorKind::Encode) is the error;
    /// [`Session::with_keyspace`](crate::Session::with_keyspace) is for all versions. A prepared
    /// statement has to be one of this keyspace.
    pub fn keyspace(mut self, name: &str) -> Self {
        self.sending.options.keyspace.rename(name);
        self
    }

    /// The keyspace by whose replication the replicas of its token are found, spelled as in the
    /// schema. Default that of its table, if it is prepared, else that of its unqualified names.
    pub fn routing_keyspace(mut self, keyspace: &str) -> Self {
        self.rare().keyspace = Some(keyspace.into());
        self
    }

    /// The only host that it is for, by its id: for tables that are each host's own
    /// (`system.local`, virtual tables). While that is not connected, it goes nowhere else, nor does
    /// the PREPARE of its text.
    pub fn host(mut self, host_id: Uuid) -> Self {
        self.rare().host = Some(host_id);
        self
    }

    const fn settings_mut(&mut self) -> &mut RequestSettings {
        &mut self.sending.options.settings
    }

    fn policies_mut(&mut self) -> &mut Policies {
        &mut self.rare().policies
    }

    fn rare(&mut self) -> &mut RareOptions {
        self.sending.options.rare.get_or_insert_default()
    }

    /// As a stream, which has settings of its own.
    pub fn stream(self) -> Streaming {
        let Sending { shared, statement, options, .. } = self.sending;
        Streaming::new(shared, statement, (self.as_values)(&self.values), options)
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
