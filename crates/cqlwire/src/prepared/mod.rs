//! Prepared statements: the handles that users hold, what is known of each on every host, and the
//! cache that all of a session are in.

mod cache;
mod inner;
mod key;
mod known;
mod metadata;
mod named;
mod origin;
mod statement;
mod totals;
mod turnover;

pub(crate) use self::cache::{Asked, Cache, Preparation};
pub(crate) use self::key::{PreparedBy, StatementKey};
pub(crate) use self::known::MetadataHandle;
#[cfg(test)]
pub(crate) use self::metadata::ResultMetadata;
pub(crate) use self::metadata::StatementMetadata;
pub(crate) use self::named::Named;
pub use self::named::StatementMetrics;
pub(crate) use self::origin::Origin;
pub use self::statement::PreparedStatement;
pub use self::totals::PreparedTotals;
