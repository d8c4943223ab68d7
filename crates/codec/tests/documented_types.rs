//! The table of `crates/cqlwire/docs/types.md`: what it says is accepted, both ways, and what it does not say is not.
#![cfg(all(
    feature = "bigdecimal",
    feature = "chrono",
    feature = "jiff",
    feature = "num-bigint",
    feature = "rust_decimal",
    feature = "serde_json",
    feature = "time"
))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use cqlwire_codec::ColumnType::{self, *};
use cqlwire_codec::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlValue, CqlVarint,
    DecodeValue, EncodeValue,
};
use uuid::Uuid;

const PAGE: &str = include_str!("../../cqlwire/docs/types.md");

/// The types that a name of the first column stands for; `T` is int, `K` is text, `N` is 3. A user
/// type is none of these: derives have tests of their own.
fn cql(name: &str) -> Vec<ColumnType> {
    let int = || Box::new(Int);
    vec![match name {
        "ascii" => Ascii,
        "text, varchar" => Text,
        "blob" => Blob,
        "boolean" => Boolean,
        "tinyint" => TinyInt,
        "smallint" => SmallInt,
        "int" => Int,
        "bigint" => BigInt,
        "varint" => Varint,
        "float" => Float,
        "double" => Double,
        "decimal" => Decimal,
        "counter" => ColumnType::Counter,
        "uuid, timeuuid" => return vec![Uuid, TimeUuid],
        "inet" => Inet,
        "timestamp" => Timestamp,
        "date" => Date,
        "time" => Time,
        "duration" => Duration,
        "`list<T>`" => List(int()),
        "`set<T>`" => Set(int()),
        "`map<K, V>`" => Map(Box::new(Text), int()),
        "`tuple<A, B, …>`" => Tuple(vec![Int, Text]),
        "`vector<T, N>`" => Vector(int(), 3),
        "any other class of the server" => Custom("org.example.Own".to_owned()),
        "a user type" | "any" => return Vec::new(),
        other => panic!("unknown: {other}"),
    }]
}

/// A Rust type by its name in the table, and whether it is read, and written, as this type of CQL.
type Rust = (&'static str, fn(&ColumnType) -> bool, fn(&ColumnType) -> bool);

/// `T` is `i32`, `K` is `String`, `N` is 3.
fn rust() -> Vec<Rust> {
    macro_rules! types {
        ($($name:literal $rust:ty),+ $(,)?) => {
            vec![$((
                $name,
                |ty| <$rust as DecodeValue>::accepts(ty).is_ok(),
                |ty| <$rust as EncodeValue>::fits(ty).is_ok(),
            )),+]
        };
    }
    types![
        "String" String, "&str" &str, "serde_json::Value" serde_json::Value,
        "Bytes" Bytes, "Vec<u8>" Vec<u8>, "&[u8]" &[u8], "[u8; N]" [u8; 3], "bool" bool,
        "i8" i8, "i16" i16, "i32" i32, "i64" i64, "f32" f32, "f64" f64,
        "CqlVarint" CqlVarint, "num_bigint::BigInt" num_bigint::BigInt,
        "CqlDecimal" CqlDecimal, "bigdecimal::BigDecimal" bigdecimal::BigDecimal,
        "rust_decimal::Decimal" rust_decimal::Decimal, "jiff::Timestamp" jiff::Timestamp,
        "jiff::civil::Date" jiff::civil::Date, "jiff::civil::Time" jiff::civil::Time,
        "Counter" Counter, "Uuid" Uuid,
        "IpAddr" IpAddr, "Ipv4Addr" Ipv4Addr, "Ipv6Addr" Ipv6Addr,
        "CqlTimestamp" CqlTimestamp, "chrono::DateTime<Utc>" DateTime<Utc>,
        "time::OffsetDateTime" time::OffsetDateTime,
        "CqlDate" CqlDate, "chrono::NaiveDate" NaiveDate, "time::Date" time::Date,
        "CqlTime" CqlTime, "chrono::NaiveTime" NaiveTime, "time::Time" time::Time,
        "CqlDuration" CqlDuration,
        "Vec<T>" Vec<i32>, "[T; N]" [i32; 3], "HashSet<T>" HashSet<i32>, "BTreeSet<T>" BTreeSet<i32>,
        "HashMap<K, V>" HashMap<String, i32>, "BTreeMap<K, V>" BTreeMap<String, i32>,
        "(A, B, …)" (i32, String),
    ]
}

/// The rows of the first table: the name of the type of CQL, and the names of the types of Rust.
fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        // What stands in backticks is a type.
        let types = |cell: &'static str| cell.split('`').skip(1).step_by(2);
        (cells[0], types(cells[1]).chain(types(cells[2])).collect())
    })
    .collect()
}

#[test]
fn a_type_is_read_and_written_as_the_page_says_and_as_nothing_else() {
    let rows = rows();
    for (name, listed) in &rows {
        for ty in cql(name) {
            for (rust, reads, writes) in rust() {
                let expected = listed.contains(&rust);
                assert_eq!(reads(&ty), expected, "{ty} read as {rust}");
                assert_eq!(writes(&ty), expected, "{ty} written as {rust}");
            }
            assert!(CqlValue::accepts(&ty).is_ok() && <CqlValue as EncodeValue>::fits(&ty).is_ok());
        }
    }
    assert_eq!(rows.len(), 27);
}

#[test]
fn every_type_of_the_page_is_one_that_is_tried() {
    let known: Vec<&str> = rust().iter().map(|(name, ..)| *name).collect();
    for (cql, listed) in rows() {
        for rust in listed {
            let elsewhere = ["CqlValue", "UserType"].contains(&rust);
            assert!(elsewhere || known.contains(&rust), "{cql}: {rust}");
        }
    }
}
