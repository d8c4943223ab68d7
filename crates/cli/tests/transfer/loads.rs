//! Loads: what is written, what is rejected, and what is said.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use super::{Place, Run, file_has};

const TABLE: &str = "CREATE TABLE KS.t (k int PRIMARY KEY, v int, note text)";

#[tokio::test]
async fn what_is_wrong_is_rejected_as_it_was_and_the_rest_is_written() {
    let place = Place::new("load_rejects", &[TABLE]).await;
    let input = b"k,v,note\r\n1,10,one\r\nx,20,two\r\n3,\"3\n0\",\xFF\r\n4,40\r\n,50,five\r\n6,60,\"s\nix\"\r\n\
                  7,70,\"seven\"\r\n8,80,\"ei\r\nght";
    place.write("in.csv", input);
    let args = ["in.csv", "--rejected", "bad.csv"];
    place.run("load", "t", &args).ended(1, "3 rows written, 5 lines rejected");
    let bad = std::fs::read(place.path("bad.csv")).unwrap();
    assert_eq!(
        bad,
        b"k,v,note\r\nx,20,two\r\n3,\"3\n0\",\xFF\r\n4,40\r\n,50,five\r\n8,80,\"ei\r\nght\n"
    );
    let reasons = place.read("bad.csv.reasons");
    let expected = [
        "line 3, byte 20: column `k`: `x` is no int; allowed: a whole number from -2147483648 to 2147483647",
        "line 4, byte 30: it is not UTF-8",
        "line 6, byte 41: it has 2 fields and not 3",
        "line 7, byte 47: column `k`: it is of the primary key and cannot be null",
        "line 11, byte 84: the quote that opens in line 11 is not closed: it takes in all 2 lines to the end of the input",
    ];
    assert_eq!(reasons.lines().collect::<Vec<_>>(), expected);
    let rows = place.query("SELECT note FROM load_rejects.t WHERE k IN (1, 6, 7)").await;
    let notes: Vec<(String,)> = rows.rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(notes, ["one", "s\nix", "seven"].map(|note| (note.to_owned(),)));
    drop(rows);
    // Nothing is overwritten, and without a file for them the reasons are told.
    place.run("load", "t", &args).ended(2, "bad.csv is there already");
    place.run("load", "t", &["in.csv"]).ended(1, "line 4, byte 30: it is not UTF-8");
    // What is mended is loaded.
    place.write("bad.csv", "k,v,note\n3,30,\n");
    place.run("load", "t", &["bad.csv"]).ended(0, "1 rows written");
    assert_eq!(place.count("t").await, 4);
    place.close().await;
}

#[tokio::test]
async fn a_row_that_the_server_refuses_is_rejected_with_what_it_said() {
    let table = "CREATE TABLE KS.t (k int, c text, v int, PRIMARY KEY (k, c))";
    let place = Place::new("load_refused", &[table]).await;
    let long = "c".repeat(70_000);
    place.write("in.csv", format!("k,c,v\n1,a,1\n1,{long},2\n1,b,3\n"));
    place
        .run("load", "t", &["in.csv", "--rejected", "bad"])
        .ended(1, "2 rows written, 1 lines rejected");
    assert_eq!(place.read("bad"), format!("k,c,v\n1,{long},2\n"));
    let reasons = place.read("bad.reasons");
    assert!(reasons.starts_with("line 3, byte 12: ") && reasons.contains("70000"), "{reasons}");
    assert_eq!((place.count("t").await, reasons.lines().count()), (2, 1));
    place.close().await;
}

/// Rows that cannot be written for what is not in them are none to be rejected.
#[tokio::test]
async fn a_table_that_is_gone_ends_the_load_before_the_first_line_that_misses_it() {
    let place = Place::new("load_gone", &[TABLE]).await;
    let mut command = place.command("load", "t", &["--progress", "progress"]);
    let mut load = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = load.stdin.take().unwrap();
    stdin.write_all(b"k,v,note\n1,1,x\n").unwrap();
    file_has(&place.path("progress"), |text| text.contains("input 15 3\n")).await;
    place.query("DROP TABLE load_gone.t").await;
    stdin.write_all(b"2,2,x\n3,3,x\n").unwrap();
    drop(stdin);
    let run = tokio::task::spawn_blocking(|| Run::of(load.wait_with_output().unwrap()));
    let run = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
    run.ended(1, "stopped: all before line 3 is done; a second run goes on there");
    assert!(place.read("progress").contains("input 15 3\n"));
    place.query(&TABLE.replace("KS", "load_gone")).await;
    place.write("in.csv", "k,v,note\n1,1,x\n2,2,x\n3,3,x\n");
    place.run("load", "t", &["in.csv", "--progress", "progress"]).ended(0, "2 rows written");
    place.close().await;
}

/// So is a column that is gone. What a server says of it has the code of what it says of a value.
#[tokio::test]
async fn a_column_that_is_gone_ends_the_load_and_one_more_does_not() {
    let table = "CREATE TABLE KS.t (k int, c text, v int, PRIMARY KEY (k, c))";
    let place = Place::new("load_altered", &[table]).await;
    let args = ["--progress", "progress", "--rejected", "bad"];
    let mut load = place.command("load", "t", &args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = load.stdin.take().unwrap();
    stdin.write_all(b"k,c,v\n1,a,1\n").unwrap();
    file_has(&place.path("progress"), |text| text.contains("input 12 3\n")).await;
    place.query("ALTER TABLE load_altered.t ADD w int").await;
    stdin.write_all(format!("2,{},2\n", "c".repeat(70_000)).as_bytes()).unwrap();
    file_has(&place.path("progress"), |text| text.contains("rejected 1 ")).await;
    place.query("ALTER TABLE load_altered.t DROP v").await;
    stdin.write_all(b"3,a,3\n").unwrap();
    drop(stdin);
    let run = tokio::task::spawn_blocking(|| Run::of(load.wait_with_output().unwrap()));
    let run = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
    run.ended(1, "stopped: all before line 4 is done; a second run goes on there");
    assert_eq!((place.count("t").await, place.read("bad.reasons").lines().count()), (1, 1));
    place.close().await;
}

#[tokio::test]
async fn null_is_not_empty_and_leaves_or_deletes_what_is_there() {
    let place = Place::new("load_nulls", &[TABLE]).await;
    place.write("full.csv", "k,v,note\n1,1,x\n2,2,x\n3,3,x\n");
    place.run("load", "t", &["full.csv"]).ended(0, "3 rows written");
    place.write("unset.csv", "k,v,note\n1,,\"\"\n");
    place.run("load", "t", &["unset.csv"]).ended(0, "1 rows written");
    place.write("null.csv", "k,v,note\n2,,\"\"\n");
    place.run("load", "t", &["null.csv", "--null-as", "null"]).ended(0, "1 rows written");
    place.write("null.jsonl", "{\"k\": 3, \"v\": null}\n");
    place.run("load", "t", &["null.jsonl", "--null-as", "null"]).ended(0, "1 rows written");
    let found = place.query("SELECT k, v, note FROM load_nulls.t WHERE k IN (1, 2, 3)").await;
    let rows: Vec<(i32, Option<i32>, Option<String>)> =
        found.rows().unwrap().collect::<Result<_, _>>().unwrap();
    drop(found);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows, [(1, Some(1), text("")), (2, None, text("")), (3, None, text("x"))]);
    place.close().await;
}

#[tokio::test]
async fn fields_go_where_they_are_said_to() {
    let place =
        Place::new("load_mapping", &["CREATE TABLE KS.t (k int PRIMARY KEY, \"V\" int)"]).await;
    let rows = || place.rows("SELECT \"V\" FROM KS.t");
    let value = |value: u8| vec![vec![Some(vec![0, 0, 0, value])]];
    place.write("in.csv", "V,other,k\n5,x,1\n");
    place.run("load", "t", &["in.csv"]).ended(2, "no column `other`; it has k, V");
    place.run("load", "t", &["in.csv", "--columns", "k,V"]).ended(0, "1 rows written");
    assert_eq!(rows().await, value(5));
    place.write("bare.csv", "1,x,6\n");
    place.run("load", "t", &["bare.csv", "--no-header", "--columns", "k,-,V"]).ended(0, "1 rows");
    assert_eq!(rows().await, value(6));
    place.write(
        "in.json",
        "{\"K\": 1, \"\\\"V\\\"\": 7}\n{\"k\": 1, \"x\": 1}\n[]\n{\"k\": 1, \"k\": 1}\n",
    );
    let run = place.run("load", "t", &["in.json"]).ended(1, "1 rows written, 3 lines rejected");
    for said in ["no column `x`", "it is no JSON object", "`k` is there twice"] {
        assert!(run.stderr.contains(said), "{run:#?}");
    }
    assert_eq!(rows().await, value(7));
    let columns = ["--columns", "k,\"V\""];
    place.write("in.csv", "other,V,k\nx,8,1\n");
    place.run("load", "t", &[&["in.csv"], &columns[..]].concat()).ended(0, "1 rows written");
    assert_eq!(rows().await, value(8));
    place.write("in.json", "{\"k\": 1, \"\\\"V\\\"\": 9}\n");
    place.run("load", "t", &[&["in.json"], &columns[..]].concat()).ended(0, "1 rows written");
    assert_eq!(rows().await, value(9));
    // In a file of one column each line is a row, so that a null is not lost.
    place.write("keys.csv", "k\n7\n\n8\n");
    let run = place.run("load", "t", &["keys.csv"]).ended(1, "2 rows written, 1 lines rejected");
    assert!(
        run.stderr.contains("line 3, byte 4: column `k`: it is of the primary key"),
        "{run:#?}"
    );
    place.query("DELETE FROM load_mapping.t WHERE k IN (7, 8)").await;
    place.write("no_key.csv", "V\n1\n");
    place.run("load", "t", &["no_key.csv"]).ended(2, "`k` is of the primary key");
    place.write("empty.csv", "");
    place.run("load", "t", &["empty.csv"]).ended(1, "the input is empty");
    place.run("load", "none", &["in.csv"]).ended(1, "none");
    place.run("load", "t", &["nowhere.csv"]).ended(1, "nowhere.csv");
    place.close().await;
}

/// A name that looks like what an export adds, or like none, may be one.
#[tokio::test]
async fn columns_are_loaded_whatever_their_names_look_like() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, v int, \"ttl(v)\" int, \"-\" int, \"writetime(x)\" int)";
    let insert =
        "INSERT INTO KS.t (k, v, \"ttl(v)\", \"-\", \"writetime(x)\") VALUES (1, 2, 3, 4, 5)";
    let place = Place::new("load_names", &[table, insert]).await;
    let rows = || place.rows("SELECT * FROM KS.t");
    let before = rows().await;
    for file in ["all.csv", "all.jsonl"] {
        place.run("export", "t", &[file]).ended(0, "1 rows");
        place.query("TRUNCATE load_names.t").await;
        place.run("load", "t", &[file]).ended(0, "1 rows written");
        assert_eq!(rows().await, before, "{}", place.read(file));
    }
    // Where fields have no names of their own, - is still none, unless it is in quotes.
    place.write("bare.csv", "1,6,7\n");
    let args = ["bare.csv", "--no-header", "--columns", "k,-,\"-\""];
    place.run("load", "t", &args).ended(0, "1 rows written");
    let found = place.query("SELECT v, \"-\" FROM load_names.t").await;
    assert_eq!(found.one_row::<(i32, i32)>().unwrap(), (2, 7));
    drop(found);
    place.run("export", "t", &["--with-ttl"]).ended(2, "a column that is named `ttl(v)`");
    place.close().await;
}

#[tokio::test]
async fn write_times_and_ttls_are_those_of_the_file() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, v int) WITH default_time_to_live = 500";
    let place = Place::new("load_times", &[table]).await;
    place.write("in.csv", "k,v,at,stays\n1,1,1000,100000\n2,2,2000,\n3,3,,7\n4,4,x,\n");
    let columns = ["--timestamp-column", "at", "--ttl-column", "stays"];
    // Nobody means 1970: these are of another unit, or of somebody who says so.
    let said = "the write time `1000` would be outside of 1980 to 2100 in microseconds";
    place.run("load", "t", &[&["in.csv"], &columns[..]].concat()).ended(1, said);
    let columns = [&columns[..], &["--timestamp-unit", "microseconds"]].concat();
    place
        .run("load", "t", &[&["in.csv"], &columns[..]].concat())
        .ended(1, "column `at`: `x` is no bigint");
    let times = "SELECT k, writetime(v), ttl(v) FROM load_times.t WHERE k IN (1, 2, 3)";
    let found = place.query(times).await;
    let rows: Vec<(i32, i64, Option<i32>)> =
        found.rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!((rows[0].1, rows[1].1, rows[1].2), (1000, 2000, None));
    assert!(rows[0].2.unwrap() > 99_000 && rows[2].1 > 1_600_000_000_000_000, "{rows:?}");
    drop(found);
    // Kept from one table to another.
    let args = ["out.csv", "--with-writetime", "--with-ttl"];
    place.run("export", "t", &args).ended(0, "rows");
    place.query("TRUNCATE load_times.t").await;
    let columns = ["--timestamp-column", "writetime(v)", "--ttl-column", "ttl(v)"];
    let columns = [&columns[..], &["--timestamp-unit", "microseconds"]].concat();
    place.run("load", "t", &[&["out.csv"], &columns[..]].concat()).ended(0, "0 lines rejected");
    let found = place.query(times).await;
    let again: Vec<(i32, i64, Option<i32>)> =
        found.rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>()[..2], [again[0].1, again[1].1]);
    assert!(again[1].2.is_none() && again[0].2.unwrap() > 99_000, "{again:?}");
    drop(found);
    place
        .run("load", "t", &["in.csv", "--columns", "k,v", "--ttl", "9"])
        .ended(0, "4 rows written");
    let found = place.query("SELECT ttl(v) FROM load_times.t WHERE k = 4").await;
    assert!(found.one_row::<(i32,)>().unwrap().0 <= 9);
    drop(found);
    place.close().await;
}

#[tokio::test]
async fn counters_are_added() {
    let table = "CREATE TABLE KS.t (k int, c text, n counter, m counter, PRIMARY KEY (k, c))";
    let place = Place::new("load_counters", &[table]).await;
    place.write("in.csv", "n,k,c,m\n5,1,a,\n-2,1,a,9\n");
    place.run("load", "t", &["in.csv"]).ended(0, "2 rows written");
    let found = place.query("SELECT n, m FROM load_counters.t").await;
    assert_eq!(found.one_row::<(i64, i64)>().unwrap(), (3, 9));
    drop(found);
    place.run("load", "t", &["in.csv", "--ttl", "1"]).ended(2, "counters have neither");
    place.close().await;
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_writes_nothing() {
    let place = Place::new("load_dry", &[TABLE]).await;
    place.write("in.csv", "k,v,note\n1,1,x\n2,x,x\n");
    let args = ["in.csv", "--dry-run", "--progress", "progress"];
    place.run("load", "t", &args).ended(1, "1 rows are good, 1 lines rejected");
    assert_eq!(place.count("t").await, 0);
    assert!(!place.path("progress").exists());
    place.close().await;
}

#[tokio::test]
async fn too_many_rejected_lines_stop_it() {
    let place = Place::new("load_stops", &[TABLE]).await;
    let lines: String = (0..50_000).map(|_| "x,1,x\n").collect();
    place.write("in.csv", format!("k,v,note\n{lines}"));
    let args = ["in.csv", "--max-rejected", "3", "--rejected", "bad.csv"];
    place.run("load", "t", &args).ended(1, "more than 3 lines were rejected");
    assert!(place.read("bad.csv").lines().count() >= 4);
    place.close().await;
}

#[tokio::test]
async fn a_line_that_is_too_long_is_rejected_and_the_rest_is_written() {
    let place = Place::new("load_long", &[TABLE]).await;
    let long = "x,y\n".repeat(1_000);
    let line = format!("2,2,\"{long}\"\n");
    place.write("in.csv", format!("k,v,note\n1,1,x\n{line}3,3,x\n4,x,x\n"));
    let args = ["in.csv", "--max-line-bytes", "1000", "--rejected", "bad.csv"];
    place.run("load", "t", &args).ended(1, "2 rows written, 2 lines rejected");
    // What is in it is not kept, and where it is.
    assert_eq!(place.read("bad.csv"), "k,v,note\n4,x,x\n");
    let reasons = place.read("bad.csv.reasons");
    let said = format!("line 3, byte 15: it has {} bytes, and may have 1000", line.len());
    assert!(reasons.starts_with(&said) && reasons.lines().count() == 2, "{reasons}");
    // Alone, it has no lines in the file of lines, and its reason is there all the same.
    place.write("in.jsonl", format!("{{\"k\": 5, \"note\": \"{}\"}}\n", "x".repeat(1_000)));
    let args = ["in.jsonl", "--max-line-bytes", "1000", "--rejected", "bad.jsonl"];
    place.run("load", "t", &args).ended(1, "0 rows written, 1 lines rejected");
    assert_eq!(place.read("bad.jsonl"), "");
    assert!(place.read("bad.jsonl.reasons").starts_with("line 1, byte 0: it has 1021 bytes"));
    place.run("load", "t", &["in.csv"]).ended(1, "3 rows written, 1 lines rejected");
    place.run("load", "t", &["in.jsonl"]).ended(0, "1 rows written");
    assert_eq!(place.count("t").await, 4);
    place.close().await;
}

/// Rows are written while whoever writes the input takes their time.
#[tokio::test]
async fn standard_input_is_written_as_it_comes() {
    let place = Place::new("load_stdin", &[TABLE]).await;
    let mut command = place.command("load", "t", &["--progress", "progress"]);
    let mut load = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = load.stdin.take().unwrap();
    stdin.write_all(b"k,v,note\n1,1,x\n2,2,\"unfin").unwrap();
    file_has(&place.path("progress"), |text| text.contains("input 15 3\n")).await;
    assert_eq!(place.count("t").await, 1);
    stdin.write_all(b"ished\"\n").unwrap();
    drop(stdin);
    let run = tokio::task::spawn_blocking(|| Run::of(load.wait_with_output().unwrap()));
    let run = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
    run.ended(0, "2 rows written");
    // All of it was read, so that there is nothing to go on with.
    let mut again = place.command("load", "t", &["--progress", "progress"]);
    let mut load = again.stdin(Stdio::piped()).spawn().unwrap();
    load.stdin.take().unwrap().write_all(b"k,v,note\n1,1,x\n2,2,\"unfinished\"\n").unwrap();
    Run::of(load.wait_with_output().unwrap()).ended(0, "0 rows written");
    place.close().await;
}

/// Why a list that is not frozen is never sent twice: the second time does not take the place of the first,
/// if both have the same write time, as the attempts at one request have.
#[tokio::test]
async fn a_list_that_is_written_twice_at_one_time_is_there_twice() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, l list<int>, f frozen<list<int>>)";
    let place = Place::new("load_lists", &[table]).await;
    place.write("in.csv", "k,l,f,at\n1,[1],[1],7\n");
    for _ in 0..2 {
        let args = ["in.csv", "--timestamp-column", "at", "--timestamp-unit", "microseconds"];
        place.run("load", "t", &args).ended(0, "1 rows written");
    }
    let found = place.query("SELECT l, f FROM load_lists.t").await;
    assert_eq!(found.one_row::<(Vec<i32>, Vec<i32>)>().unwrap(), (vec![1, 1], vec![1]));
    drop(found);
    place.close().await;
}
