//! The command, as a person or `make` calls it, and what is left when it is killed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Once, mpsc};
use std::thread;
use std::time::Duration;

use cqlwire_testkit::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::signal::unix::{self, SignalKind};

use crate::raw::{OPTIONS, SUPPORTED, ask};

/// Where the checkout keeps what it has downloaded.
const JARS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/cassandra/jars");
const CASSANDRA: &str = env!("CARGO_BIN_EXE_cassandra");
/// How long the supervisor may take. Docker has its own idea of at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place that has nothing in common with the checkout's but the jars. What is started there is
/// meant to stay when its starter ends, so that somebody else has to end it with the test.
struct Home {
    /// Shuts down what is up once its input ends: when this is dropped, and when the test binary is
    /// killed.
    watch: Child,
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(JARS).unwrap();
        std::os::unix::fs::symlink(JARS, directory.path().join("jars")).unwrap();
        let watch = "trap '' HUP INT TERM; read -r line; exec \"$0\" down";
        let mut watch = command("sh", directory.path(), &["-c", watch, CASSANDRA]);
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Self { watch: watch.spawn().unwrap(), directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let down = self.watch.wait();
        assert!(down.unwrap().success() || thread::panicking(), "it could not be shut down");
    }
}

/// A command that runs while the test does something to it, and no longer than the test.
struct Starter(Child);

impl Starter {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), signal).unwrap();
    }

    /// What it says, line by line.
    fn said(&mut self) -> impl Iterator<Item = String> + use<> {
        BufReader::new(self.0.stderr.take().unwrap()).lines().map_while(Result::ok)
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

/// Whoever runs tests in the background has SIGINT ignored, and programs inherit that; one that is
/// caught is theirs as it is for everybody else. Ctrl-C goes on to end this binary.
fn let_programs_be_interrupted() {
    static CAUGHT: Once = Once::new();
    CAUGHT.call_once(|| {
        let (caught, is_caught) = mpsc::channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut interrupted = unix::signal(SignalKind::interrupt()).unwrap();
                caught.send(()).unwrap();
                interrupted.recv().await;
                std::process::exit(128 + Signal::SIGINT as i32);
            });
        });
        is_caught.recv().unwrap();
    });
}

fn cassandra(home: &Path, arguments: &[&str]) -> Command {
    command(CASSANDRA, home, arguments)
}

fn command(program: &str, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
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

/// A port for clients that nobody has, and with it the one that goes with it. No other test gets
/// it, in no checkout on this machine, as long as the lock lasts.
struct Port {
    number: String,
    _lock: File,
}

impl Port {
    fn take() -> Self {
        (29_042..29_142).find_map(Self::of).unwrap()
    }

    fn of(number: u16) -> Option<Self> {
        let file = std::env::temp_dir().join(format!("cqlwire-port-{number}.lock"));
        let lock = File::create(file).ok()?;
        lock.try_lock().ok()?;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        let number =
            [number, number - 2042].into_iter().all(is_free).then(|| number.to_string())?;
        Some(Self { number, _lock: lock })
    }
}

#[test]
fn up_and_down() {
    let port = Port::take();
    let home = Home::new();
    let up = || cassandra(home.path(), &["up", "--port", &port.number]);
    let (is_up, text) = done(up());
    let name = format!("dev-plain-{}", port.number);
    assert!(is_up && text.contains(&format!("{name} (Cassandra ")), "{text}");
    let (_, address) = first_node(&home.path().join(&name));
    assert_eq!(address.port().to_string(), port.number);
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);

    let (is_up, text) = done(up());
    assert!(is_up && text.contains("was up already"), "{text}");
    let (is_up, text) = done(cassandra(home.path(), &["up", "--tls"]));
    assert!(!is_up && text.contains(&format!("{name} is up: `cassandra down` first")), "{text}");
    let (is_up, text) = done(cassandra(home.path(), &["status"]));
    assert!(is_up && text.contains(&format!("127.0.0.1:{} answers", port.number)), "{text}");
    let (_, text) = done(cassandra(home.path(), &["logs", "--lines", "1000"]));
    assert!(text.contains("Starting listening for CQL clients"), "{text}");
    // What is up is what tests share.
    let (shares, text) = done(cassandra(home.path(), &["run", "--", "true"]));
    assert!(shares && text.contains(&format!("sharing {name}")), "{text}");

    let (is_down, text) = done(cassandra(home.path(), &["down"]));
    assert!(is_down && text.contains(&format!("{name} is down")), "{text}");
    TcpStream::connect(address).unwrap_err();
    let (is_up, text) = done(cassandra(home.path(), &["status"]));
    assert!(!is_up && text.contains("nothing is up"), "{text}");
}

#[tokio::test]
async fn a_killed_starter_leaves_nothing_behind() {
    let home = Home::new();
    // The inner `run` is handed the node of the outer one; the end of its input ends it.
    let inner = format!("{} run -- echo && read -r line", env!("CARGO_BIN_EXE_cassandra"));
    let mut starter = cassandra(home.path(), &["run", "--", "sh", "-c", &inner]);
    starter.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut starter = Starter(starter.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(starter.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "\n");
    assert!(starter.said().any(|line| line == "cassandra: sharing shared, which is up"));
    let (pid, address) = first_node(&home.path().join("shared"));
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);

    starter.signal(Signal::SIGKILL);
    until_gone(pid, address).await;
}

#[tokio::test]
async fn an_interrupted_start_leaves_nothing_behind() {
    let_programs_be_interrupted();
    let port = Port::take();
    let home = Home::new();
    let mut starter = cassandra(home.path(), &["up", "--port", &port.number]);
    let mut starter = Starter(starter.stderr(Stdio::piped()).spawn().unwrap());
    let name = format!("dev-plain-{}", port.number);
    assert!(starter.said().any(|line| line.contains(&format!("{name} starts"))));
    let (pid, address) = first_node(&home.path().join(name));
    starter.signal(Signal::SIGINT);
    until_gone(pid, address).await;
    assert_eq!(starter.0.wait().unwrap().signal(), Some(Signal::SIGINT as i32));
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
