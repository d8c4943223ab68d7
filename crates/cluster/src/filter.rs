//! Which hosts may get requests.

use std::fmt;

use crate::HostDescription;

/// Says which hosts may get requests, and connections. Called whenever the hosts are listed anew,
/// on the task that does it: it should not block. One that panics about a host has said no.
pub trait HostFilter: fmt::Debug + Send + Sync + 'static {
    /// May this host get requests?
    fn accepts(&self, host: &HostDescription) -> bool;
}
