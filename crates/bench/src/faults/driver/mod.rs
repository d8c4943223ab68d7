//! The drivers, each behind the same three requests, and none of them helped.

#[cfg(feature = "peers")]
mod cdrs;
mod cqlwire;
#[cfg(feature = "peers")]
mod scylla;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

#[cfg(feature = "peers")]
pub(super) use self::cdrs::Cdrs;
pub(super) use self::cqlwire::Cqlwire;
#[cfg(feature = "peers")]
pub(super) use self::scylla::Scylla;
use super::process::Task;
use crate::Result;

/// Who is asked.
#[derive(
    Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// This project.
    Cqlwire,
    /// The `scylla` crate.
    #[cfg(feature = "peers")]
    Scylla,
    /// The `cdrs-tokio` crate.
    #[cfg(feature = "peers")]
    CdrsTokio,
}

impl Kind {
    /// Its name in reports and on the command line, which is that of its package.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cqlwire => "cqlwire",
            #[cfg(feature = "peers")]
            Self::Scylla => "scylla",
            #[cfg(feature = "peers")]
            Self::CdrsTokio => "cdrs-tokio",
        }
    }

    /// Does it reach hosts at other addresses than those that they tell of each other?
    pub(super) const fn translates(self) -> bool {
        match self {
            Self::Cqlwire => true,
            #[cfg(feature = "peers")]
            Self::Scylla => true,
            #[cfg(feature = "peers")]
            Self::CdrsTokio => false,
        }
    }

    /// Is it among the few of a quick run?
    pub(super) const fn is_quick(self) -> bool {
        self.translates()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In a few words, which many failures share.
    pub kind: String,
    /// All that the driver says.
    pub text: String,
}

impl Failure {
    /// A failure of this kind.
    pub(super) fn new(kind: impl Into<String>, text: impl fmt::Display) -> Self {
        Self { kind: kind.into(), text: text.to_string() }
    }
}

/// What a request came to: who answered, if the driver tells.
pub type Outcome = std::result::Result<Option<SocketAddr>, Failure>;

/// A driver, connected, with its statements prepared.
pub trait Driver: Send + Sync + Sized + 'static {
    /// Connects, and prepares.
    fn connect(task: &Task) -> impl Future<Output = Result<Self>> + Send;

    /// Reads the row of this id, and checks it. Idempotent.
    fn read(&self, id: i64) -> impl Future<Output = Outcome> + Send;

    /// Inserts the row of this id. Idempotent.
    fn write(&self, id: i64) -> impl Future<Output = Outcome> + Send;

    /// Appends this id to its own list. Not idempotent, and the driver is not told that it was.
    fn append(&self, id: i64) -> impl Future<Output = Outcome> + Send;

    /// How often it has told a host a statement that it did not know any more, if it counts.
    fn taught(&self) -> Option<u64> {
        None
    }
}

/// What is wrong with an answer, if anything is.
pub(super) fn checked(id: i64, found: Option<(i64, &str)>, by: Option<SocketAddr>) -> Outcome {
    match found {
        Some((own, name)) if own == id && name == crate::work::NAME => Ok(by),
        Some(_) => Err(Failure::new("wrong answer", format!("another row than {id}"))),
        None => Err(Failure::new("wrong answer", format!("row {id} is missing"))),
    }
}
