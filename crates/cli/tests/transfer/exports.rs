//! Exports and counts: what is written, and where.

use super::Place;

#[tokio::test]
async fn a_table_is_written_to_a_file_or_to_standard_output() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, \"V\" text, n int)";
    let insert = "INSERT INTO KS.t (k, \"V\", n) VALUES (1, '', null)";
    let place = Place::new("export_plain", &[table, insert]).await;
    let run = place.run("export", "t", &[]).ended(0, "1 rows");
    assert_eq!(run.stdout, "k,V,n\n1,\"\",\n");
    let run = place.run("export", "t", &["--columns", "V,k", "--no-header", "--null", "-"]);
    assert_eq!(run.ended(0, "1 rows").stdout, "\"\",1\n");
    let run = place.run("export", "t", &["out.jsonl"]).ended(0, "1 rows");
    assert_eq!(run.stdout, "");
    assert_eq!(place.read("out.jsonl"), "{\"k\": 1, \"\\\"V\\\"\": \"\", \"n\": null}\n");
    let run = place.run("export", "t", &["--where", "n > 0"]).ended(0, "0 rows");
    assert_eq!(run.stdout, "k,V,n\n");
    place.run("export", "t", &["--columns", "x"]).ended(2, "no column `x`");
    place.run("export", "t", &["--progress", "p"]).ended(2, "--progress is of a file");
    // What fails leaves nothing behind.
    place.run("export", "t", &["out.csv", "--where", "no condition"]).ended(1, "");
    assert!(!place.path("out.csv").exists() && !place.path("out.csv.part.tmp").exists());
    place.close().await;
}

#[tokio::test]
async fn write_times_of_what_is_kept_in_parts_are_left_out() {
    let table = "CREATE TABLE KS.t (k int PRIMARY KEY, l list<int>, f frozen<list<int>>)";
    let insert = "INSERT INTO KS.t (k, l, f) VALUES (1, [1], [2]) USING TIMESTAMP 7 AND TTL 100000";
    let place = Place::new("export_times", &[table, insert]).await;
    let run = place.run("export", "t", &["--with-writetime"]).ended(0, "writetime(l) is left out");
    assert_eq!(run.stdout, "k,f,l,writetime(f)\n1,[2],[1],7\n");
    let run = place.run("export", "t", &["--with-ttl", "--columns", "k,f"]).ended(0, "1 rows");
    let left = run.stdout.strip_prefix("k,f,ttl(f)\n1,[2],").unwrap().trim_end();
    assert!((99_000..=100_000).contains(&left.parse().unwrap()), "{run:#?}");
    place.close().await;
}

#[tokio::test]
async fn rows_are_counted() {
    let table = "CREATE TABLE KS.t (k int, c int, s int static, PRIMARY KEY (k, c))";
    let place = Place::new("count", &[table]).await;
    let count = |args: &[&str]| place.run("count", "t", args).ended(0, "").stdout;
    assert_eq!(count(&[]), "0\n");
    let rows = (0..10_000).map(|row| (row / 10, row % 10));
    let insert = "INSERT INTO count.t (k, c) VALUES (?, ?)";
    place.session.insert_all(insert, rows).idempotent(true).await.unwrap();
    assert_eq!(count(&[]), "10000\n");
    assert_eq!(count(&["--where", "c < 3", "--page-size", "100"]), "3000\n");
    place.close().await;
}
