//! When a request is sent again: who decides, how long it waits, and how many of them there may be.
//!
//! ```text
//!   failed attempt --> may it be sent twice? --no--> the error
//!                              | yes
//!                              v
//!                         RetryPolicy --> budget of the session --> pause, within the deadline --> again
//! ```
//!
//! Whether a request may be sent twice at all is not a matter of policy: `attempt/decide.rs`.

mod budget;
mod default;
mod downgrading;
mod never;
mod policy;
mod session;
mod settings;

pub(crate) use self::budget::Bucket;
pub use self::default::DefaultRetryPolicy;
pub use self::downgrading::DowngradingRetryPolicy;
pub use self::never::NeverRetry;
pub(crate) use self::policy::ask;
pub use self::policy::{FailedAttempt, RetryPolicy, RetryVerdict};
pub(crate) use self::session::Retries;
pub use self::session::RetryTotals;
pub use self::settings::{RetryBudget, RetrySettings};
