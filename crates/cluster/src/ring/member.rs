//! One host of those that a ring is made of.

use cqlwire_codec::Token;

/// One host, as the ring sees it.
#[derive(Copy, Clone, Debug)]
pub struct Member<'a> {
    /// Its data center.
    pub data_center: &'a str,
    /// Its rack.
    pub rack: &'a str,
    /// Where it sits on the ring: nowhere, if it is joining, or holds no data.
    pub tokens: &'a [Token],
}
