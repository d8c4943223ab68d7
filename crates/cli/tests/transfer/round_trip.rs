//! A table of every type: exported, loaded into another one, and the same there, byte by byte.

use super::{Place, Run};

const TYPES: [&str; 2] = [
    "CREATE TYPE KS.part (name text, size int)",
    "CREATE TYPE KS.\"Whole\" (\"Id\" uuid, parts list<frozen<part>>, by_name map<text, frozen<part>>)",
];

const COLUMNS: &str = "(\
    k int, c text, \"Static\" text static, statics map<text, int> static, \
    a ascii, b bigint, bl blob, bo boolean, da date, de decimal, do double, du duration, f float, i inet, \
    n int, s smallint, t text, ti time, ts timestamp, tu timeuuid, tn tinyint, u uuid, v varint, \
    l list<text>, fl frozen<list<int>>, se set<text>, fs frozen<set<timestamp>>, \
    m map<text, int>, fm frozen<map<int, text>>, tup tuple<int, text, boolean>, \
    p part, fp frozen<part>, w frozen<\"Whole\">, ve vector<float, 3>, vt vector<text, 2>, \
    deep map<text, frozen<map<int, frozen<list<tuple<text, duration>>>>>>, \
    PRIMARY KEY (k, c))";

const INSERTS: [&str; 5] = [
    "INSERT INTO KS.source (k, c, \"Static\", statics, a, b, bl, bo, da, de, do, du, f, i, n, s, t, ti, ts, \
     tu, tn, u, v, l, fl, se, fs, m, fm, tup, p, fp, w, ve, vt, deep) VALUES (\
     1, 'a', 's,1', {'x': 1}, 'as\"cii', -9223372036854775808, 0x00ff, true, '2024-02-29', 12.50, 1.1, \
     1y2mo3d4h5m6s7ms8us9ns, 0.1, '2001:db8::1', 7, -32768, 'it''s \"quoted\", with ñ', \
     '13:45:00.123456789', '2015-11-02 13:45:00.123+0000', 123e4567-e89b-12d3-a456-426614174000, -128, \
     123e4567-e89b-42d3-a456-426614174000, 123456789012345678901234567890123456789012345678901234567890, \
     ['b', '', 'a', 'it''s'], [3, 1, 2], {'y', 'x'}, {'1969-12-31 23:59:59.999+0000'}, \
     {'k': 1, 'it''s': 2}, {2: 'two', 1: 'one'}, (1, null, false), {name: 'n', size: null}, \
     {name: '', size: 3}, {\"Id\": 123e4567-e89b-42d3-a456-426614174000, parts: [{name: 'p', size: 1}], \
     by_name: {'q': {name: 'q', size: 2}}}, [1.5, -0.0, 3.0e38], ['', 'b'], \
     {'d': {1: [('e', 3d), (null, null)]}})",
    // Nothing but the key; and what is empty, beside what is null.
    "INSERT INTO KS.source (k, c) VALUES (1, '')",
    "INSERT INTO KS.source (k, c, a, t, bl, l, fl, se, m, fm, tup, fp) \
     VALUES (2, 'NULL', '', '', 0x, [], [], {}, {}, {}, (null, null, null), {name: null})",
    // A partition that has nothing but statics.
    "INSERT INTO KS.source (k, \"Static\", statics) VALUES (3, 'line\nbreak', {'': 0})",
    "INSERT INTO KS.source (k, c, do, f, da, ts, de, v, du, t) VALUES (4, 'ends', NaN, -Infinity, \
     0, -9223372036854775808, 1E-400, 0, -1mo1d1ns, '\r\n\t\u{1F600}\\')",
];

/// What servers without vectors do not know, as it stands in these.
const VECTORS: [&str; 3] =
    ["ve vector<float, 3>, vt vector<text, 2>, ", "ve, vt, ", "[1.5, -0.0, 3.0e38], ['', 'b'], "];

pub(super) async fn place(keyspace: &'static str) -> Place {
    let place = Place::new(keyspace, &TYPES).await;
    let has_vectors = place.has_vectors().await;
    let fitting = |statement: &str| {
        let without = |text: String, part| if has_vectors { text } else { text.replace(part, "") };
        VECTORS.into_iter().fold(statement.to_owned(), without)
    };
    for table in ["source", "target"] {
        place.query(&fitting(&format!("CREATE TABLE {keyspace}.{table} {COLUMNS}"))).await;
    }
    for insert in INSERTS {
        place.query(&fitting(insert).replace("KS", keyspace)).await;
    }
    place
}

async fn goes_there_and_back(place: Place, file: &str, options: &[&str]) {
    let args = [&[file], options].concat();
    place.run("export", "source", &args).ended(0, "5 rows");
    place.run("load", "target", &args).ended(0, "5 rows written, 0 lines rejected");
    let all = |table: &str| format!("SELECT * FROM KS.{table}");
    let (source, target) = (place.rows(&all("source")).await, place.rows(&all("target")).await);
    assert_eq!(source.len(), 5);
    assert_eq!(source, target, "{}", place.read(file));
    place.close().await;
}

#[tokio::test]
async fn every_type_goes_through_csv_with_the_same_bytes() {
    goes_there_and_back(place("round_trip_csv").await, "all.csv", &[]).await;
}

#[tokio::test]
async fn every_type_goes_through_json_with_the_same_bytes() {
    goes_there_and_back(place("round_trip_json").await, "all.jsonl", &[]).await;
}

#[tokio::test]
async fn every_type_goes_through_another_dialect_with_the_same_bytes() {
    let options = ["--null", "NULL", "--delimiter", "\\t", "--quote", "'", "--format", "csv"];
    goes_there_and_back(place("round_trip_tsv").await, "all.tsv", &options).await;
}

/// What servers write as JSON is read, and what is written as JSON is read by servers.
#[tokio::test]
async fn json_is_that_of_the_server() {
    let place = place("round_trip_server").await;
    let found = place.query("SELECT JSON * FROM round_trip_server.source WHERE k IN (1, 2)").await;
    let mut lines = String::new();
    for row in found.rows::<(String,)>().unwrap() {
        lines.push_str(&row.unwrap().0);
        lines.push('\n');
    }
    drop(found);
    place.write("server.json", &lines);
    place.run("load", "target", &["server.json"]).ended(0, "3 rows written, 0 lines rejected");
    let all = |table: &str| format!("SELECT * FROM KS.{table} WHERE k IN (1, 2)");
    assert_eq!(place.rows(&all("source")).await, place.rows(&all("target")).await, "{lines}");

    // A server reads 12.50 as 12.5, since a number of JSON is none of fixed places to it.
    place.query("UPDATE round_trip_server.source SET de = 12.5 WHERE k = 1 AND c = 'a'").await;
    place.query("TRUNCATE round_trip_server.target").await;
    let Run { stdout, .. } = place
        .run("export", "source", &["--format", "json", "--where", "k = 1 AND c = 'a'"])
        .ended(0, "1 rows");
    let insert = "INSERT INTO round_trip_server.target JSON ?";
    place.session.query(insert, (stdout.trim(),)).await.unwrap();
    let one = |table: &str| format!("SELECT * FROM KS.{table} WHERE k = 1 AND c = 'a'");
    assert_eq!(place.rows(&one("source")).await, place.rows(&one("target")).await, "{stdout}");
    place.close().await;
}
