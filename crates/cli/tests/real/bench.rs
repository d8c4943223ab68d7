//! A load of one's own statements: what is then in the table, and what is told of it.

use std::fs;

use serde_json::Value;

use crate::Cqlwire;

/// With a table of its own.
async fn with_table(keyspace: &str) -> Cqlwire {
    let cqlwire = Cqlwire::shared().await;
    let script = format!(
        "CREATE KEYSPACE {keyspace} WITH replication = \
         {{'class': 'SimpleStrategy', 'replication_factor': 1}};\n\
         CREATE TABLE {keyspace}.t (k int PRIMARY KEY, v text, n tinyint);\n"
    );
    cqlwire.fed(&["shell"], &script).done();
    cqlwire
}

impl Cqlwire {
    fn count(&self, query: &str) -> usize {
        self.run(&["query", "-o", "csv", query]).done().lines().skip(1).count()
    }
}

#[tokio::test]
async fn a_load_sends_what_is_drawn_and_tells_what_came_of_it() {
    let cqlwire = with_table("cli_bench").await;
    let report = cqlwire.home.path().join("new.json");
    let report = report.to_str().unwrap();
    let insert = "INSERT INTO cli_bench.t (k, v, n) VALUES (?, ?, ?)";
    let values =
        ["--value", "k=sequence(1..300)", "--value", "v=text(5..9)", "--value", "n=value(7)"];
    let inserted = |more: &[&str]| {
        let args = [&["bench", insert, "--count", "300", "--report", report], &values[..], more];
        cqlwire.run(&args.concat()).done()
    };
    let told = inserted(&["--concurrency", "8"]);
    assert!(told.starts_with("answered   300 in ") && told.contains("failed     0"), "{told}");
    assert_eq!(cqlwire.count("SELECT k FROM cli_bench.t WHERE n = 7 ALLOW FILTERING"), 300);
    let rows = || cqlwire.run(&["query", "-o", "csv", "SELECT k, v FROM cli_bench.t"]).done();
    let first = rows();
    assert!(first.lines().skip(1).all(|row| {
        let length = row.split_once(',').unwrap().1.len();
        (5..=9).contains(&length)
    }));

    // With the same seed the same, by whatever pace; with another one not.
    cqlwire.run(&["query", "TRUNCATE cli_bench.t"]).done();
    let told = inserted(&["--rate", "600"]);
    assert_eq!(rows(), first, "{told}");
    let json: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((&json["answered"], &json["load"]["rate"]), (&300.into(), &600.0.into()), "{json}");
    // 300 at 600 a second are half a second, and no server is asked to be faster.
    let seconds = json["seconds"].as_f64().unwrap();
    assert!(seconds >= 0.49, "{json}");
    let by_second = json["by_second"].as_array().unwrap();
    assert_eq!(by_second.iter().filter_map(Value::as_u64).sum::<u64>(), 300, "{json}");
    assert!(json["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{json}");
    inserted(&["--seed", "2"]);
    assert_ne!(rows(), first);

    let compared = cqlwire.run(&["bench", "--compare", report, report]).done();
    let answered = compared.lines().find(|line| line.contains("answered/s")).unwrap();
    assert!(answered.trim_end().ends_with("| 1.00"), "{compared}");
}

#[tokio::test]
async fn statements_take_turns_and_those_that_fail_are_told_by_kind() {
    let cqlwire = with_table("cli_bench_turns").await;
    let [select, update] = [
        "SELECT v FROM cli_bench_turns.t WHERE k = :k",
        "UPDATE cli_bench_turns.t SET n = :n WHERE k = :k",
    ];
    let values = ["--value", "k=uniform(1..9)", "--value", "n=sequence(1..9)"];
    let args = [&["bench", select, update, "--weights", "3,1", "--count", "40"], &values[..]];
    let told = cqlwire.run(&args.concat()).done();
    assert!(
        told.contains("30 answered, 0 failed") && told.contains("10 answered, 0 failed"),
        "{told}"
    );

    // A level that no single server reaches.
    let failing = cqlwire.run(&[&args.concat()[..], &["-c", "THREE"]].concat());
    assert_eq!(failing.code, 1, "{failing:?}");
    assert!(failing.told.ends_with("40 of 40 requests failed\n"), "{failing:?}");
    assert!(failing.out.contains("error      40 unavailable"), "{failing:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let cqlwire = with_table("cli_bench_wrong").await;
    let insert = "INSERT INTO cli_bench_wrong.t (k, n) VALUES (?, ?)";
    let told = |values: &[&str]| {
        let args = [&["bench", insert, "--count", "5"], values].concat();
        cqlwire.run(&args).failed(2)
    };
    let lacking = told(&["--value", "k=sequence(1..9)"]);
    assert!(
        lacking.ends_with("the values of `n` (tinyint) are lacking: --value 'n=...'"),
        "{lacking}"
    );
    let wide = told(&["--value", "k=sequence(1..9)", "--value", "n=uniform(0..200)"]);
    assert!(wide.contains("`n`: `200` is no tinyint; allowed: a whole number from -128"), "{wide}");
    let both = ["--value", "k=sequence(1..9)", "--value", "n=value(1)"];
    let unknown = told(&[&both[..], &["--value", "x=uuid"]].concat());
    assert_eq!(unknown, "--value x: there is no such bind marker");
    let nowhere = told(&[&both[..], &["--report", "/nowhere/new.json"]].concat());
    assert!(nowhere.ends_with("there is no such folder"), "{nowhere}");
    assert_eq!(cqlwire.count("SELECT k FROM cli_bench_wrong.t"), 0);

    // A run that is all warm-up has measured nothing.
    let args =
        [&["bench", insert, "--warmup", "200ms", "--duration", "1ms", "--rate", "1"], &both[..]];
    let none = cqlwire.run(&args.concat());
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.told.ends_with("no request was sent that counts\n"), "{none:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_ends_a_run_with_what_was_measured() {
    use std::process::Stdio;
    use std::time::Duration;

    use cqlwire_testkit::eventually;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let cqlwire = with_table("cli_bench_interrupted").await;
    let mut command = cqlwire.command();
    command.args(["bench", "INSERT INTO cli_bench_interrupted.t (k) VALUES (?)"]);
    command.args(["--value", "k=sequence(1..1000000)", "--duration", "10m", "--concurrency", "4"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let has_begun = || cqlwire.count("SELECT k FROM cli_bench_interrupted.t LIMIT 1") != 0;
    eventually(Duration::from_secs(60), "rows come", has_begun).await;
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(told.starts_with("answered   ") && !told.starts_with("answered   0 "), "{told}");
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "cqlwire: interrupted\n");
}

/// A server that stops for a second: requests that were due meanwhile have waited for it, although few
/// were under way.
#[tokio::test]
async fn with_a_rate_latency_counts_from_when_a_request_was_due() {
    use std::process::Stdio;
    use std::time::Duration;

    use cqlwire_testkit::cassandra::Cluster;
    use cqlwire_testkit::eventually;

    let cluster = Cluster::builder().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let keyspace = "CREATE KEYSPACE due WITH replication = \
                    {'class': 'SimpleStrategy', 'replication_factor': 1}; \
                    CREATE TABLE due.t (k int PRIMARY KEY);";
    cqlwire.fed(&["shell"], keyspace).done();
    let report = cqlwire.home.path().join("due.json");
    let mut command = cqlwire.command();
    command.args(["bench", "INSERT INTO due.t (k) VALUES (?)", "--value", "k=sequence(1..1000)"]);
    command.args(["--rate", "200", "--concurrency", "4", "--duration", "6s", "--report"]);
    command.arg(&report).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let has_begun = || cqlwire.count("SELECT k FROM due.t LIMIT 1") != 0;
    eventually(Duration::from_secs(60), "rows come", has_begun).await;
    cluster.node(1).pause();
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.node(1).resume();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let json: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    // A sixth of all waited for half a second on average; but four, were it told from when they were sent.
    assert!(json["latency_ms"]["p95"].as_f64().unwrap() > 300.0, "{json}");
    assert!(json["latency_ms"]["max"].as_f64().unwrap() > 900.0, "{json}");
}
