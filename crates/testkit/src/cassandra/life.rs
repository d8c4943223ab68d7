//! For how long a cluster is started.

/// How long a cluster is to live.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// As long as a test: it begins without the data of an earlier start.
    OfATest,
    /// Until somebody stops it, with data that it finds again.
    Long,
}
