//! What several tests of the codec share.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod columns;
pub(crate) mod encode;
pub(crate) mod requests;
pub(crate) mod responses;

use cqlwire_codec::ProtocolVersion;
use proptest::prelude::*;

/// Every version.
pub(crate) fn versions() -> impl Strategy<Value = ProtocolVersion> {
    prop_oneof![Just(ProtocolVersion::V3), Just(ProtocolVersion::V4), Just(ProtocolVersion::V5)]
}

/// A text as names and statements are: mostly short, of any characters.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-z_]{0,12}", 2 => "\\PC{0,12}", 1 => Just("x".repeat(65_535))]
}

/// Bytes as ids and values are.
pub(crate) fn bytes() -> impl Strategy<Value = bytes::Bytes> {
    let short = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![9 => short, 1 => Just(vec![0xA5; 65_535])].prop_map(bytes::Bytes::from)
}

/// A custom payload, where the version has them.
pub(crate) fn payload(
    version: ProtocolVersion,
) -> impl Strategy<Value = Option<cqlwire_codec::CustomPayload>> {
    let some = prop::collection::btree_map(text(), prop::option::of(bytes()), 0..4);
    since(version, ProtocolVersion::V4, some)
}

/// Something that versions before `first` do not have.
pub(crate) fn since<T: Clone + std::fmt::Debug + 'static>(
    version: ProtocolVersion,
    first: ProtocolVersion,
    strategy: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    if version < first { Just(None).boxed() } else { prop::option::of(strategy).boxed() }
}
