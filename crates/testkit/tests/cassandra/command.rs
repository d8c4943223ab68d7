//! The command, as a person or `make` calls it, and what is left when it is killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cqlwire_testkit::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::raw::{OPTIONS, SUPPORTED, ask};

/// Where the checkout keeps what it has downloaded.
const JARS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/cassandra/jars");
/// How long the supervisor may take. Docker has its own idea of at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place that has nothing in common with the checkout's but the jars.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(JARS).unwrap();
    std::os::unix::fs::symlink(JARS, home.path().join("jars")).unwrap();
    home
}

fn cassandra(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cassandra"));
    command
        .args(arguments)
        .env("CQLWIRE_CASSANDRA_HOME", home)
        .env_remove("CQLWIRE_CASSANDRA_SHARED")
        .env_remove("CQLWIRE_CONTACT_POINTS")
        .stdin(Stdio::null());
    command
}

fn done(mut command: Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.success(), text)
}

/// The process that was started for the first node of a cluster, and where it answers.
fn first_node(cluster: &Path) -> (i32, SocketAddr) {
    let record = fs::read(cluster.join("running.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let port = record["ports"]["cql"].as_u64().unwrap().try_into().unwrap();
    let pid = record["servers"][0]["pid"].as_i64().unwrap().try_into().unwrap();
    (pid, SocketAddr::from(([127, 0, 0, 1], port)))
}

async fn until_gone(pid: i32, address: SocketAddr) {
    // Of a process that has ended and whose parent does not care, an empty command line is left.
    let is_gone = || match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => line.is_empty(),
        Err(_) => kill(Pid::from_raw(pid), None).is_err(),
    };
    eventually(PATIENCE, "the end of the server", is_gone).await;
    // Its sockets are the last to go.
    let is_closed = || TcpStream::connect(address).is_err();
    eventually(PATIENCE, "the end of its socket", is_closed).await;
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// A port from `first` on that nobody has, and with it the one that goes with it.
fn free_port(first: u16) -> u16 {
    let is_free = |port: &u16| {
        [*port, port - 2042].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
    };
    (first..first + 100).find(is_free).unwrap().to_owned()
}

#[test]
fn up_and_down() {
    let home = home();
    let port = free_port(29_042).to_string();
    let up = || cassandra(home.path(), &["up", "--port", &port]);
    let (is_up, text) = done(up());
    assert!(is_up && text.contains("dev-plain (Cassandra "), "{text}");
    let (_, address) = first_node(&home.path().join("dev-plain"));
    assert_eq!(address.port().to_string(), port);
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);

    let (is_up, text) = done(up());
    assert!(is_up && text.contains("was up already"), "{text}");
    let (is_up, text) = done(cassandra(home.path(), &["up", "--tls"]));
    assert!(!is_up && text.contains("dev-plain is up: `cassandra down` first"), "{text}");
    let (is_up, text) = done(cassandra(home.path(), &["status"]));
    assert!(is_up && text.contains(&format!("127.0.0.1:{port} answers")), "{text}");
    let (_, text) = done(cassandra(home.path(), &["logs", "--lines", "1000"]));
    assert!(text.contains("Starting listening for CQL clients"), "{text}");
    // What is up is what tests share.
    let (shares, text) = done(cassandra(home.path(), &["run", "--", "true"]));
    assert!(shares && text.contains("sharing dev-plain"), "{text}");

    let (is_down, text) = done(cassandra(home.path(), &["down"]));
    assert!(is_down && text.contains("dev-plain is down"), "{text}");
    TcpStream::connect(address).unwrap_err();
    let (is_up, text) = done(cassandra(home.path(), &["status"]));
    assert!(!is_up && text.contains("nothing is up"), "{text}");
}

#[tokio::test]
async fn a_killed_starter_leaves_nothing_behind() {
    let home = home();
    // The inner `run` is handed the node of the outer one; the end of its input ends it.
    let inner = format!("{} run -- echo && read -r line", env!("CARGO_BIN_EXE_cassandra"));
    let mut starter = cassandra(home.path(), &["run", "--", "sh", "-c", &inner])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(starter.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "\n");
    let said = BufReader::new(starter.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.into_iter().any(|line| line == "cassandra: sharing shared, which is up"));
    let (pid, address) = first_node(&home.path().join("shared"));
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);

    signal(&starter, Signal::SIGKILL);
    until_gone(pid, address).await;
    starter.wait().unwrap();
}

#[tokio::test]
async fn an_interrupted_start_leaves_nothing_behind() {
    let home = home();
    let port = free_port(29_542).to_string();
    let mut starter =
        cassandra(home.path(), &["up", "--port", &port]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(starter.stderr.take().unwrap()).lines().map_while(Result::ok);
    said.find(|line| line.contains("dev-plain starts")).unwrap();
    let (pid, address) = first_node(&home.path().join("dev-plain"));
    signal(&starter, Signal::SIGINT);
    until_gone(pid, address).await;
    assert!(!starter.wait().unwrap().success());
}

#[test]
fn a_machine_that_can_run_nothing_is_told_what_to_install() {
    let home = tempfile::tempdir().unwrap();
    let mut command = cassandra(home.path(), &["up"]);
    command.env("PATH", "/nowhere").env_remove("CQLWIRE_CASSANDRA");
    let (is_up, text) = done(command);
    assert!(!is_up);
    assert!(text.contains("Debian: sudo apt-get install"), "{text}");
    assert!(text.contains("macOS:  brew install"), "{text}");
}

#[test]
fn contact_points_are_used_and_never_replaced() {
    let home = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = cassandra(home.path(), &["up"]);
    command.env("CQLWIRE_CONTACT_POINTS", nobody.to_string());
    let (is_up, text) = done(command);
    assert!(!is_up);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(&format!("{nobody} does not answer CQL: ")), "{text}");
}
