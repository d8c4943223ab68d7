//! Rows J of the adversarial inputs: what a client refuses to send, because a server would refuse
//! it, or, worse, read it as something else.

use super::*;
use crate::ProtocolVersion::{V3, V4, V5};
use crate::{Consistency, PagingState};

const VERSIONS: [ProtocolVersion; 3] = [V3, V4, V5];

fn error<R: EncodeRequest>(request: &R, version: ProtocolVersion) -> EncodeError {
    error_with(request, version, &RequestOptions::default())
}

/// The error that encoding ends with.
fn error_with<R: EncodeRequest>(
    request: &R,
    version: ProtocolVersion,
    options: &RequestOptions<'_>,
) -> EncodeError {
    encode_request(request, version, options, BytesMut::new()).unwrap_err()
}

fn none() -> QueryParameters<'static, ()> {
    QueryParameters::new(Consistency::One, &())
}

fn query<V: ?Sized>(parameters: QueryParameters<'_, V>) -> Query<'_, V> {
    Query { statement: "SELECT 1", parameters }
}

/// So many values, the first of them this.
fn values(first: &BindValue, count: usize) -> Vec<BoundValue> {
    let mut values = vec![BoundValue { name: None, value: BindValue::Null }; count];
    values[0].value = first.clone();
    values
}

#[test]
fn j_keyspace_and_now_in_seconds_are_not_left_out_below_v5() {
    for version in [V3, V4] {
        let keyspace = query(QueryParameters { keyspace: Some("ks"), ..none() });
        let now = query(QueryParameters { now_in_seconds: Some(1), ..none() });
        let prepare = Prepare { statement: "SELECT 1", keyspace: Some("ks") };
        let what = "keyspace of a request";
        let expected = EncodeError::NotInVersion { what, version };
        assert_eq!(error(&keyspace, version), expected);
        assert_eq!(error(&prepare, version), expected);
        let what = "now_in_seconds";
        assert_eq!(error(&now, version), EncodeError::NotInVersion { what, version });
    }
    assert_eq!(encoded(&query(QueryParameters { keyspace: Some("ks"), ..none() }), V5)[4], 7);
}

#[test]
fn j_a_custom_payload_is_not_left_out_on_v3() {
    let payload = CustomPayload::new();
    let options = RequestOptions { custom_payload: Some(&payload), ..Default::default() };
    let expected = EncodeError::NotInVersion { what: "custom payload", version: V3 };
    assert_eq!(error_with(&Options, V3, &options), expected);
    assert!(encode_request(&Options, V4, &options, BytesMut::new()).is_ok());
}

#[test]
fn j_an_unset_value_on_v3_would_delete_what_it_was_to_leave_alone() {
    let unset = values(&BindValue::Unset, 3);
    let what = "an unset value";
    let expected = EncodeError::NotInVersion { what, version: V3 };
    let parameters = || QueryParameters::new(Consistency::One, &unset[..]);
    assert_eq!(error(&query(parameters()), V3), expected);
    let execute = Execute { id: b"id", result_metadata_id: None, parameters: parameters() };
    assert_eq!(error(&execute, V3), expected);
    let mut statements = BatchStatements::default();
    for values in [&unset[1..], &unset[..]] {
        statements.add(BatchStatementKind::Prepared(b"id"), values, &[]).unwrap();
    }
    assert_eq!(error(&batch(&statements), V3), expected.in_batch(2));
    encode_request(&batch(&statements), V4, &Default::default(), BytesMut::new()).unwrap();
    assert!(encode_request(&query(parameters()), V4, &Default::default(), BytesMut::new()).is_ok());
}

const fn batch(statements: &BatchStatements) -> Batch<'_> {
    Batch::new(BatchType::Logged, statements, Consistency::One)
}

#[test]
fn j_the_options_of_a_batch_are_held_to_the_same() {
    let none = BatchStatements::default();
    let plain = || batch(&none);
    for version in [V3, V4] {
        assert!(matches!(
            error(&Batch { keyspace: Some("ks"), ..plain() }, version),
            EncodeError::NotInVersion { .. }
        ));
        assert!(matches!(
            error(&Batch { now_in_seconds: Some(1), ..plain() }, version),
            EncodeError::NotInVersion { .. }
        ));
    }
    let least = Batch { timestamp_micros: Some(i64::MIN), ..plain() };
    assert!(matches!(error(&least, V5), EncodeError::Invalid { what: "timestamp", .. }));
}

#[test]
fn j_named_values_in_a_batch_would_be_read_as_something_else() {
    let name = Some("k".to_owned());
    let named = [BoundValue { name, value: BindValue::Bytes(Bytes::from_static(&[0; 4])) }];
    let kind = BatchStatementKind::Query("INSERT INTO t (k) VALUES (:k)");
    let mut statements = BatchStatements::default();
    let text = statements.add(kind, &named[..], &[]).unwrap_err().to_string();
    assert!(text.starts_with("statement 1 of the batch: named values"), "{text}");
    assert!(statements.is_empty() && statements.bytes() == 0);
}

#[test]
fn j_values_of_which_some_have_names_would_go_to_other_markers() {
    let named =
        |name: Option<&str>| BoundValue { name: name.map(str::to_owned), value: BindValue::Null };
    for mixed in [[Some("k"), None], [None, Some("k")]] {
        let values = mixed.map(named);
        let mixed = query(QueryParameters::new(Consistency::One, &values[..]));
        let error = error(&mixed, V4);
        let misplaced = matches!(error, EncodeError::Value(crate::ValueError::Misplaced(_)));
        assert!(misplaced, "{error}");
    }
}

#[test]
fn j_a_page_has_at_least_one_row() {
    for page_size in [0, -1, i32::MIN] {
        for version in VERSIONS {
            let parameters = QueryParameters { page_size: Some(page_size), ..none() };
            let error = error(&query(parameters), version);
            assert!(matches!(error, EncodeError::Invalid { what: "page size", .. }), "{error}");
        }
    }
}

#[test]
fn j_the_smallest_timestamp_belongs_to_the_servers() {
    for version in VERSIONS {
        let parameters = QueryParameters { timestamp_micros: Some(i64::MIN), ..none() };
        let error = error(&query(parameters), version);
        assert!(matches!(error, EncodeError::Invalid { what: "timestamp", .. }), "{error}");
    }
}

#[test]
fn j_the_id_of_the_result_metadata_belongs_to_v5_and_is_demanded_there() {
    let execute =
        |result_metadata_id| Execute { id: b"id", result_metadata_id, parameters: none() };
    let what = "id of the result metadata";
    assert_eq!(error(&execute(None), V5), EncodeError::Missing { what, version: V5 });
    for version in [V3, V4] {
        let expected = EncodeError::NotInVersion { what, version };
        assert_eq!(error(&execute(Some(b"id")), version), expected);
    }
}

#[test]
fn j_a_query_has_nothing_to_read_rows_without_metadata_by() {
    let skipping = query(QueryParameters { skip_metadata: true, ..none() });
    let error = error(&skipping, V5);
    assert!(matches!(error, EncodeError::Invalid { what: "skipping metadata", .. }), "{error}");
}

#[test]
fn j_v5_knows_no_compression_but_lz4() {
    let snappy = Startup::new(None).with(Startup::COMPRESSION, "snappy");
    let what = "any compression but LZ4";
    assert_eq!(error(&snappy, V5), EncodeError::NotInVersion { what, version: V5 });
    assert!(encode_request(&snappy, V4, &Default::default(), BytesMut::new()).is_ok());
}

#[test]
fn j_texts_ids_and_counts_over_65535_are_refused() {
    let limit = usize::from(u16::MAX);
    let over = "x".repeat(limit + 1);
    let too_long = |what| EncodeError::TooLong { what, length: limit + 1, limit };

    let keyspace = query(QueryParameters { keyspace: Some(&over), ..none() });
    assert_eq!(error(&keyspace, V5), too_long("keyspace of a request"));
    let option = Startup::new(None).with("K", over.clone());
    assert_eq!(error(&option, V4), too_long("STARTUP option"));
    let events = vec![crate::EventKind::StatusChange; limit + 1];
    assert_eq!(error(&Register { events: &events }, V4), too_long("event types"));
    let (id, parameters) = (over.as_bytes(), none());
    let execute = Execute { id, result_metadata_id: None, parameters };
    assert_eq!(error(&execute, V4), too_long("id of a prepared statement"));

    let mut statements = BatchStatements::default();
    for _ in 0..limit {
        statements.add(BatchStatementKind::Query(""), &(), &[]).unwrap();
    }
    let one_more = statements.add(BatchStatementKind::Query(""), &(), &[]).map(<[u8]>::len);
    assert_eq!(one_more, Err(too_long("statements of a batch")));
    assert!(encode_request(&batch(&statements), V4, &Default::default(), BytesMut::new()).is_ok());

    let many = values(&BindValue::Null, limit + 1);
    let binds = query(QueryParameters::new(Consistency::One, &many[..]));
    assert_eq!(error(&binds, V4), too_long("bind values"));
    let most = query(QueryParameters::new(Consistency::One, &many[1..]));
    assert!(encode_request(&most, V4, &Default::default(), BytesMut::new()).is_ok());
}

#[test]
fn j_a_value_over_two_gibibytes_is_refused_before_it_is_copied() {
    // Nobody touches these pages, so they cost nothing.
    let value = BindValue::Bytes(Bytes::from(vec![0; 1 << 31]));
    let huge = values(&value, 1);
    let parameters = QueryParameters::new(Consistency::One, &huge[..]);
    let expected = crate::ValueError::TooLong { length: 1 << 31, limit: (1 << 31) - 1 };
    assert_eq!(error(&query(parameters), V4), EncodeError::Value(expected));
    let BindValue::Bytes(value) = value else { panic!("no bytes") };
    let token = AuthResponse { token: &value };
    let what = "authentication token";
    let expected = EncodeError::TooLong { what, length: 1 << 31, limit: (1 << 31) - 1 };
    assert_eq!(error(&token, V4), expected);
}

#[test]
fn j_a_request_over_the_configured_limit_is_refused() {
    let statement = "x".repeat(100);
    let query = Query { statement: &statement, parameters: none() };
    let body = 4 + 100 + 2 + 1;
    let options = |limit| RequestOptions { max_body_bytes: Some(limit), ..Default::default() };
    assert!(encode_request(&query, V4, &options(body), BytesMut::new()).is_ok());
    let what = "body of an envelope";
    let expected = EncodeError::TooLong { what, length: body, limit: body - 1 };
    assert_eq!(error_with(&query, V4, &options(body - 1)), expected);
}

#[test]
fn j_an_authentication_token_is_never_null() {
    let empty = encoded(&AuthResponse { token: b"" }, V4);
    assert_eq!(empty[HEADER_LEN..], [0; 4]);
}

#[test]
fn what_could_not_be_encoded_leaves_nothing_behind() {
    let state = PagingState::new(b"state");
    let parameters =
        QueryParameters { paging_state: Some(&state), timestamp_micros: Some(i64::MIN), ..none() };
    let mut out = BytesMut::from(&b"before"[..]);
    let (direction, opcode) = (Direction::Request, Opcode::Query);
    let (flags, stream) = (EnvelopeFlags::NONE, StreamId::new(1));
    let header = EnvelopeHeader { version: V4, direction, flags, stream, opcode, length: 0 };
    let body = |out: &mut BytesMut| query(parameters).encode_body(V4, out);
    assert!(write_envelope(&mut out, header, None, None, body).is_err());
    assert_eq!(out, b"before"[..]);
}
