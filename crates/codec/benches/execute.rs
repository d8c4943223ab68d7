//! Encoding an EXECUTE of three values into a buffer that has room.
//!
//! ```text
//! cargo bench -p cqlwire-codec --bench execute
//! ```
//!
//! Beside it `scylla-cql`, which serialises the values first and the request after them.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::borrow::Cow;
use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    ColumnSpec, ColumnType, Consistency, Execute, ProtocolVersion, QueryParameters, RequestOptions,
    encode_request,
};
use divan::{AllocProfiler, Bencher, black_box};
use scylla_cql::frame::SerializedRequest;
use scylla_cql::frame::request::execute::ExecuteV2;
use scylla_cql::frame::request::query::QueryParameters as TheirParameters;
use scylla_cql::frame::response::result::{
    ColumnSpec as TheirColumn, ColumnType as TheirType, NativeType, TableSpec, cow_bytes::CowBytes,
};
use scylla_cql::serialize::row::{RowSerializationContext, SerializedValues};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const ID: [u8; 16] = [7; 16];
const PAGE_SIZE: i32 = 5000;

type Values<'a> = (i32, &'a str, i64);
const VALUES: Values<'_> = (42, "a text of some length", 1_700_000_000_000);

fn main() {
    divan::main();
}

fn markers() -> [ColumnSpec; 3] {
    let marker = |name: &str, column_type| ColumnSpec {
        keyspace: Arc::from("ks"),
        table: Arc::from("t"),
        name: name.into(),
        column_type,
    };
    [
        marker("id", ColumnType::Int),
        marker("name", ColumnType::Text),
        marker("seen", ColumnType::BigInt),
    ]
}

#[divan::bench]
fn cqlwire_v5(bencher: Bencher<'_, '_>) {
    cqlwire(bencher, ProtocolVersion::V5);
}

#[divan::bench]
fn cqlwire_v4(bencher: Bencher<'_, '_>) {
    cqlwire(bencher, ProtocolVersion::V4);
}

fn cqlwire(bencher: Bencher<'_, '_>, version: ProtocolVersion) {
    let markers = markers();
    let options = RequestOptions::default();
    let mut buffer = BytesMut::with_capacity(1024);
    bencher.bench_local(|| {
        let values = black_box(VALUES);
        let parameters = QueryParameters {
            columns: &markers,
            page_size: Some(PAGE_SIZE),
            ..QueryParameters::new(Consistency::LocalQuorum, &values)
        };
        let execute = Execute {
            id: &ID,
            result_metadata_id: (version == ProtocolVersion::V5).then_some(&ID[..]),
            parameters,
        };
        let room = std::mem::take(&mut buffer);
        let encoded = encode_request(&execute, version, &options, room).unwrap();
        black_box(encoded.as_bytes());
        buffer = encoded.into_buffer();
    });
}

#[divan::bench]
fn scylla_cql_v4(bencher: Bencher<'_, '_>) {
    let marker = |name, native| {
        let table = TableSpec::borrowed("ks", "t");
        TheirColumn::borrowed(name, TheirType::Native(native), table)
    };
    let markers = [
        marker("id", NativeType::Int),
        marker("name", NativeType::Text),
        marker("seen", NativeType::BigInt),
    ];
    bencher.bench_local(|| {
        let context = RowSerializationContext::from_specs(&markers);
        let values = SerializedValues::from_serializable(&context, &black_box(VALUES)).unwrap();
        let execute = ExecuteV2 {
            id: CowBytes::Borrowed(&ID),
            result_metadata_id: None,
            parameters: TheirParameters {
                consistency: scylla_cql::Consistency::LocalQuorum,
                page_size: Some(PAGE_SIZE),
                values: Cow::Borrowed(&values),
                ..TheirParameters::default()
            },
            tablet_version_block: None,
        };
        let request = SerializedRequest::make(&execute, None, false).unwrap();
        black_box(request.get_data());
    });
}
