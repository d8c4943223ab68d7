//! What a session has counted, for the systems that collect figures.
//!
//! ```text
//!   Session::metrics --> families: names, help, labels --+--> prometheus, at each scrape
//!                                                        +--> opentelemetry, at each collection
//! ```
//!
//! Both read a snapshot when they are asked: no request knows of them. Neither keeps its session open:
//! once that is gone there are no figures any more.
//!
//! The names follow from those of the figures in [`Metrics`](crate::Metrics), and what is said of each
//! is its documentation, so that none is left out or described otherwise.

#[cfg(feature = "prometheus")]
mod buckets;
#[cfg(feature = "opentelemetry")]
mod duration;
mod families;
mod family;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
#[cfg(feature = "prometheus")]
mod prometheus;

#[cfg(feature = "opentelemetry")]
pub use self::duration::OperationDuration;
#[cfg(feature = "opentelemetry")]
pub use self::opentelemetry::{observe, observe_with};
#[cfg(feature = "prometheus")]
pub use self::prometheus::SessionCollector;
