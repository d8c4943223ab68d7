//! A Cassandra driver that never leaks, never hangs, and says exactly what went wrong.
//!
//! ```no_run
//! use cqlwire::Session;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> cqlwire::Result<()> {
//! let session = Session::builder().contact_points(["127.0.0.1"]).connect().await?;
//!
//! let by_city = session.prepare("SELECT id, name FROM shop.users WHERE city = ?").await?;
//! let mut users = session.execute(&by_city, ("Oslo",)).rows::<(i64, String)>();
//! while let Some((id, name)) = users.try_next().await? {
//!     println!("{id}: {name}");
//! }
//! # Ok(()) }
//! ```
//!
//! A [`Session`] is connected once and shared by all tasks. [`query`](Session::query) takes a
//! statement in CQL, [`execute`](Session::execute) a [`PreparedStatement`]; either gives an
//! [`Execution`], which is awaited for a whole small result, or read as a stream of
//! [pages](Execution::pages) or [rows](Execution::rows).
//!
//! Rows are tuples, by the positions of their columns, or structs, by their names; so are bind
//! values, and user types are structs:
//!
//! ```no_run
//! use cqlwire::{Row, Session, UserType, BindValues};
//!
//! #[derive(UserType)]
//! struct Address {
//!     street: String,
//!     number: Option<i32>,
//! }
//!
//! #[derive(Row, BindValues)]
//! struct User {
//!     id: i64,
//!     name: String,
//!     #[cql(rename = "home_address")]
//!     home: Option<Address>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> cqlwire::Result<()> {
//! # let session = Session::builder().contact_points(["127.0.0.1"]).connect().await?;
//! let insert = session
//!     .prepare("INSERT INTO shop.users (id, name, home_address) VALUES (:id, :name, :home_address)")
//!     .await?;
//! session.execute(&insert, User { id: 7, name: "Ada".to_owned(), home: None }).await?;
//!
//! let mut users = session.query("SELECT * FROM shop.users", ()).rows::<User>();
//! while let Some(user) = users.try_next().await? {
//!     println!("{}: {}", user.id, user.name);
//! }
//! # Ok(()) }
//! ```
//!
//! Statements that belong together are one request as a [`Batch`]: a logged one is applied in the end
//! as a whole, a conditional one at once or not at all.
//!
//! ```no_run
//! # use cqlwire::Session;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> cqlwire::Result<()> {
//! # let session = Session::builder().contact_points(["127.0.0.1"]).connect().await?;
//! let by_id = session.prepare("INSERT INTO shop.users (id, name) VALUES (?, ?)").await?;
//! let by_name = session.prepare("INSERT INTO shop.users_by_name (name, id) VALUES (?, ?)").await?;
//! let mut batch = session.batch();
//! batch.add(&by_id, (7_i64, "Ada"))?.add(&by_name, ("Ada", 7_i64))?;
//! batch.execute().idempotent(true).await?;
//! # Ok(()) }
//! ```
//!
//! A transaction of Cassandra 6 is a statement as any other, of tables `WITH transactional_mode = 'full'`.
//! It spans data centers, so the consistencies that are the default here are refused: its consistency is
//! `Quorum`, and its serial one `Serial`. A name that stands in it several times is bound once, by a
//! struct. It is never sent twice unless nothing of it was begun, since not every transaction may be done
//! twice. [transactions.md] says how to know whether it was done, and how it may be done twice.
//!
//! ```no_run
//! # #[cfg(feature = "derive")] mod example {
//! use cqlwire::{BindValues, Consistency, Result, SerialConsistency, Session};
//!
//! #[derive(BindValues)]
//! struct Transfer {
//!     from: i32,
//!     to: i32,
//!     amount: i64,
//! }
//!
//! async fn transfer(session: &Session, transfer: Transfer) -> Result<Option<i64>> {
//!     let text = "BEGIN TRANSACTION
//!           LET payer = (SELECT balance FROM bank.accounts WHERE id = :from);
//!           SELECT payer.balance;
//!           IF payer.balance >= :amount THEN
//!             UPDATE bank.accounts SET balance -= :amount WHERE id = :from;
//!             UPDATE bank.accounts SET balance += :amount WHERE id = :to;
//!           END IF
//!         COMMIT TRANSACTION";
//!     let execution = session.query(text, transfer).consistency(Consistency::Quorum);
//!     let found = execution.serial_consistency(SerialConsistency::Serial).await?;
//!     Ok(found.one_row::<(Option<i64>,)>()?.0)
//! }
//! # }
//! ```
//!
//! Whatever goes wrong is one [`Error`]: which hosts were tried and what each came to, how long it
//! took, and whether a write may have been done all the same. Every wait has an end: see
//! [`ExecutionProfile::timeout`]. What failed is sent again where that is safe, and only there: see
//! [`RetryPolicy`] and [`RetrySettings`]. Every future may be dropped at any time, and leaves nothing
//! behind: see [`Session::resources`].
//!
//! # Features
//!
//! All of them add something and change nothing.
//!
//! * `astra`: Astra DB, by its secure connect bundle.
//! * `blocking`: sessions without async ([`blocking`]).
//! * `derive`, on by default: the macros [`Row`], [`UserType`], [`BindValues`] and [`Value`].
//! * `chrono`, `time`, `jiff`: timestamp, date and time as types of these crates.
//! * `bigdecimal`, `rust_decimal`, `num-bigint`: decimal and varint as types of these crates.
//! * `serde_json`: text that holds JSON.
//! * `serde`: settings are read from TOML, YAML or environments ([`Config`]); rows of any shape can be
//!   serialized, [`Metrics`] too, and positions of streams kept; they are bytes and text without it,
//!   too.
//! * `opentelemetry`: figures and times of requests as instruments of OpenTelemetry ([`export`]).
//! * `prometheus`: a session as a collector for Prometheus ([`export`]).
//! * `system-roots`: TLS that trusts the authorities which the system trusts.
//! * `snappy`: Snappy, beside LZ4, as a compression of v3 and v4.
//!
//! # Where to look
//!
//! [`value`] has the types of CQL that Rust lacks, [`cql`] takes texts apart, [`codec`] is the protocol
//! itself, [`net`] one connection, [`stream`] what streams are made of. The repository has
//! [a book][the book], chapter by chapter, and these guides are among its chapters:
//!
//! | | |
//! |---|---|
//! | [settings.md] | every setting, its default and why; files, environments and URLs |
//! | [security.md] | TLS and authentication, and what it says when they do not work |
//! | [observing.md] | figures, the log, traces, a dashboard and alerts |
//! | [transactions.md] | transactions of Cassandra 6 |
//! | [server-errors.md] | what an error of the server says about a write |
//! | [faults.md] | what an application sees when nodes fail |
//! | [guarantees.md] | what is promised |
//!
//! [the book]: https://github.com/cqlwire/cqlwire/blob/main/docs/SUMMARY.md
//! [settings.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/settings.md
//! [security.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/security.md
//! [observing.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/observing.md
//! [transactions.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/transactions.md
//! [server-errors.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/server-errors.md
//! [faults.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/faults.md
//! [guarantees.md]: https://github.com/cqlwire/cqlwire/blob/main/docs/guarantees.md
#![doc = ""]
#![doc = include_str!("../docs/types.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "astra")]
mod astra;
mod attempt;
mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod conditional;
mod contact_points;
pub mod cql;
mod enter;
mod error;
mod execution;
#[cfg(any(feature = "opentelemetry", feature = "prometheus"))]
pub mod export;
mod gate;
mod history;
mod joint;
mod keyspace;
mod limits;
mod load;
mod metrics;
mod observer;
mod operation;
mod prepare;
mod prepared;
mod profile;
mod request_log;
mod resources;
mod result;
mod retry;
mod scan;
mod scratch;
mod session;
mod shared;
mod speculation;
mod stream_totals;
#[cfg(test)]
mod tests;
mod time_uuid;
mod timed;
mod timestamps;
mod trace;
pub mod value;
mod warm_up;

pub use batch::{Batch, BatchExecution, BatchStatement};
pub use builder::{Config, ConfigError, KnownSetting, SessionBuilder};
#[doc(no_inline)]
pub use bytes;
pub use contact_points::IntoContactPoints;
#[doc(no_inline)]
pub use cqlwire_cluster as cluster;
pub use cqlwire_cluster::{
    AddressTranslator, ClusterChange, ClusterChanges, ClusterTotals, Describe, DescribeError,
    Distance, FixedAddresses, Health, Host, HostDescription, HostFilter, HostIndex, LoadBalancing,
    NamedAddresses, Remote, RoundRobin, Routing, Schema, SchemaScope, SchemaSettings, SingleHost,
    SubnetAddresses, TokenAware, TokenRange, Topology, Translating, Tried,
};
#[doc(no_inline)]
pub use cqlwire_codec as codec;
pub use cqlwire_codec::{
    Compression, Consistency, CustomPayload, DecodeRow, DecodeValue, EncodeValue, EncodeValues,
    ErrorCode, PagingState, ProtocolVersion, SchemaChange, SerialConsistency, ServerError,
    ServerErrorDetail, StatementKind, Token, ValueError,
};
#[cfg(feature = "derive")]
pub use cqlwire_derive::{BindValues, Row, UserType, Value};
#[doc(no_inline)]
pub use cqlwire_net as net;
#[doc(no_inline)]
pub use cqlwire_net::secrecy;
pub use cqlwire_net::{
    Authenticating, AuthenticationError, AuthenticationRequest, Authenticator, Backlog,
    CertificateOnly, Exchange, Keepalive, LoadingTls, NotAnswered, PlainCredentials, RequestKind,
    SocketSettings, Tls, TlsFiles, TlsSettingsError, TlsSource, TlsSourceError, Totals,
    WaitingLimit, WaitsFor, WithoutTls, tls_config,
};
pub use cqlwire_pool::{
    Backoff, ConnectionChange, ConnectionChangeKind, ConnectionTotals, Latencies, LatencyHistogram,
    PoolTotals, Unconnected,
};
#[doc(no_inline)]
pub use cqlwire_stream as stream;
pub use cqlwire_stream::{OwnedRow, Page, Position, PositionError, PositionMismatch, Progress};
#[cfg(feature = "blocking")]
pub use error::Unserved;
pub use error::{Attempt, AttemptFailure, Error, ErrorKind, RequestLimit, Result, TimeoutPhase};
pub use execution::{
    Execution, Explained, Explaining, PageFetch, Pages, RowStream, StatementSource, Streaming,
};
pub use history::{Candidate, ReportHost, RequestEnding, RequestReport, Step, StepKind};
pub use limits::AdaptiveLimit;
pub use load::{FailedRow, Load, LoadError, LoadProgress, LoadWatch};
pub use metrics::{HostMetrics, Metrics, RequestTotals};
pub use observer::{Observer, ObserverTotals};
pub use prepared::{PreparedStatement, PreparedTotals, StatementMetrics};
pub use profile::ExecutionProfile;
pub use request_log::LogSettings;
pub use resources::Resources;
pub use result::QueryResult;
pub use retry::{
    DefaultRetryPolicy, DowngradingRetryPolicy, FailedAttempt, NeverRetry, RetryBudget,
    RetryPolicy, RetrySettings, RetryTotals, RetryVerdict,
};
pub use scan::{Scan, ScanPages, ScanPlan, ScanPlanError, ScanProgress, ScanRows, ScanWatch};
pub use session::Session;
pub use speculation::{
    ConstantDelay, NeverSpeculate, PercentileDelay, SlowRequest, SpeculationSettings,
    SpeculationTotals, SpeculativePolicy,
};
pub use stream_totals::StreamTotals;
pub use timestamps::{ClientTimestamps, MonotonicTimestamps, TimestampGenerator, TimestampTotals};
pub use trace::{Trace, TraceEvent};
#[doc(no_inline)]
pub use uuid;

/// The snippets of these pages are compiled.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/security.md")]
    struct Security;

    #[doc = include_str!("../../../docs/settings.md")]
    struct Settings;

    #[doc = include_str!("../../../docs/transactions.md")]
    struct Transactions;

    #[cfg(all(feature = "opentelemetry", feature = "prometheus"))]
    #[doc = include_str!("../../../docs/observing.md")]
    struct Observing;
}
