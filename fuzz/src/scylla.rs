//! `scylla-cql` reads what this codec reads, and reads the same.
//!
//! It speaks v4. It is asked only about bodies that were accepted here: it nests types without a
//! limit and makes room for whatever number is declared. Where it refuses what is accepted here
//! (unknown events, texts that are not UTF-8, details of errors that are cut off), there is nothing
//! to compare.

mod cells;
mod types;

use bytes::Bytes;
use cqlwire_codec::{
    BindMetadata, ColumnSpec, Compression, DecoderSettings, Envelope, EnvelopeDecoder,
    EnvelopeFlags, ProtocolVersion, Response, ResultResponse, ServerErrorDetail, decode_response,
};
use scylla_cql::frame::protocol_features::ProtocolFeatures;
use scylla_cql::frame::response::error::DbError;
use scylla_cql::frame::response::result::Result as TheirResult;
use scylla_cql::frame::response::{Response as Theirs, ResponseOpcode};
use scylla_cql::frame::{Compression as TheirCompression, parse_response_body_extensions};

use crate::input::Input;
use crate::responses;

/// Compression; then as for [`responses`], whose version is not used.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let compression = input.compression();
    let mut envelope = responses::envelope(&mut input);
    envelope.header.version = ProtocolVersion::V4;
    if let Some(compression) = compression {
        let Some(plain) = decompressed(&envelope, compression) else { return };
        envelope = plain;
    }
    let Ok(ours) = decode_response(&envelope) else { return };
    let flags = envelope.header.flags.bits();
    let body = envelope.body.clone();
    let Ok(theirs) = parse_response_body_extensions(flags, None, body) else { return };
    assert_eq!(theirs.trace_id, ours.prefixes.tracing_id());
    assert_eq!(theirs.warnings, ours.prefixes.warnings());
    let payload =
        theirs.custom_payload.map(|map| map.into_iter().map(|(k, v)| (k, Some(v))).collect());
    assert_eq!(payload.as_ref(), ours.prefixes.custom_payload());
    if !types::all_known(&ours.response) || names_the_old_date(&envelope.body) {
        return;
    }
    let opcode = ResponseOpcode::try_from(envelope.header.opcode.byte()).expect("a response");
    let features = ProtocolFeatures::default();
    if let Ok(theirs) = Theirs::deserialize(&features, opcode, theirs.body, None) {
        same(&ours.response, theirs);
    }
}

/// Whether `DateType` stands there: the class of timestamps before Cassandra 1.2, and to them that of
/// dates.
fn names_the_old_date(body: &[u8]) -> bool {
    let class = b"DateType";
    let named = |(at, text)| text == class && !body[..at].ends_with(b"Simple");
    body.windows(class.len()).enumerate().any(named)
}

/// The envelope with its body decompressed, by both.
fn decompressed(envelope: &Envelope, compression: Compression) -> Option<Envelope> {
    let mut header = envelope.header;
    header.flags |= EnvelopeFlags::COMPRESSED;
    let bytes = [&header.encode()[..], &envelope.body].concat();
    let settings = DecoderSettings { compression: Some(compression), ..DecoderSettings::default() };
    let plain = EnvelopeDecoder::new(settings).decode(&mut bytes[..].into()).ok()??;
    let theirs = match compression {
        Compression::Lz4 => TheirCompression::Lz4,
        _ => TheirCompression::Snappy,
    };
    // An empty body compresses to nothing that they would call a block.
    if !plain.body.is_empty() {
        let theirs = scylla_cql::frame::decompress(&envelope.body, theirs).expect("it was here");
        assert_eq!(theirs, plain.body);
    }
    Some(plain)
}

fn same(ours: &Response, theirs: Theirs) {
    match (ours, theirs) {
        (Response::Ready, Theirs::Ready) => {}
        (Response::Error(ours), Theirs::Error(theirs)) => {
            assert_eq!(theirs.reason, ours.message);
            assert_eq!(theirs.error.code(&ProtocolFeatures::default()), ours.code.code());
            same_detail(&ours.detail, &theirs.error);
        }
        (Response::Authenticate { authenticator }, Theirs::Authenticate(theirs)) => {
            assert_eq!(&theirs.authenticator_name, authenticator);
        }
        (Response::AuthSuccess(ours), Theirs::AuthSuccess(theirs)) => {
            assert_eq!(theirs.success_message.as_deref(), ours.as_deref());
        }
        (Response::AuthChallenge(ours), Theirs::AuthChallenge(theirs)) => {
            assert_eq!(theirs.authenticate_message.as_deref(), ours.as_deref());
        }
        (Response::Supported(ours), Theirs::Supported(theirs)) => {
            assert_eq!(
                &theirs.options.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
                ours.all()
            );
        }
        (Response::Event(ours), Theirs::Event(theirs)) => {
            types::same_event(ours, &theirs);
        }
        (Response::Result(ours), Theirs::Result(theirs)) => same_result(ours, theirs),
        (ours, theirs) => panic!("{ours:?} is {theirs:?} for them"),
    }
}

fn same_detail(ours: &ServerErrorDetail, theirs: &DbError) {
    match (ours, theirs) {
        (
            ServerErrorDetail::Unavailable { consistency, required, alive },
            DbError::Unavailable { consistency: c, required: r, alive: a },
        ) => assert_eq!((consistency.code(), required, alive), (*c as u16, r, a)),
        (
            ServerErrorDetail::ReadTimeout { replicas, data_present },
            DbError::ReadTimeout { consistency, received, required, data_present: d },
        ) => assert_eq!(
            (replicas.consistency.code(), &replicas.received, &replicas.required, data_present),
            (*consistency as u16, received, required, d)
        ),
        (
            ServerErrorDetail::WriteTimeout { replicas, write_type, .. },
            DbError::WriteTimeout { consistency, received, required, write_type: w },
        ) => assert_eq!(
            (
                replicas.consistency.code(),
                &replicas.received,
                &replicas.required,
                write_type.as_str()
            ),
            (*consistency as u16, received, required, w.as_str())
        ),
        (
            ServerErrorDetail::ReadFailure { replicas, failures, data_present },
            DbError::ReadFailure { received, required, numfailures, data_present: d, .. },
        ) => assert_eq!(
            (&replicas.received, &replicas.required, &failures.count, data_present),
            (received, required, numfailures, d)
        ),
        (
            ServerErrorDetail::WriteFailure { replicas, failures, write_type },
            DbError::WriteFailure { received, required, numfailures, write_type: w, .. },
        ) => assert_eq!(
            (&replicas.received, &replicas.required, &failures.count, write_type.as_str()),
            (received, required, numfailures, w.as_str())
        ),
        (
            ServerErrorDetail::FunctionFailure { keyspace, function, arguments },
            DbError::FunctionFailure { keyspace: k, function: f, arg_types },
        ) => assert_eq!((keyspace, function, arguments), (k, f, arg_types)),
        (
            ServerErrorDetail::AlreadyExists { keyspace, table },
            DbError::AlreadyExists { keyspace: k, table: t },
        ) => assert_eq!((keyspace, table.as_deref().unwrap_or_default()), (k, &**t)),
        (ServerErrorDetail::Unprepared { id }, DbError::Unprepared { statement_id }) => {
            assert_eq!(id, statement_id);
        }
        (ServerErrorDetail::CasWriteUnknown { .. } | ServerErrorDetail::None, _) => {}
        (ours, theirs) => panic!("{ours:?} is {theirs:?} for them"),
    }
}

fn same_result(ours: &ResultResponse, theirs: TheirResult) {
    match (ours, theirs) {
        (ResultResponse::Void, TheirResult::Void) => {}
        (ResultResponse::SetKeyspace(ours), TheirResult::SetKeyspace(theirs)) => {
            assert_eq!(&theirs.keyspace_name, ours);
        }
        (ResultResponse::SchemaChange(ours), TheirResult::SchemaChange(theirs)) => {
            types::same_schema_change(ours, &theirs.event);
        }
        (ResultResponse::Prepared(ours), TheirResult::Prepared(theirs)) => {
            assert_eq!(theirs.id, ours.id);
            let columns: Vec<_> =
                theirs.prepared_metadata.col_specs.iter().map(types::column).collect();
            assert_eq!(columns[..], ours.bind.columns[..]);
            let key = &theirs.prepared_metadata.pk_indexes;
            let key = key.iter().map(|index| (index.sequence, index.index)).collect::<Vec<_>>();
            same_partition_key(&ours.bind, &key);
            let result = theirs.result_metadata.col_specs();
            same_columns(ours.result.columns.as_deref(), result);
        }
        (ResultResponse::Rows(ours), TheirResult::Rows((theirs, paging))) => {
            let paging = paging.into_paging_control_flow();
            let state = match &paging {
                std::ops::ControlFlow::Continue(state) => {
                    state.as_bytes_slice().map(|state| Bytes::copy_from_slice(state))
                }
                std::ops::ControlFlow::Break(()) => None,
            };
            let our_state = ours.metadata.paging_state.as_ref();
            assert_eq!(state.as_deref(), our_state.map(|state| state.as_bytes()));
            // They do not know the alias of text, 0x0A, that servers reserve and never send.
            let Ok(theirs) = theirs.deserialize_metadata() else { return };
            assert_eq!(theirs.rows_count(), usize::try_from(ours.row_count).expect("a small page"));
            assert_eq!(theirs.raw_rows(), &ours.content);
            same_columns(ours.metadata.columns.as_deref(), theirs.metadata().col_specs());
            if ours.metadata.columns.is_some() {
                cells::same_cells(ours, &theirs);
            }
        }
        (ours, theirs) => panic!("{ours:?} is {theirs:?} for them"),
    }
}

/// They keep an index that names no marker; we have no key then, as nothing can be routed by it.
fn same_partition_key(ours: &BindMetadata, theirs: &[(u16, u16)]) {
    let markers = ours.columns.len();
    if theirs.iter().any(|(_, index)| usize::from(*index) >= markers) {
        assert!(ours.partition_key.is_empty());
        return;
    }
    let mut key = vec![0; ours.partition_key.len()];
    for (sequence, index) in theirs {
        key[usize::from(*sequence)] = *index;
    }
    assert_eq!(key, ours.partition_key);
}

fn same_columns(
    ours: Option<&[ColumnSpec]>,
    theirs: &[scylla_cql::frame::response::result::ColumnSpec<'_>],
) {
    let theirs: Vec<_> = theirs.iter().map(types::column).collect();
    assert_eq!(theirs[..], *ours.unwrap_or_default());
}
