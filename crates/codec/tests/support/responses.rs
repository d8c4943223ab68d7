//! Any response of any version.

use cqlwire_codec::ProtocolVersion::{self, V3, V4, V5};
use cqlwire_codec::{
    BindMetadata, Decoded, ErrorCode, Event, Failures, PagingState, Prefixes, Prepared, Replicas,
    Response, ResultResponse, Rows, RowsMetadata, SchemaChange, SchemaChangeKind, SchemaTarget,
    ServerError, ServerErrorDetail, StatusChange, Supported, TopologyChange, WriteType,
};
use proptest::option::of;
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

use super::columns::columns;
use super::requests::consistency;
use super::{bytes, payload, since, text};

/// Any response that this version can say, with all that may come with it.
pub(crate) fn responses(version: ProtocolVersion) -> BoxedStrategy<Decoded> {
    let tracing_id = of(any::<[u8; 16]>().prop_map(uuid::Uuid::from_bytes));
    let warnings = since(version, V4, prop::collection::vec(text(), 1..4));
    (tracing_id, warnings, payload(version), response(version))
        .prop_map(|(tracing_id, warnings, custom_payload, response)| Decoded {
            prefixes: Prefixes::new(tracing_id, warnings.unwrap_or_default(), custom_payload),
            response,
        })
        .boxed()
}

fn response(version: ProtocolVersion) -> BoxedStrategy<Response> {
    let options = prop::collection::vec(text(), 0..4);
    let supported = prop::collection::btree_map(text(), options, 0..4);
    prop_oneof![
        4 => error(version).prop_map(|error| Response::Error(Box::new(error))),
        1 => Just(Response::Ready),
        1 => text().prop_map(|authenticator| Response::Authenticate { authenticator }),
        1 => supported.prop_map(|options| Response::Supported(Supported::new(options))),
        4 => result(version).prop_map(Response::Result),
        2 => event(version).prop_map(Response::Event),
        1 => of(bytes()).prop_map(Response::AuthChallenge),
        1 => of(bytes()).prop_map(Response::AuthSuccess),
    ]
    .boxed()
}

fn error(version: ProtocolVersion) -> impl Strategy<Value = ServerError> {
    let bare = any::<i32>().prop_map(ErrorCode::from_code).prop_filter("a bare one", |code| {
        !matches!(code.code(), 0x1000 | 0x1100..=0x1500 | 0x1700 | 0x2400 | 0x2500)
    });
    let bare = bare.prop_map(|code| (code, ServerErrorDetail::None));
    (prop_oneof![1 => bare, 9 => detail(version)], text())
        .prop_filter("of this version", move |((code, _), _)| code.since() <= version)
        .prop_map(|((code, detail), message)| ServerError { code, message, detail })
}

fn detail(version: ProtocolVersion) -> BoxedStrategy<(ErrorCode, ServerErrorDetail)> {
    use ServerErrorDetail as D;
    let unavailable = replicas().prop_map(|replicas| {
        let Replicas { consistency, received: required, required: alive } = replicas;
        (ErrorCode::Unavailable, D::Unavailable { consistency, required, alive })
    });
    let write_timeout = (replicas(), write_type(), since(version, V5, any::<u16>())).prop_map(
        |(replicas, write_type, contentions)| {
            let contentions = contentions.filter(|_| write_type == WriteType::Cas);
            (ErrorCode::WriteTimeout, D::WriteTimeout { replicas, write_type, contentions })
        },
    );
    let read_timeout = (replicas(), any::<bool>()).prop_map(|(replicas, data_present)| {
        (ErrorCode::ReadTimeout, D::ReadTimeout { replicas, data_present })
    });
    let read_failure = (replicas(), failures(version), any::<bool>()).prop_map(
        |(replicas, failures, data_present)| {
            (ErrorCode::ReadFailure, D::ReadFailure { replicas, failures, data_present })
        },
    );
    let write_failure = (replicas(), failures(version), write_type()).prop_map(
        |(replicas, failures, write_type)| {
            (ErrorCode::WriteFailure, D::WriteFailure { replicas, failures, write_type })
        },
    );
    let function = (text(), text(), prop::collection::vec(text(), 0..3)).prop_map(
        |(keyspace, function, arguments)| {
            (ErrorCode::FunctionFailure, D::FunctionFailure { keyspace, function, arguments })
        },
    );
    let unknown = replicas()
        .prop_map(|replicas| (ErrorCode::CasWriteUnknown, D::CasWriteUnknown { replicas }));
    let exists = (text(), of("[a-z]{1,9}")).prop_map(|(keyspace, table)| {
        (ErrorCode::AlreadyExists, D::AlreadyExists { keyspace, table })
    });
    let unprepared = bytes().prop_map(|id| (ErrorCode::Unprepared, D::Unprepared { id }));
    prop_oneof![
        unavailable,
        write_timeout,
        read_timeout,
        read_failure,
        write_failure,
        function,
        unknown,
        exists,
        unprepared
    ]
    .boxed()
}

fn replicas() -> impl Strategy<Value = Replicas> {
    (consistency(), any::<i32>(), any::<i32>())
        .prop_map(|(consistency, received, required)| Replicas { consistency, received, required })
}

fn failures(version: ProtocolVersion) -> BoxedStrategy<Failures> {
    if version < V5 {
        return any::<i32>().prop_map(|count| Failures { count, reasons: Vec::new() }).boxed();
    }
    let reasons = prop::collection::vec((any::<IpAddr>(), any::<u16>()), 0..4);
    let counted =
        |reasons: Vec<_>| Failures { count: i32::try_from(reasons.len()).unwrap(), reasons };
    reasons.prop_map(counted).boxed()
}

fn write_type() -> impl Strategy<Value = WriteType> {
    let known = prop::sample::select(vec![
        "SIMPLE",
        "BATCH",
        "UNLOGGED_BATCH",
        "COUNTER",
        "BATCH_LOG",
        "CAS",
        "VIEW",
        "CDC",
        "NEWER",
    ]);
    known.prop_map(WriteType::from)
}

fn result(version: ProtocolVersion) -> BoxedStrategy<ResultResponse> {
    prop_oneof![
        Just(ResultResponse::Void),
        rows(version).prop_map(ResultResponse::Rows),
        text().prop_map(ResultResponse::SetKeyspace),
        prepared(version).prop_map(|prepared| ResultResponse::Prepared(Box::new(prepared))),
        schema_change(version).prop_map(ResultResponse::SchemaChange),
    ]
    .boxed()
}

fn metadata(version: ProtocolVersion) -> impl Strategy<Value = RowsMetadata> {
    let state = of(bytes().prop_filter("a state", |state| !state.is_empty()));
    (of(columns()), 0..6_usize, state, since(version, V5, bytes())).prop_map(
        |(columns, count, state, new_id)| RowsMetadata {
            column_count: columns.as_ref().map_or(count, |columns| columns.len()),
            paging_state: state.map(|state| PagingState::new(&state)),
            new_metadata_id: new_id.filter(|_| columns.is_some()),
            columns,
        },
    )
}

fn rows(version: ProtocolVersion) -> impl Strategy<Value = Rows> {
    (metadata(version), 0..5_u32, bytes()).prop_map(|(metadata, row_count, more)| {
        let cells = metadata.column_count.max(1) * usize::try_from(row_count).unwrap();
        let content = [&vec![0xFF; cells * 4][..], &more].concat();
        Rows { metadata, row_count, content: content.into() }
    })
}

fn prepared(version: ProtocolVersion) -> impl Strategy<Value = Prepared> {
    let key = prop::collection::vec(any::<u16>(), 0..4);
    (bytes(), bytes(), columns(), key, metadata(version)).prop_map(
        move |(id, metadata_id, columns, key, result)| Prepared {
            id,
            result_metadata_id: (version == V5).then_some(metadata_id),
            bind: BindMetadata {
                partition_key: if version == V3 { Vec::new() } else { among(&columns, key) },
                columns,
            },
            result,
        },
    )
}

/// Different markers among these.
fn among<T>(columns: &[T], key: Vec<u16>) -> Vec<u16> {
    let mut distinct: Vec<u16> = Vec::new();
    let count = u16::try_from(columns.len()).unwrap();
    for index in key.into_iter().filter_map(|index| index.checked_rem(count)) {
        if !distinct.contains(&index) {
            distinct.push(index);
        }
    }
    distinct
}

fn schema_change(version: ProtocolVersion) -> impl Strategy<Value = SchemaChange> {
    use SchemaTarget as T;
    let kind = prop::sample::select(vec![
        SchemaChangeKind::Created,
        SchemaChangeKind::Updated,
        SchemaChangeKind::Dropped,
        SchemaChangeKind::Other("NEWER".to_owned()),
    ]);
    let arguments = || prop::collection::vec(text(), 0..3);
    let target = prop_oneof![
        Just(T::Keyspace),
        text().prop_map(T::Table),
        text().prop_map(T::Type),
        (text(), arguments()).prop_map(|(name, arguments)| T::Function(name, arguments)),
        (text(), arguments()).prop_map(|(name, arguments)| T::Aggregate(name, arguments)),
        Just(T::Other("NEWER".to_owned())),
    ];
    let target = target.prop_filter("of this version", move |target| {
        version >= V4 || !matches!(target, T::Function(..) | T::Aggregate(..))
    });
    (kind, target, text()).prop_map(|(kind, target, keyspace)| SchemaChange {
        kind,
        target,
        keyspace,
    })
}

fn event(version: ProtocolVersion) -> impl Strategy<Value = Event> {
    let topology = prop::sample::select(vec![
        TopologyChange::NewNode,
        TopologyChange::RemovedNode,
        TopologyChange::MovedNode,
        TopologyChange::Other("NEWER".to_owned()),
    ]);
    let status = prop::sample::select(vec![
        StatusChange::Up,
        StatusChange::Down,
        StatusChange::Other("NEWER".to_owned()),
    ]);
    prop_oneof![
        (topology, address())
            .prop_map(|(change, address)| { Event::TopologyChange { change, address } }),
        (status, address()).prop_map(|(change, address)| Event::StatusChange { change, address }),
        schema_change(version).prop_map(Event::SchemaChange),
        Just(Event::Other("NEWER".to_owned())),
    ]
}

fn address() -> impl Strategy<Value = SocketAddr> {
    (any::<IpAddr>(), 1..=u16::MAX).prop_map(SocketAddr::from)
}
