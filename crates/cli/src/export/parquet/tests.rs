//! Values of every type, written and read back.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64NanosecondType, TimestampMillisecondType,
};
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use cqlwire::codec::{ColumnType as T, UserType};
use cqlwire::uuid::Uuid;
use cqlwire::value::{
    Counter, CqlDate, CqlDuration, CqlTime, CqlTimestamp, CqlUserType, CqlValue as V,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::LogicalType;

use super::*;

fn column(name: &str, ty: T) -> TypedColumn {
    TypedColumn { name: name.to_owned(), ty }
}

fn user_type() -> Arc<UserType> {
    let fields = vec![("name".to_owned(), T::Text), ("size".to_owned(), T::Int)];
    Arc::new(UserType { keyspace: "k".into(), name: "part".into(), fields })
}

fn text(text: &str) -> V {
    V::Text(text.to_owned())
}

fn boxed(ty: T) -> Box<T> {
    Box::new(ty)
}

/// A column of each type with a value of it; each has a row of null too.
fn every_type() -> Vec<(TypedColumn, V)> {
    let uuid = Uuid::from_u128(7);
    let user_value =
        |name: &str| V::UserType(CqlUserType { user_type: user_type(), values: vec![text(name)] });
    let duration = CqlDuration { months: 1, days: -2, nanos: 3 };
    let all = [
        (T::Ascii, text("a")),
        (T::Text, text("ñ")),
        (T::TinyInt, V::TinyInt(-8)),
        (T::SmallInt, V::SmallInt(-16)),
        (T::Int, V::Int(-32)),
        (T::BigInt, V::BigInt(i64::MIN)),
        (T::Counter, V::Counter(Counter(9))),
        (T::Float, V::Float(1.5)),
        (T::Double, V::Double(-0.1)),
        (T::Boolean, V::Boolean(true)),
        (T::Blob, V::Blob(vec![0, 255])),
        (T::Custom("org.example.Type".to_owned()), V::Custom(vec![1])),
        (T::Varint, V::Varint("123456789012345678901234567890".parse().unwrap())),
        (T::Decimal, V::Decimal("12.50".parse().unwrap())),
        (T::Uuid, V::Uuid(uuid)),
        (T::TimeUuid, V::Uuid(uuid)),
        (T::Inet, V::Inet("2001:db8::1".parse().unwrap())),
        (T::Timestamp, V::Timestamp(CqlTimestamp(-1))),
        (T::Date, V::Date(CqlDate::from_unix_days(-1))),
        (T::Time, V::Time(CqlTime(86_399_999_999_999))),
        (T::Duration, V::Duration(duration)),
        (T::List(boxed(T::Int)), V::List(vec![V::Int(1), V::Int(2)])),
        (T::Set(boxed(T::Text)), V::Set(vec![text("a")])),
        (T::Vector(boxed(T::Float), 2), V::Vector(vec![V::Float(1.0), V::Float(2.0)])),
        (T::Map(boxed(T::Text), boxed(T::Int)), V::Map(vec![(text("k"), V::Int(1))])),
        (T::Tuple(vec![T::Int, T::Text]), V::Tuple(vec![V::Int(1)])),
        (T::UserType(user_type()), user_value("n")),
        (
            T::Map(boxed(T::Int), boxed(T::List(boxed(T::UserType(user_type()))))),
            V::Map(vec![(V::Int(1), V::List(vec![user_value("x"), V::Null]))]),
        ),
    ];
    let named = all.into_iter().enumerate();
    named.map(|(at, (ty, value))| (column(&format!("c{at}"), ty), value)).collect()
}

fn file(columns: Vec<TypedColumn>, rows: &[Vec<Vec<V>>], row_group: usize) -> Bytes {
    let mut writer = ParquetWriter::new(columns, row_group).unwrap();
    for columns in rows {
        writer.rows(columns).unwrap();
    }
    writer.end().unwrap().into()
}

fn only_batch(file: Bytes) -> RecordBatch {
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    batch
}

/// The first row as text, by what another reader sees.
fn first_row(batch: &RecordBatch) -> Vec<String> {
    let i32s = |at: usize| batch.column(at).as_primitive::<Int32Type>().value(0).to_string();
    let i64s = |at: usize| batch.column(at).as_primitive::<Int64Type>().value(0).to_string();
    let texts = |at: usize| batch.column(at).as_string::<i32>().value(0).to_owned();
    let bytes = |at: usize| format!("{:?}", batch.column(at).as_binary::<i32>().value(0));
    let uuids = |at: usize| {
        let bytes = batch.column(at).as_fixed_size_binary().value(0);
        Uuid::from_slice(bytes).unwrap().as_u128().to_string()
    };
    let nested = |at: usize| {
        let slice = batch.column(at).slice(0, 1);
        match slice.data_type() {
            arrow_schema::DataType::List(_) => format!("{:?}", slice.as_list::<i32>().value(0)),
            arrow_schema::DataType::Map(..) => format!("{:?}", slice.as_map().value(0)),
            _ => format!("{:?}", slice.as_struct().columns()),
        }
    };
    let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    vec![
        texts(0),
        texts(1),
        batch.column(2).as_primitive::<Int8Type>().value(0).to_string(),
        batch.column(3).as_primitive::<Int16Type>().value(0).to_string(),
        i32s(4),
        i64s(5),
        i64s(6),
        batch.column(7).as_primitive::<Float32Type>().value(0).to_string(),
        batch.column(8).as_primitive::<Float64Type>().value(0).to_string(),
        batch.column(9).as_boolean().value(0).to_string(),
        bytes(10),
        bytes(11),
        texts(12),
        texts(13),
        uuids(14),
        uuids(15),
        texts(16),
        batch.column(17).as_primitive::<TimestampMillisecondType>().value(0).to_string(),
        batch.column(18).as_primitive::<Date32Type>().value(0).to_string(),
        batch.column(19).as_primitive::<Time64NanosecondType>().value(0).to_string(),
        one_line(nested(20)),
        one_line(nested(21)),
        one_line(nested(22)),
        one_line(nested(23)),
        one_line(nested(24)),
        one_line(nested(25)),
        one_line(nested(26)),
        one_line(nested(27)),
    ]
}

#[test]
fn every_type_is_read_back_as_it_was_and_null_as_null() {
    let (columns, values): (Vec<_>, Vec<_>) = every_type().into_iter().unzip();
    let rows: Vec<Vec<V>> = values.into_iter().map(|value| vec![value, V::Null]).collect();
    let batch = only_batch(file(columns, &[rows], 1 << 20));
    assert_eq!(batch.num_rows(), 2);
    for column in batch.columns() {
        assert!(column.is_valid(0) && column.is_null(1), "{column:?}");
    }
    let row = first_row(&batch);
    let expected = include_str!("tests/row.txt");
    assert_eq!(row.join("\n"), expected.trim_end(), "{}", row.join("\n"));
}

#[test]
fn types_are_those_that_other_programs_know() {
    let (columns, _): (Vec<_>, Vec<_>) = every_type().into_iter().unzip();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file(columns, &[], 1 << 20)).unwrap();
    let schema = reader.parquet_schema().root_schema();
    let logical = |at: usize| schema.get_fields()[at].get_basic_info().logical_type_ref().cloned();
    assert_eq!(logical(0), Some(LogicalType::String));
    assert_eq!(logical(14), Some(LogicalType::Uuid));
    assert_eq!(logical(18), Some(LogicalType::Date));
    assert_eq!(logical(21), Some(LogicalType::List));
    assert_eq!(logical(24), Some(LogicalType::Map));
    let timestamp = format!("{:?}", logical(17));
    assert!(
        timestamp.contains("is_adjusted_to_u_t_c: true") && timestamp.contains("MILLIS"),
        "{timestamp}"
    );
}

#[test]
fn row_groups_are_no_larger_than_they_are_to_be() {
    let blob = |row: u32| {
        // Bytes that cannot be compressed.
        let mut state = u64::from(row);
        let byte = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40).to_le_bytes()[0]
        };
        V::Blob((0..1000).map(byte).collect())
    };
    let page = |number: u32| -> Vec<V> { (0..1000).map(|row| blob(number * 1000 + row)).collect() };
    let pages: Vec<_> = (0..8).map(|number| vec![page(number)]).collect();
    let file = file(vec![column("b", T::Blob)], &pages, 2 << 20);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let groups = reader.metadata().row_groups();
    assert!(groups.len() >= 4, "{} row groups", groups.len());
    for group in groups {
        assert!(group.total_byte_size() <= 3 << 20, "{}", group.total_byte_size());
    }
}

#[test]
fn what_has_no_place_is_refused_with_its_column() {
    let mut writer = ParquetWriter::new(vec![column("n", T::Int)], 1 << 20).unwrap();
    let error = writer.rows(&[vec![V::Empty]]).unwrap_err().to_string();
    assert!(error.starts_with("column `n`: a value of 0 bytes"), "{error}");
    let error = writer.rows(&[vec![text("x")]]).unwrap_err().to_string();
    assert!(error.starts_with("column `n`: x is no value of its type"), "{error}");
}
