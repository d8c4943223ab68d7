//! Loads and exports that end in the middle, by Ctrl-C or killed, and go on.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Place, Run, file_has};

const TABLE: &str = "CREATE TABLE KS.t (k int PRIMARY KEY, v text)";

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// So many lines, of which each hundredth is wrong; some have line breaks in them.
fn lines(numbers: std::ops::Range<u32>) -> String {
    let line = |number: u32| match number % 100 {
        0 => format!("x{number},wrong\n"),
        50 => format!("{number},\"two\nlines\"\n"),
        _ => format!("{number},value {number}\n"),
    };
    numbers.map(line).collect()
}

/// The end of a load that was stopped and went on: each row is there, and each wrong line was rejected once.
async fn all_is_there(place: &Place, rows: u32) {
    let wrong: Vec<String> =
        (0..rows).step_by(100).map(|number| format!("x{number},wrong")).collect();
    let bad = place.read("bad.csv");
    assert_eq!(bad.lines().skip(1).collect::<Vec<_>>(), wrong, "each once, and in order");
    assert_eq!(place.read("bad.csv.reasons").lines().count(), wrong.len());
    assert_eq!(place.count("t").await, i64::from(rows - rows / 100));
}

const ARGS: [&str; 6] =
    ["--rejected", "bad.csv", "--progress", "progress", "--max-rejected", "100000"];

#[tokio::test]
async fn a_load_that_is_killed_goes_on_with_no_line_lost_and_none_rejected_twice() {
    let place = Place::new("load_killed", &[TABLE]).await;
    let (first, second, third) = (lines(0..3_000), lines(3_000..6_000), lines(6_000..20_000));
    let whole = format!("k,v\n{first}{second}{third}");
    place.write("in.csv", &whole);
    let args = [&["-"], &ARGS[..]].concat();
    let mut load = place.command("load", "t", &args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = load.stdin.take().unwrap();
    stdin.write_all(format!("k,v\n{first}").as_bytes()).unwrap();
    let reached = format!("input {} ", 4 + first.len());
    file_has(&place.path("progress"), |text| text.contains(&reached)).await;
    // More is written, and rejected, than is kept.
    stdin.write_all(second.as_bytes()).unwrap();
    let written = || async { place.count("t").await > 4_000 };
    while !written().await {}
    load.kill().unwrap();
    load.wait().unwrap();
    let args = [&["in.csv"], &ARGS[..]].concat();
    let run = place.run("load", "t", &args).ended(1, "200 lines were rejected");
    assert!(!run.stderr.contains("19800 rows written"), "it began anew: {run:#?}");
    all_is_there(&place, 20_000).await;
    // There is nothing left to do, and the lines that are wrong are still so.
    place.run("load", "t", &args).ended(1, "this load is complete");
    all_is_there(&place, 20_000).await;
    place.close().await;
}

#[tokio::test]
async fn ctrl_c_lets_what_is_under_way_finish_and_a_second_run_goes_on() {
    let place = Place::new("load_interrupted", &[TABLE]).await;
    let (first, rest) = (lines(0..2_000), lines(2_000..8_000));
    place.write("in.csv", format!("k,v\n{first}{rest}"));
    let args = [&["-"], &ARGS[..]].concat();
    let mut load = place.command("load", "t", &args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = load.stdin.take().unwrap();
    stdin.write_all(format!("k,v\n{first}1999,\"unfin").as_bytes()).unwrap();
    file_has(&place.path("progress"), |text| text.contains("rejected 20 ")).await;
    // It waits for the rest of a line, and does not wait any more.
    signal(&load, Signal::SIGINT);
    let run =
        tokio::task::spawn_blocking(|| Run::of(load.wait_with_output().unwrap())).await.unwrap();
    run.ended(130, "interrupted: all before line 2022 is done; a second run goes on there");
    drop(stdin);
    let kept = place.read("progress");
    assert!(kept.contains(&format!("input {} 2022\n", 4 + first.len())), "{kept}");
    let args = [&["in.csv"], &ARGS[..]].concat();
    place
        .run("load", "t", &args)
        .ended(1, "5940 rows written, 60 lines rejected (80 with those of runs before)");
    all_is_there(&place, 8_000).await;
    place.close().await;
}

#[tokio::test]
async fn a_progress_of_something_else_is_not_gone_on_with() {
    let place = Place::new("load_other", &[TABLE, "CREATE TABLE KS.u (k int PRIMARY KEY)"]).await;
    place.write("in.csv", "k,v\n1,1\n");
    let args = ["in.csv", "--progress", "progress"];
    place.run("load", "t", &args).ended(0, "1 rows written");
    place.run("load", "u", &args).ended(2, "it is of a load into");
    place.run("load", "t", &args).ended(0, "this load is complete");
    place.write("in.csv", "k,v\n2,2\n3,3\n");
    let said = "in.csv is not the input that this progress is of; remove progress";
    place.run("load", "t", &args).ended(2, said);
    place.write("in.csv", "k");
    place.run("load", "t", &args).ended(2, "less than the 8 bytes");
    place
        .run("export", "t", &["out.csv", "--progress", "progress"])
        .ended(2, "no progress of an export");
    place.close().await;
}

async fn fill(place: &Place, rows: usize) {
    let insert = format!("INSERT INTO {}.t (k, v) VALUES (?, ?)", place.keyspace);
    let rows = (0_i32..).take(rows).map(|row| (row, format!("value {row}, with a comma")));
    place.session.insert_all(&insert, rows).idempotent(true).await.unwrap();
}

/// Each row is in the file once.
fn has_all(place: &Place, rows: usize) {
    let text = place.read("out.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "k,v");
    let keys: BTreeSet<i32> =
        lines[1..].iter().map(|line| line.split_once(',').unwrap().0.parse().unwrap()).collect();
    assert_eq!((lines.len() - 1, keys.len()), (rows, rows));
    for left in ["out.csv.part", "progress"] {
        assert!(!place.path(left).exists(), "{left}");
    }
}

/// Page by page, so that it takes its time.
const SLOWLY: [&str; 7] =
    ["out.csv", "--progress", "progress", "--parallel", "1", "--page-size", "10"];

async fn begun(place: &Place) -> Child {
    let export = place.command("export", "t", &SLOWLY).spawn().unwrap();
    file_has(&place.path("progress"), |text| {
        let rows = text.lines().find_map(|line| line.strip_prefix("written ")?.split(' ').nth(1));
        rows.is_some_and(|rows| rows != "0")
    })
    .await;
    export
}

#[tokio::test]
async fn an_export_that_is_killed_or_terminated_goes_on_with_each_row_once() {
    let place = Place::new("export_killed", &[TABLE]).await;
    fill(&place, 60_000).await;
    let mut killed = begun(&place).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(place.path("out.csv.part").exists() && !place.path("out.csv").exists());
    place.run("export", "t", &["out.csv"]).ended(2, "out.csv.part is there");
    let other = ["out.csv", "--progress", "progress", "--columns", "k"];
    place.run("export", "t", &other).ended(2, "it is of another export");

    let terminated = place.command("export", "t", &SLOWLY).spawn().unwrap();
    let before = place.read("progress");
    file_has(&place.path("progress"), |text| text != before).await;
    signal(&terminated, Signal::SIGTERM);
    let run = Run::of(terminated.wait_with_output().unwrap());
    run.ended(143, "a second run goes on there");
    place.run("export", "t", &["out.csv", "--progress", "progress"]).ended(0, "60000 rows");
    has_all(&place, 60_000);
    place.close().await;
}
