//! Sets and maps in the server's own order.
//!
//! A set in a column of its own is sorted by the server, by the comparator of its elements. A set
//! inside of a tuple is kept as it came. So the one says how the other should have been sent.

use std::collections::HashSet;

use cqlwire::Session;
use cqlwire::codec::CqlValue;

use crate::{close, create, has_vectors, shared};

/// Types, and values of each, all different to the server, in no order.
const VALUES: &[(&str, &[&str])] = &[
    ("tinyint", &["0", "-128", "127", "-1", "1"]),
    ("smallint", &["0", "-32768", "256", "-1", "1", "32767"]),
    ("int", &["0", "-2147483648", "256", "-1", "1", "2147483647"]),
    ("bigint", &["0", "-9223372036854775808", "256", "-1", "1", "9223372036854775807"]),
    ("varint", &["0", "-129", "-128", "128", "127", "-1", "1", "99999999999999999999999999999999"]),
    (
        "decimal",
        &[
            "0",
            "-1.5",
            "1.50",
            "1e3",
            "999.99",
            "1000.001",
            "-1e3",
            "1e-30",
            "123456789.123456789",
            "9e100",
            "89999999999999999999999999999999999999999999e57",
        ],
    ),
    ("float", &["0.0", "-0.0", "NaN", "Infinity", "-Infinity", "-1.5", "1.5", "1e-40"]),
    ("double", &["0.0", "-0.0", "NaN", "Infinity", "-Infinity", "-1.5", "1.5", "1e-320"]),
    ("boolean", &["true", "false"]),
    ("ascii", &["'b'", "''", "'a'", "'B'", "'ab'"]),
    ("text", &["'b'", "''", "'ñ'", "'a'", "'B'", "'ab'", "'€'", "'😀'", "'ﬀ'"]),
    ("blob", &["0x80", "0x", "0x7f", "0x00", "0x0000", "0xff00"]),
    ("inet", &["'200.0.0.1'", "'127.0.0.1'", "'::1'", "'fe80::1'", "'100::'", "'1.2.3.4'"]),
    ("date", &["2147483648", "2147483647", "0", "4294967295", "'1970-01-02'"]),
    ("time", &["'00:00:00'", "'23:59:59.999999999'", "'12:00:00.000000001'"]),
    ("timestamp", &["0", "-1", "1", "-9223372036854775808", "9223372036854775807"]),
    (
        "uuid",
        &[
            "80000000-0000-4000-8000-000000000000",
            "7fffffff-0000-4000-8000-000000000000",
            "00000000-0000-7000-8000-000000000000",
            "00000000-0000-1001-8000-000000000080",
            "00000000-0000-1001-8000-00000000007f",
            "ffffffff-0000-1000-8000-000000000000",
            "00000000-0001-1000-8000-000000000000",
            "00000000-0000-0000-0000-000000000000",
        ],
    ),
    (
        "timeuuid",
        &[
            "00000000-0000-1001-8000-000000000080",
            "00000000-0000-1001-8000-00000000007f",
            "00000000-0000-1001-bfff-000000000000",
            "ffffffff-0000-1000-8000-000000000000",
            "00000000-0001-1000-8000-000000000000",
            "00000000-0000-1001-0000-000000000000",
        ],
    ),
    ("frozen<list<int>>", &["[1, -1]", "[]", "[-1, 5]", "[-1]", "[2]"]),
    ("frozen<set<int>>", &["{1, -1}", "{}", "{5, -1}", "{-1}", "{2}"]),
    ("frozen<map<int, text>>", &["{1: 'a'}", "{}", "{-1: 'b'}", "{-1: 'a', 1: 'a'}", "{-1: 'a'}"]),
    ("frozen<tuple<int, text>>", &["(1, 'a')", "(1, null)", "(-1, 'b')", "(null, 'a')", "(1, '')"]),
    ("frozen<pair>", &["{a: 1, b: 'a'}", "{a: 1}", "{a: -1, b: 'b'}", "{b: 'a'}", "{a: 1, b: ''}"]),
];

/// Of types that only the newest servers have.
const VECTORS: &[(&str, &[&str])] = &[
    ("vector<int, 2>", &["[1, -1]", "[-1, 5]", "[-1, -5]", "[0, 0]"]),
    ("vector<text, 2>", &["['b', 'a']", "['a', 'b']", "['a', 'ba']", "['aa', 'a']"]),
];

const CREATE: &str = "CREATE TABLE ordered.t (k int PRIMARY KEY, members set<$>, pairs map<$, int>, \
     sent_members tuple<frozen<set<$>>>, sent_pairs tuple<frozen<map<$, int>>>)";

#[tokio::test]
async fn sets_and_maps_are_sent_in_the_order_that_the_server_gives_them() {
    let session = shared().await;
    create(&session, "ordered", "unused (k int PRIMARY KEY)").await;
    session.query("CREATE TYPE ordered.pair (a int, b text)", ()).await.unwrap();
    let vectors: &[_] = if has_vectors(&session).await { VECTORS } else { &[] };
    for (ty, literals) in VALUES.iter().chain(vectors) {
        session.query("DROP TABLE IF EXISTS ordered.t", ()).await.unwrap();
        session.query(&CREATE.replace('$', &ty.replace("pair", "ordered.pair")), ()).await.unwrap();
        compare(&session, ty, literals).await;
    }
    close(session).await;
}

async fn compare(session: &Session, ty: &str, literals: &[&str]) {
    let entries: Vec<_> = literals.iter().map(|literal| format!("{literal}: 7")).collect();
    let literals = literals.join(", ");
    let insert = format!(
        "INSERT INTO ordered.t (k, members, pairs) VALUES (1, {{{literals}}}, {{{}}})",
        entries.join(", ")
    );
    session.query(&insert, ()).await.unwrap();
    let found = session.query("SELECT members, pairs FROM ordered.t", ()).await.unwrap();
    let (members, entries) = found.one_row::<(CqlValue, CqlValue)>().unwrap();
    let (CqlValue::Set(members), CqlValue::Map(entries)) = (members, entries) else {
        panic!("{ty}: no set or no map");
    };
    let insert = "INSERT INTO ordered.t (k, sent_members, sent_pairs) VALUES (1, ?, ?)";
    let insert = session.prepare(insert).await.unwrap();
    for turn in 0..members.len() {
        let (mut some, mut others) = (members.clone(), entries.clone());
        some.rotate_left(turn);
        some.reverse();
        others.rotate_right(turn);
        others.reverse();
        let values = (CqlValue::Set(some), CqlValue::Map(others));
        let values = (CqlValue::Tuple(vec![values.0]), CqlValue::Tuple(vec![values.1]));
        session.execute(&insert, values).await.unwrap();
        let select = "SELECT sent_members, sent_pairs FROM ordered.t";
        let found = session.query(select, ()).await.unwrap();
        let sent = found.one_row::<(CqlValue, CqlValue)>().unwrap();
        // By their text: no NaN is itself.
        let expected = (
            CqlValue::Tuple(vec![CqlValue::Set(members.clone())]),
            CqlValue::Tuple(vec![CqlValue::Map(entries.clone())]),
        );
        assert_eq!(format!("{sent:?}"), format!("{expected:?}"), "{ty}");
    }
}

#[tokio::test]
async fn a_partition_key_with_a_set_in_it_is_found_again() {
    let session = shared().await;
    create(&session, "set_key", "t (k tuple<int, frozen<set<int>>> PRIMARY KEY, v int)").await;
    let insert = session.prepare("INSERT INTO set_key.t (k, v) VALUES (?, ?)").await.unwrap();
    let select = session.prepare("SELECT v FROM set_key.t WHERE k = ?").await.unwrap();
    // Each set has a seed of its own, and so an order of its own.
    let key = || (1_i32, (-5..5).collect::<HashSet<i32>>());
    session.execute(&insert, (key(), 7_i32)).await.unwrap();
    for _ in 0..20 {
        let found = session.execute(&select, (key(),)).await.unwrap();
        assert_eq!(found.one_row::<(i32,)>().unwrap(), (7,));
    }
    let literal = "SELECT v FROM set_key.t WHERE k = (1, {4, 3, 2, 1, 0, -1, -2, -3, -4, -5})";
    let found = session.query(literal, ()).await.unwrap();
    assert_eq!(found.one_row::<(i32,)>().unwrap(), (7,));
    drop(found);
    close(session).await;
}
