//! What decoding borrowed rows, encoding an EXECUTE and a BATCH, sets and maps, and packing segments take of the
//! heap: nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::alloc::System;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hint::black_box;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    Batch, BatchStatementKind, BatchStatements, BatchType, ColumnSpec, ColumnType, Compression,
    Consistency, CqlDate, CqlDuration, CqlTime, CqlTimestamp, DecodeRow, DecodeValue, EncodeValue,
    EncodeValues, Execute, FieldCells, ListIter, MapIter, PartitionKeyHasher, ProtocolVersion,
    QueryParameters, RequestOptions, RowIter, SegmentEncoder, StreamId, Undecoded, UserType,
    ValueError, check_fields, encode_fields, encode_request, missing_field,
};
use libtest_mimic::{Arguments, Trial};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so the main thread is the only one.
fn main() -> ExitCode {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(Trial::test(stringify!($test), || {
                $test();
                Ok(())
            })),+]
        };
    }
    let tests = trials![
        borrowed_rows_of_native_types_never_allocate,
        rows_of_times_never_allocate,
        borrowed_rows_of_types_made_of_others_never_allocate,
        an_execute_with_room_never_allocates,
        a_batch_with_room_never_allocates,
        sets_and_maps_with_room_never_allocate_in_order_and_few_do_not_out_of_it,
        segments_with_room_never_allocate,
        a_token_of_several_columns_never_allocates,
    ];
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, tests).exit_code()
}

const ROWS: u32 = 100;

/// How often `run` allocates once it has found its room.
fn allocations(mut run: impl FnMut()) -> usize {
    run();
    let region = Region::new(ALLOCATOR);
    run();
    let change = region.change();
    change.allocations + change.reallocations
}

fn columns<const N: usize>(types: [ColumnType; N]) -> [ColumnSpec; N] {
    types.map(|column_type| ColumnSpec {
        keyspace: Arc::from("ks"),
        table: Arc::from("t"),
        name: column_type.to_string(),
        column_type,
    })
}

/// Bind values are written as the cells of a row are.
fn page(columns: &[ColumnSpec], row: &impl EncodeValues) -> BytesMut {
    let mut content = BytesMut::new();
    for _ in 0..ROWS {
        row.encode_values(columns, &mut content).unwrap();
    }
    content
}

/// Decodes the page, type check included, and gives each row to `look`.
fn walk<'page, T: DecodeRow<'page>>(
    columns: &'page [ColumnSpec],
    content: &'page [u8],
    look: impl Fn(T),
) {
    let mut seen = 0;
    for row in RowIter::<T>::new(columns, ROWS, content).unwrap() {
        look(black_box(row.unwrap()));
        seen += 1;
    }
    assert_eq!(seen, ROWS);
}

fn borrowed_rows_of_native_types_never_allocate() {
    use ColumnType as T;
    type Row<'a> =
        (i8, i16, i32, i64, f32, f64, bool, &'a str, &'a [u8], Uuid, IpAddr, Option<i32>);
    let columns = columns([
        T::TinyInt,
        T::SmallInt,
        T::Int,
        T::BigInt,
        T::Float,
        T::Double,
        T::Boolean,
        T::Text,
        T::Blob,
        T::Uuid,
        T::Inet,
        T::Int,
    ]);
    let row: Row<'_> = (
        1,
        2,
        3,
        4,
        5.0,
        6.0,
        true,
        "eight",
        b"nine",
        Uuid::from_bytes([10; 16]),
        IpAddr::from([11; 16]),
        None,
    );
    let content = page(&columns, &row);
    let count =
        allocations(|| walk(&columns, &content, |decoded: Row<'_>| assert_eq!(decoded, row)));
    assert_eq!(count, 0);
}

fn rows_of_times_never_allocate() {
    use ColumnType as T;
    type Row = (CqlDate, CqlTime, CqlTimestamp, CqlDuration);
    let columns = columns([T::Date, T::Time, T::Timestamp, T::Duration]);
    let duration = CqlDuration { months: 1, days: 2, nanos: 3 };
    let row: Row = (CqlDate(1), CqlTime::MAX, CqlTimestamp(2), duration);
    let content = page(&columns, &row);
    assert_eq!(allocations(|| walk(&columns, &content, |read: Row| assert_eq!(read, row))), 0);
}

/// A user type as a struct that borrows.
#[derive(Debug, PartialEq)]
struct Star<'a> {
    name: &'a str,
    mass: Option<f64>,
}

impl<'page> DecodeValue<'page> for Star<'page> {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        check_fields::<Self>(ty, &[("name", <&str>::accepts), ("mass", Option::<f64>::accepts)])
    }

    fn decode(ty: &'page ColumnType, cell: Option<&'page [u8]>) -> Result<Self, ValueError> {
        let (mut name, mut mass) = (None, None);
        for field in FieldCells::<Self>::new(ty, cell)? {
            let field = field?;
            match field.name {
                "name" => name = Some(field.decode()?),
                "mass" => mass = field.decode()?,
                _ => {}
            }
        }
        Ok(Self { name: name.map_or_else(|| missing_field(ty, "name"), Ok)?, mass })
    }
}

impl EncodeValue for Star<'_> {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        encode_fields::<Self>(ty, &[("name", &self.name), ("mass", &self.mass)], out)
    }
}

fn borrowed_rows_of_types_made_of_others_never_allocate() {
    use ColumnType as T;
    type Row<'a> = (
        ListIter<'a, &'a str>,
        [i32; 3],
        MapIter<'a, &'a str, i32>,
        (i32, &'a str),
        [f32; 3],
        ListIter<'a, &'a [u8]>,
        Star<'a>,
        Undecoded<'a>,
    );
    let star = UserType {
        keyspace: "ks".into(),
        name: "star".into(),
        fields: vec![("name".into(), T::Text), ("mass".into(), T::Double)],
    };
    let columns = columns([
        T::List(Box::new(T::Text)),
        T::List(Box::new(T::Int)),
        T::Map(Box::new(T::Text), Box::new(T::Int)),
        T::Tuple(vec![T::Int, T::Text]),
        T::Vector(Box::new(T::Float), 3),
        T::Vector(Box::new(T::Blob), 2),
        T::UserType(Arc::new(star)),
        T::Varint,
    ]);
    let content = page(
        &columns,
        &(
            ["a", "b"],
            [1, 2, 3],
            BTreeMap::from([("k", 4)]),
            (5, "five"),
            [6.0_f32, 7.0, 8.0],
            [&b"nine"[..], b""],
            Star { name: "Sirius", mass: Some(2.06) },
            cqlwire_codec::CqlVarint::from(11),
        ),
    );
    let look = |(list, array, map, tuple, floats, blobs, star, undecoded): Row<'_>| {
        assert!(list.map(Result::unwrap).eq(["a", "b"]));
        assert_eq!((array, tuple, floats), ([1, 2, 3], (5, "five"), [6.0, 7.0, 8.0]));
        assert!(map.map(Result::unwrap).eq([("k", 4)]));
        assert!(blobs.map(Result::unwrap).eq([&b"nine"[..], b""]));
        assert_eq!(star, Star { name: "Sirius", mass: Some(2.06) });
        assert_eq!(undecoded.bytes, Some(&[11][..]));
    };
    assert_eq!(allocations(|| walk(&columns, &content, look)), 0);
}

fn an_execute_with_room_never_allocates() {
    let markers = columns([ColumnType::Int, ColumnType::Text, ColumnType::BigInt]);
    let values = (42, "a text of some length", 1_700_000_000_000_i64);
    let mut buffer = BytesMut::with_capacity(1024);
    let mut outgoing = BytesMut::with_capacity(1024);
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let count = allocations(|| {
            let parameters = QueryParameters {
                columns: &markers,
                page_size: Some(5000),
                timestamp_micros: Some(1),
                ..QueryParameters::new(Consistency::LocalQuorum, &values)
            };
            let result_metadata_id = (version == ProtocolVersion::V5).then_some(&[7; 16][..]);
            let execute = Execute { id: &[7; 16], result_metadata_id, parameters };
            let (room, options) = (std::mem::take(&mut buffer), RequestOptions::default());
            let request = encode_request(&execute, version, &options, room).unwrap();
            outgoing.clear();
            request.copy_to(StreamId::new(1), &mut outgoing);
            buffer = request.into_buffer();
        });
        assert_eq!(count, 0, "{version}");
    }
}

fn a_batch_with_room_never_allocates() {
    let columns = columns([ColumnType::BigInt, ColumnType::Text]);
    let (mut statements, mut buffer) = (BatchStatements::default(), BytesMut::new());
    let options = RequestOptions::default();
    let allocated = allocations(|| {
        statements.clear();
        for id in 0..i64::from(ROWS) {
            let insert = BatchStatementKind::Prepared(b"id");
            statements.add(insert, &(id, "a name"), &columns).unwrap();
        }
        let batch = Batch::new(BatchType::Unlogged, &statements, Consistency::One);
        let envelope =
            encode_request(&batch, ProtocolVersion::V5, &options, std::mem::take(&mut buffer));
        buffer = envelope.unwrap().into_buffer();
    });
    assert_eq!(allocated, 0);
}

fn sets_and_maps_with_room_never_allocate_in_order_and_few_do_not_out_of_it() {
    use ColumnType as T;
    let set = T::Set(Box::new(T::Int));
    let map = T::Map(Box::new(T::Text), Box::new(T::Int));
    let sorted: BTreeSet<i32> = (-500..500).collect();
    let entries: BTreeMap<String, i32> = (100..900).map(|n| (n.to_string(), n)).collect();
    let unsorted: Vec<i32> = (0..64).rev().collect();
    let hashed: HashMap<i32, i32> = (0..64).map(|n| (n, n)).collect();
    let of_ints = T::Map(Box::new(T::Int), Box::new(T::Int));
    let values: [(&ColumnType, &dyn EncodeValue); 5] =
        [(&set, &sorted), (&map, &entries), (&set, &unsorted), (&of_ints, &hashed), (&set, &[7])];
    let mut out = BytesMut::with_capacity(64 << 10);
    for (ty, value) in values {
        let count = allocations(|| {
            out.clear();
            value.encode(Some(ty), &mut out).unwrap();
        });
        assert_eq!(count, 0, "{ty}");
    }
}

fn segments_with_room_never_allocate() {
    let envelopes = [5, 0, 0, 1, 5, 0, 0, 0, 0].repeat(1000);
    for compression in [None, Some(Compression::Lz4)] {
        let mut encoder = SegmentEncoder::new(compression);
        let mut wire = BytesMut::with_capacity(64 << 10);
        let mut ends = Vec::with_capacity(16);
        let count = allocations(|| {
            wire.clear();
            ends.clear();
            encoder.encode(&envelopes, &mut wire, &mut ends);
        });
        assert_eq!(count, 0, "{compression:?}");
    }
}

fn a_token_of_several_columns_never_allocates() {
    let count = allocations(|| {
        let mut hasher = PartitionKeyHasher::new(2);
        hasher.column(black_box(b"a text of more than sixteen bytes"));
        hasher.column(black_box(b"other"));
        black_box(hasher.finish());
    });
    assert_eq!(count, 0);
}
