//! Any request of any version.

use cqlwire_codec::ProtocolVersion::{self, V4, V5};
use cqlwire_codec::request::{
    BatchType, BindValue, BoundValue, DecodedBatch, DecodedBatchStatement, DecodedParameters,
    DecodedStatement, RequestMessage,
};
use cqlwire_codec::{Consistency, EventKind, PagingState, SerialConsistency};
use proptest::option::of;
use proptest::prelude::*;

use super::{bytes, since, text};

/// Any request that this version can say.
pub(crate) fn requests(version: ProtocolVersion) -> BoxedStrategy<RequestMessage> {
    let startup = prop::collection::btree_map("[A-Z_]{1,20}", text(), 0..4)
        .prop_filter("no compression unheard of", |options| !options.contains_key("COMPRESSION"));
    prop_oneof![
        startup.prop_map(RequestMessage::Startup),
        Just(RequestMessage::Options),
        prop::collection::vec(event_kind(), 0..4).prop_map(RequestMessage::Register),
        bytes().prop_map(|token| RequestMessage::AuthResponse(Some(token))),
        query(version),
        (text(), since(version, V5, text()))
            .prop_map(|(statement, keyspace)| { RequestMessage::Prepare { statement, keyspace } }),
        execute(version),
        batch(version),
    ]
    .boxed()
}

fn event_kind() -> impl Strategy<Value = EventKind> {
    let known = prop::sample::select(vec!["TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"]);
    prop_oneof![known.prop_map(EventKind::from), text().prop_map(|name| (&*name).into())]
}

fn query(version: ProtocolVersion) -> impl Strategy<Value = RequestMessage> {
    (text(), parameters(version)).prop_map(|(statement, mut parameters)| {
        parameters.skip_metadata = false;
        RequestMessage::Query { statement, parameters }
    })
}

fn execute(version: ProtocolVersion) -> impl Strategy<Value = RequestMessage> {
    (bytes(), bytes(), parameters(version)).prop_map(move |(id, metadata_id, parameters)| {
        let result_metadata_id = (version == V5).then_some(metadata_id);
        RequestMessage::Execute { id, result_metadata_id, parameters }
    })
}

fn batch(version: ProtocolVersion) -> impl Strategy<Value = RequestMessage> {
    let statement = prop_oneof![
        text().prop_map(DecodedStatement::Query),
        bytes().prop_map(DecodedStatement::Prepared)
    ];
    let statement = (statement, values(version, false))
        .prop_map(|(statement, values)| DecodedBatchStatement { statement, values });
    let batch_type =
        prop::sample::select(vec![BatchType::Logged, BatchType::Unlogged, BatchType::Counter]);
    let statements = prop::collection::vec(statement, 0..5);
    (batch_type, statements, consistency(), tail(version)).prop_map(
        |(batch_type, statements, consistency, tail)| {
            let (serial_consistency, timestamp_micros, keyspace, now_in_seconds) = tail;
            RequestMessage::Batch(DecodedBatch {
                batch_type,
                statements,
                consistency,
                serial_consistency,
                timestamp_micros,
                keyspace,
                now_in_seconds,
            })
        },
    )
}

fn parameters(version: ProtocolVersion) -> impl Strategy<Value = DecodedParameters> {
    let values = prop_oneof![values(version, false), values(version, true)];
    let paging = (of(1..=i32::MAX), of(bytes().prop_map(|state| PagingState::new(&state))));
    (consistency(), values, any::<bool>(), paging, tail(version)).prop_map(
        |(consistency, values, skip_metadata, (page_size, paging_state), tail)| {
            let (serial_consistency, timestamp_micros, keyspace, now_in_seconds) = tail;
            DecodedParameters {
                consistency,
                values,
                skip_metadata,
                page_size,
                paging_state,
                serial_consistency,
                timestamp_micros,
                keyspace,
                now_in_seconds,
            }
        },
    )
}

type Tail = (Option<SerialConsistency>, Option<i64>, Option<String>, Option<i32>);

fn tail(version: ProtocolVersion) -> impl Strategy<Value = Tail> {
    let serial =
        prop::sample::select(vec![SerialConsistency::Serial, SerialConsistency::LocalSerial]);
    let timestamp = i64::MIN + 1..=i64::MAX;
    let now = since(version, V5, any::<i32>());
    (of(serial), of(timestamp), since(version, V5, text()), now)
}

fn values(version: ProtocolVersion, named: bool) -> impl Strategy<Value = Vec<BoundValue>> {
    let value = prop_oneof![
        8 => bytes().prop_map(BindValue::Bytes),
        1 => Just(BindValue::Null),
        1 => Just(if version < V4 { BindValue::Null } else { BindValue::Unset }),
    ];
    let bound = (text(), value)
        .prop_map(move |(name, value)| BoundValue { name: named.then_some(name), value });
    prop::collection::vec(bound, 0..6)
}

/// Any level, of those without a name too.
pub(crate) fn consistency() -> impl Strategy<Value = Consistency> {
    prop_oneof![9 => 0_u16..=0xA, 1 => any::<u16>()].prop_map(Consistency::from_code)
}
