//! Rows F of the adversarial inputs: RESULT.

use std::sync::Arc;

use super::*;
use crate::types::{ColumnSpec, ColumnType};
use crate::{PagingState, RowIter, ValueError};

const GLOBAL_TABLE: i32 = 0x1;
const MORE_PAGES: i32 = 0x2;
const NO_METADATA: i32 = 0x4;
const METADATA_CHANGED: i32 = 0x8;

/// A RESULT of rows, from its flags on.
fn rows(parts: &[&[u8]]) -> Result<Rows, DecodeError> {
    let body = [&ints(&[2])[..], &parts.concat()].concat();
    decode_body(Opcode::Result, &body).map(|response| match response {
        Response::Result(ResultResponse::Rows(rows)) => rows,
        other => panic!("no rows: {other:?}"),
    })
}

/// One column `k.t.c` of this type, and no rows.
fn one_column(option: &[u8]) -> Result<ColumnSpec, DecodeError> {
    let table = [string("k"), string("t"), string("c")].concat();
    let rows = rows(&[&ints(&[GLOBAL_TABLE, 1]), &table, option, &ints(&[0])])?;
    Ok(rows.metadata.columns.unwrap()[0].clone())
}

#[test]
fn f1_an_unknown_kind_of_result_is_an_error_of_the_request() {
    assert!(decode_body(Opcode::Result, &ints(&[6])).is_err());
}

#[test]
fn f2_f3_f4_f5_counts_that_cannot_be_are_refused_before_anything_is_made_for_them() {
    for (columns, rows) in
        [(-1, 0), (1, -1), (i32::MAX, i32::MAX), (0, i32::MAX), (1, 1), (i32::MAX, 1)]
    {
        let body = ints(&[2, NO_METADATA, columns, rows]);
        assert!(decode_body(Opcode::Result, &body).is_err(), "{columns} columns, {rows} rows");
    }
    let declared = ints(&[2, GLOBAL_TABLE, i32::MAX, 0, 0]);
    assert!(decode_body(Opcode::Result, &declared).is_err(), "columns that are not there");
}

#[test]
fn f8_changed_metadata_that_is_left_out_contradicts_itself() {
    assert!(
        decode_body(Opcode::Result, &ints(&[2, NO_METADATA | METADATA_CHANGED, 1, 0, 0])).is_err()
    );
}

#[test]
fn f10_more_pages_without_saying_where_is_an_error_and_not_the_first_page_again() {
    for state in [-1, 0] {
        let body = ints(&[2, MORE_PAGES | NO_METADATA, 1, state, 0]);
        let error = decode_body(Opcode::Result, &body).unwrap_err();
        assert_eq!((error.what, error.kind), ("paging state", DecodeErrorKind::Missing));
    }
}

#[test]
fn f6_rows_that_are_not_there_end_the_page_with_one_error() {
    // Eight bytes pay for two cells of null; a first cell of four leaves nothing for the second.
    let cells = [&ints(&[4, 7])[..], &ints(&[4])].concat();
    let page = rows(&[&ints(&[NO_METADATA, 1, 2]), &cells]).unwrap();
    let columns = [one_column(&[0, 9]).unwrap()];
    let mut rows = RowIter::<(i32,)>::new(&columns, page.row_count, &page.content).unwrap();
    assert_eq!(rows.next(), Some(Ok((7,))));
    assert_eq!(rows.next(), Some(Err(ValueError::CutRow { at: 12, needed: 4, remaining: 0 })));
    assert_eq!(rows.next(), None);
}

#[test]
fn f7_rows_without_metadata_still_say_how_many_columns_they_have() {
    let page = rows(&[&ints(&[NO_METADATA, 3, 1, -1, -1, -1])]).unwrap();
    assert_eq!((page.metadata.columns, page.metadata.column_count), (None, 3));
}

#[test]
fn f8_changed_metadata_does_not_exist_before_v5() {
    let body = ints(&[2, METADATA_CHANGED | NO_METADATA, 1, 1, -1]);
    let mut v4 = envelope(Opcode::Result, EnvelopeFlags::NONE, &body);
    assert!(decode_response(&v4).is_err(), "on v5");
    for version in [ProtocolVersion::V3, ProtocolVersion::V4] {
        v4.header.version = version;
        let response = decode_response(&v4).unwrap().response;
        let Response::Result(ResultResponse::Rows(rows)) = response else { panic!("no rows") };
        assert_eq!((rows.metadata.new_metadata_id, rows.row_count), (None, 1));
    }
}

#[test]
fn f9_the_flag_of_a_common_table_without_metadata_announces_nothing() {
    let page = rows(&[&ints(&[GLOBAL_TABLE | NO_METADATA, 1, 1, -1])]).unwrap();
    assert_eq!((page.row_count, &page.content[..]), (1, &ints(&[-1])[..]));
}

#[test]
fn f11_an_empty_page_may_have_another_after_it() {
    let state = [&ints(&[2])[..], &[0xCA, 0xFE]].concat();
    let page = rows(&[&ints(&[MORE_PAGES | NO_METADATA, 1]), &state, &ints(&[0])]).unwrap();
    let expected = PagingState::new(&[0xCA, 0xFE]);
    assert_eq!((page.metadata.paging_state, page.row_count), (Some(expected), 0));
}

#[test]
fn f12_a_type_nested_too_deep_is_an_error_of_the_request() {
    for kind in [[0, 0x20], [0, 0x21], [0, 0x22]] {
        let error = one_column(&kind.repeat(100_000)).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::TooDeep { limit: 64 });
    }
    let tuples = [0, 0x31, 0, 1].repeat(100_000);
    let error = one_column(&tuples).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TooDeep { limit: 64 });
    let user_types = [&[0, 0x30][..], &string("k"), &string("t"), &[0, 1], &string("f")].concat();
    let error = one_column(&user_types.repeat(100_000)).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TooDeep { limit: 64 });
}

#[test]
fn f13_the_types_of_all_columns_are_counted_together() {
    let wide = [&[0, 0x31, 0xFF, 0xFF][..], &[0, 9].repeat(65_535)].concat();
    let column = [&string("c")[..], &wide].concat();
    let table = [string("k"), string("t")].concat();
    let parts = |columns: usize| {
        let count = i32::try_from(columns).unwrap();
        rows(&[&ints(&[GLOBAL_TABLE, count]), &table, &column.repeat(columns), &ints(&[0])])
    };
    assert!(parts(15).is_ok());
    let error = parts(16).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TooManyTypes { limit: 1_000_000 });
}

#[test]
fn f14_an_unknown_type_is_an_error_of_the_request() {
    for id in [0x0016_u16, 0x0017, 0x0023, 0x0032, 0x7FFF, 0xFFFF] {
        let error = one_column(&id.to_be_bytes()).unwrap_err();
        assert_eq!(error.kind, DecodeErrorKind::Unknown { value: id.into() });
    }
}

#[test]
fn f15_user_types_and_tuples_of_any_width_are_accepted() {
    for width in [0, 1, u16::MAX] {
        let fields = [&string("")[..], &[0, 9]].concat().repeat(width.into());
        let user = [&[0, 0x30][..], &string("k"), &string(""), &width.to_be_bytes(), &fields];
        assert!(one_column(&user.concat()).is_ok(), "a user type of {width} fields of no name");
        let tuple = [&[0, 0x31][..], &width.to_be_bytes(), &[0, 9].repeat(width.into())];
        assert!(one_column(&tuple.concat()).is_ok(), "a tuple of {width}");
    }
}

#[test]
fn f16_a_class_that_is_not_understood_is_opaque() {
    let nested = "A(".repeat(16_000);
    for class in [
        "",
        "(",
        ")",
        "A(B",
        "A)B(",
        &nested,
        "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.Int32Type , 0)",
        "org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.Int32Type , -1)",
        "org.apache.cassandra.db.marshal.VectorType(x , 2147483648)",
        "org.apache.cassandra.db.marshal.VectorType(x , two)",
        "org.apache.cassandra.db.marshal.UserType(ks,zz,6:org.apache.cassandra.db.marshal.Int32Type)",
        "org.apache.cassandra.db.marshal.ListType(org.apache.cassandra.db.marshal.Int32Type) junk",
    ] {
        let column = one_column(&[&[0, 0][..], &string(class)].concat()).unwrap();
        assert_eq!(column.column_type, ColumnType::Custom(class.to_owned()), "{class}");
    }
}

#[test]
fn f17_columns_may_have_any_name_and_the_same_one() {
    let longest = "x".repeat(65_535);
    for name in ["", "\u{fc}ber", "a b", longest.as_str()] {
        let column = [&string(name)[..], &[0, 9]].concat();
        let table = [string("k"), string("t")].concat();
        let page =
            rows(&[&ints(&[GLOBAL_TABLE, 2]), &table, &column, &column, &ints(&[0])]).unwrap();
        let columns = page.metadata.columns.unwrap();
        assert_eq!((&*columns[0].name, &*columns[1].name), (name, name));
    }
}

#[test]
fn f18_a_partition_key_that_is_not_among_the_markers_is_none_and_the_rest_is_read() {
    let prepared = |key: &[u16], count: i32| {
        let mut body = ints(&[4]);
        body.extend(b"\x00\x01i\x00\x01m");
        body.extend(ints(&[0, 2, count]));
        body.extend(key.iter().flat_map(|index| index.to_be_bytes()));
        body.extend(b"\x00\x01k\x00\x01t\x00\x01a\x00\x09\x00\x01k\x00\x01t\x00\x01b\x00\x09");
        body.extend(ints(&[0x4, 0]));
        decode_body(Opcode::Result, &body).map(|response| match response {
            Response::Result(ResultResponse::Prepared(prepared)) => prepared.bind,
            other => panic!("nothing prepared: {other:?}"),
        })
    };
    let cases: [(&[u16], &[u16], &str); 5] = [
        (&[1, 0], &[1, 0], "in the order of the key"),
        (&[0, 0], &[0, 0], "one marker for two columns"),
        (&[2], &[], "beyond the markers"),
        (&[0, u16::MAX], &[], "partly beyond the markers"),
        (&[0, 1, 0], &[], "more than there are markers"),
    ];
    for (key, expected, case) in cases {
        let bind = prepared(key, i32::try_from(key.len()).unwrap()).unwrap();
        assert_eq!((&bind.partition_key[..], bind.columns.len()), (expected, 2), "{case}");
        assert_eq!(bind.columns[1].name, "b");
    }
    assert!(prepared(&[], -1).is_err(), "negative");
    assert!(prepared(&[], i32::MAX).is_err(), "not there");
}

#[test]
fn f18_a_statement_without_markers_needs_no_partition_key() {
    let mut body = ints(&[4]);
    body.extend(b"\x00\x01i\x00\x01m");
    body.extend(ints(&[0, 0, 1]));
    body.extend([0, 0]);
    body.extend(ints(&[NO_METADATA, 0]));
    let response = decode_body(Opcode::Result, &body).unwrap();
    let Response::Result(ResultResponse::Prepared(prepared)) = response else {
        panic!("nothing prepared")
    };
    assert_eq!((&prepared.bind.partition_key[..], prepared.bind.columns.len()), (&[][..], 0));
}

#[test]
fn f19_ids_are_opaque_and_of_any_length() {
    for length in [0, 1, 65_535] {
        let id = vec![7; length];
        let body = [&ints(&[4])[..], &string(&id), &string(&id), &ints(&[0, 0, 0, NO_METADATA, 0])];
        let response = decode_body(Opcode::Result, &body.concat()).unwrap();
        let Response::Result(ResultResponse::Prepared(prepared)) = response else {
            panic!("nothing prepared")
        };
        assert_eq!(
            (&prepared.id[..], prepared.result_metadata_id.as_deref()),
            (&id[..], Some(&*id))
        );
    }
}

#[test]
fn f20_a_keyspace_is_told_as_it_came_and_never_as_cql() {
    let name = "k\"; DROP KEYSPACE x; --";
    let body = [&ints(&[3])[..], &string(name)].concat();
    let expected = Response::Result(ResultResponse::SetKeyspace(name.to_owned()));
    assert_eq!(decode_body(Opcode::Result, &body), Ok(expected));
}

/// Metadata of one column, as a server would write it.
fn metadata() -> RowsMetadata {
    let columns: Arc<[ColumnSpec]> = Arc::new([one_column(&[0, 9]).unwrap()]);
    let column_count = columns.len();
    RowsMetadata { columns: Some(columns), column_count, paging_state: None, new_metadata_id: None }
}

#[test]
fn a_result_that_a_client_would_refuse_is_not_written() {
    let encode = |metadata: RowsMetadata| {
        let rows = Rows { metadata, row_count: 0, content: Bytes::new() };
        let response = Response::Result(ResultResponse::Rows(rows)).into();
        let (version, stream) = (ProtocolVersion::V5, crate::StreamId::new(1));
        encode_response(&response, version, stream, None, &mut BytesMut::new())
    };
    let id = Some(Bytes::from_static(b"id"));
    assert!(encode(metadata()).is_ok());
    assert!(encode(RowsMetadata { new_metadata_id: id.clone(), ..metadata() }).is_ok());
    let state = Some(PagingState::new(&[]));
    for refused in [
        RowsMetadata { column_count: 2, ..metadata() },
        RowsMetadata { columns: None, new_metadata_id: id, ..metadata() },
        RowsMetadata { paging_state: state, ..metadata() },
    ] {
        let error = encode(refused).unwrap_err();
        assert!(matches!(error, crate::EncodeError::Invalid { .. }), "{error}");
    }
}
