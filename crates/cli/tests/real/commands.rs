//! One command at a time: what it writes, what it says, what it ends with.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::Cqlwire;

const USERS: &str = "SELECT * FROM users WHERE id IN (7, 8, 9)";

#[tokio::test]
async fn rows_are_written_as_tables_lines_csv_and_json() {
    let cqlwire = Cqlwire::with_users("cli_formats").await;
    let query = |format| cqlwire.run(&["query", "-k", "cli_formats", "-o", format, USERS]).done();
    assert_eq!(query("table"), include_str!("screens/query_table.txt"));
    assert_eq!(query("vertical"), include_str!("screens/query_vertical.txt"));
    assert_eq!(query("csv"), include_str!("screens/query.csv"));
    assert_eq!(query("json"), include_str!("screens/query.jsonl"));
}

#[tokio::test]
async fn values_are_read_by_the_types_of_their_markers() {
    let cqlwire = Cqlwire::with_users("cli_values").await;
    let insert =
        "INSERT INTO cli_values.users (id, name, home, tags) VALUES (:id, :name, :home, :tags)";
    let home = "home={street: 'Back; lane', number: 2}";
    let named = ["-p", "id=-3", "-p", "name=null", "-p", home, "-p", "tags={'x'}"];
    let args: Vec<&str> = ["query", insert].into_iter().chain(named).collect();
    assert_eq!(cqlwire.run(&args).done(), "");

    let select = "SELECT * FROM cli_values.users WHERE id = ?";
    let found = cqlwire.run(&["query", "-o", "json", select, "-3"]).done();
    let expected =
        r#"{"id": -3, "home": {"street": "Back; lane", "number": 2}, "name": null, "tags": ["x"]}"#;
    assert_eq!(found.trim_end(), expected);

    let told = |args: &[&str]| cqlwire.run(args).failed(2);
    let wrong = told(&["query", select, "x"]);
    assert!(wrong.starts_with("id: `x` is no int; allowed: a whole number"), "{wrong}");
    let lacking = "the statement wants 1 values, 0 were given: `id` (int)";
    assert_eq!(told(&["query", select]), lacking);
}

#[tokio::test]
async fn pages_and_limits_change_nothing_but_how_much_there_is() {
    let cqlwire = Cqlwire::with_users("cli_pages").await;
    let all = |more: &[&str]| {
        let args = ["query", "-o", "csv", "SELECT id FROM cli_pages.users"];
        cqlwire.run(&[&args, more].concat()).done()
    };
    let whole = all(&[]);
    assert_eq!(whole.lines().count(), 4, "{whole}");
    assert_eq!(all(&["--page-size", "1"]), whole);
    assert_eq!(all(&["--page-size", "1", "--limit", "2"]).lines().count(), 3);
}

#[tokio::test]
async fn a_statement_comes_from_a_file_or_from_standard_input_too() {
    let cqlwire = Cqlwire::with_users("cli_input").await;
    let text = "-- the one\nSELECT name FROM cli_input.users WHERE id = 8;\n";
    let args = ["query", "-o", "csv", "-"];
    assert_eq!(cqlwire.fed(&args, text).done(), "name\n漢字\n");
    let file = cqlwire.home.path().join("one.cql");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(cqlwire.run(&["query", "-o", "csv", "-f", file]).done(), "name\n漢字\n");
    let several = cqlwire.fed(&["query", "-"], "SELECT 1; SELECT 2;").failed(2);
    assert!(several.starts_with("there are several statements"), "{several}");
}

#[tokio::test]
async fn each_host_says_how_it_is() {
    let cqlwire = Cqlwire::shared().await;
    let out = cqlwire.run(&["ping", "-n", "2"]).done();
    let mut lines = out.lines();
    assert!(lines.next().unwrap().starts_with("Cluster: "), "{out}");
    let header: Vec<&str> = lines.next().unwrap().split('|').map(str::trim).collect();
    let expected =
        ["host", "dc", "rack", "version", "protocol", "TLS", "fastest", "mean", "slowest"];
    assert_eq!(header, expected);
    let host: Vec<&str> = lines.nth(1).unwrap().split('|').map(str::trim).collect();
    assert!(host[3].starts_with(['3', '4', '5', '6']) && host[4].starts_with('v'), "{out}");
    assert_eq!(host[5], "no");
    assert!(host[6..].iter().all(|time| time.ends_with(" ms")), "{out}");
}

#[tokio::test]
async fn what_makes_a_type_again_is_shown() {
    let cqlwire = Cqlwire::with_users("cli_describe").await;
    let described = |name| cqlwire.run(&["describe", name]).done();
    let made = "CREATE TYPE cli_describe.address (\n    street text,\n    number int\n);\n";
    assert_eq!(described("cli_describe.address"), made);
    let keyspace = described("cli_describe");
    assert!(keyspace.contains(made) && keyspace.contains("CREATE TABLE cli_describe.users ("));
    let in_flag = cqlwire.run(&["describe", "-k", "cli_describe", "address"]).done();
    assert_eq!(in_flag, made);
    let list = cqlwire.run(&["describe"]).done();
    let row = list.lines().find(|line| line.starts_with(" cli_describe ")).unwrap();
    assert!(row.contains("| 1      | 0     | 1     | SimpleStrategy"), "{list}");
    let none = cqlwire.run(&["describe", "cli_describe.Nothing"]).failed(1);
    assert_eq!(none, "cli_describe has no table, view or type nothing");
}

#[tokio::test]
async fn a_table_is_scanned() {
    let cqlwire = Cqlwire::with_users("cli_scan").await;
    let ran =
        cqlwire.run(&["scan", "cli_scan.users", "--columns", "ID, name, ttl(name)", "-o", "json"]);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    let expected = [
        r#"{"id": 7, "name": "Ada; it's", "ttl(name)": null}"#,
        r#"{"id": 8, "name": "漢字", "ttl(name)": null}"#,
        r#"{"id": 9, "name": null, "ttl(name)": null}"#,
    ];
    assert_eq!(lines, expected);
    assert!(ran.code == 0 && ran.told.starts_with("100.0 %"), "{}", ran.told);
}

#[tokio::test]
async fn exit_codes_tell_what_went_wrong() {
    let cqlwire = Cqlwire::with_users("cli_codes").await;
    let refused = cqlwire.run(&["query", "SELECT * FROM cli_codes.nothing"]).failed(1);
    assert!(refused.contains("table nothing does not exist"), "{refused}");
    let late = ["query", "--timeout", "1us", "SELECT * FROM cli_codes.users"];
    assert!(cqlwire.run(&late).failed(4).starts_with("timeout"));
    let usage = cqlwire.run(&["query", "USE cli_codes"]).failed(2);
    assert!(usage.contains("--keyspace"), "{usage}");
    let nobody = cqlwire.run(&["ping", "-H", "127.0.0.1:1"]).failed(3);
    assert!(nobody.starts_with("no host available"), "{nobody}");
    let tracing =
        cqlwire.run(&["query", "--tracing", "-o", "csv", "SELECT id FROM cli_codes.users"]);
    assert_eq!(tracing.code, 0, "{}", tracing.told);
    assert!(tracing.told.contains("Execute CQL3 query"), "{}", tracing.told);
}

#[tokio::test]
async fn colour_is_for_terminals_and_for_whoever_asks() {
    let cqlwire = Cqlwire::with_users("cli_colour").await;
    let query = ["query", "SELECT id, name FROM cli_colour.users WHERE id = 9"];
    assert!(!cqlwire.run(&query).done().contains('\u{1b}'));
    let always = cqlwire.run(&[&["--color", "always"], &query[..]].concat()).done();
    assert!(always.contains("\u{1b}[31mnull\u{1b}[0m"), "{always:?}");
}

#[tokio::test]
async fn whoever_reads_no_further_is_no_failure() {
    let cqlwire = Cqlwire::shared().await;
    let mut command = cqlwire.command();
    command.args([
        "query",
        "-o",
        "json",
        "--page-size",
        "1",
        "SELECT * FROM system_schema.columns",
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"keyspace_name\""), "{first}");
    // Nobody holds the other end of the pipe by now.
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), told.as_str()), (Some(0), ""));
}
