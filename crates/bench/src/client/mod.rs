//! Those that are compared, each behind the same few operations.
//!
//! An operation checks what came: every client does the same work, and none is fast by being
//! wrong. All have one connection for requests, and otherwise their defaults.

mod ask;
mod blocking;
#[cfg(feature = "peers")]
mod cdrs;
mod cqlwire;
mod fill;
mod floor;
mod process;
#[cfg(feature = "peers")]
mod scylla;
mod version;

use std::future::Future;
use std::net::SocketAddr;

use crate::Result;
use crate::load::{ScanWatch, StreamsWatch};
use crate::work::Work;

pub use self::ask::{Ask, Batch, Insert, Query, Read};
pub use self::blocking::Blocking;
#[cfg(feature = "peers")]
pub use self::cdrs::Cdrs;
pub use self::cqlwire::Cqlwire;
pub use self::fill::fill;
pub use self::floor::{Floor, floor_round};
pub use self::process::{ClientArguments, Kind, RuntimeKind, run};
#[cfg(feature = "peers")]
pub use self::scylla::Scylla;
pub use self::version::version_of;

/// A driver, connected, with its statements prepared.
pub trait Client: Clone + Send + Sync + Sized + 'static {
    /// Its operations block, so that each of several at once has a thread.
    const BLOCKS: bool = false;

    /// Connects and prepares what this work needs.
    fn connect(server: SocketAddr) -> impl Future<Output = Result<Self>> + Send;

    /// Reads the row of this key, and checks it.
    fn read(&self, key: i64) -> impl Future<Output = Result<()>> + Send;

    /// Inserts the row of this key.
    fn insert(&self, key: i64) -> impl Future<Output = Result<()>> + Send;

    /// The same read, by its text. Not every driver keeps what it has prepared.
    fn query(&self, key: i64) -> impl Future<Output = Result<()>> + Send {
        let _ = key;
        async { Err("this client prepares a text each time".into()) }
    }

    /// Inserts the rows of [`BATCH_ROWS`](crate::work::BATCH_ROWS) keys from this one on, as one
    /// request.
    fn batch(&self, key: i64) -> impl Future<Output = Result<()>> + Send;

    /// Writes the rows of a load with [`LOAD_CONCURRENCY`](crate::work::LOAD_CONCURRENCY), as users
    /// of this driver do it.
    fn load(&self, work: Work) -> impl Future<Output = Result<()>> + Send;

    /// Reads every row, each owning its text and its bytes.
    fn scan(&self, watch: &mut ScanWatch) -> impl Future<Output = Result<()>> + Send;

    /// Reads every row, borrowing from its page; `None` for drivers that cannot.
    fn scan_borrowed(&self, watch: &mut ScanWatch) -> impl Future<Output = Result<()>> + Send;

    /// Opens so many streams of the scan and reads them in turn, each holding its page until its
    /// turn comes again; gives how many rows came. Not every driver does.
    fn hold_streams(
        &self,
        streams: u32,
        watch: &mut StreamsWatch,
    ) -> impl Future<Output = Result<u64>> + Send {
        let _ = (streams, watch);
        async { Err("this client does not hold streams".into()) }
    }
}
