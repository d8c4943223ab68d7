//! What hosts do, as lines and on a screen: with a cluster of its own, so that the load is known.

use std::process::Command;
use std::time::{Duration, Instant};

use cqlwire::Session;
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use rexpect::process::{Signal, WaitStatus};
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use serde_json::Value;

use crate::Cqlwire;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_host_says_what_it_does_and_keeps_its_row_while_it_is_silent() {
    let cluster = Cluster::builder().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let load = Load::begin(&points).await;
    lines(&cqlwire);

    let mut top = Top::start(&cqlwire, &["-i", "1s"]);
    top.until("up, with requests", |screen| {
        let row = host(screen, cqlwire.host());
        row.contains(" up ") && row.contains("100.0%")
    })
    .await;
    top.keys("w");
    top.until("sorted", |screen| screen.contains("every 1s, by writes")).await;

    // It is drawn anew in a smaller window, with fewer columns.
    top.resize(60, 12);
    top.until("smaller", |screen| {
        host(screen, cqlwire.host()).contains(" up ")
            && screen.contains("answer")
            && !screen.contains("blocked")
    })
    .await;
    top.resize(160, 30);
    top.until("larger", |screen| screen.contains("share") && screen.contains("version")).await;

    // A server that is silent.
    cluster.node(1).pause();
    top.until("silent", |screen| {
        let row = host(screen, cqlwire.host());
        row.contains(" silent ") && row.contains("no answer for ") && screen.contains("1 silent")
    })
    .await;
    cluster.node(1).resume();
    top.until("up again", |screen| host(screen, cqlwire.host()).contains(" up ")).await;
    top.keys("q");
    assert_eq!(top.ended().await, 0);

    for (end, code) in [(End::CtrlC, 130), (End::Signal(Signal::SIGTERM), 143)] {
        let mut top = Top::start(&cqlwire, &["-i", "1s"]);
        top.until("up", |screen| host(screen, cqlwire.host()).contains(" up ")).await;
        match end {
            End::CtrlC => top.keys("\u{3}"),
            End::Signal(signal) => top.session.process_mut().signal(signal).unwrap(),
        }
        assert_eq!(top.ended().await, code);
    }
    load.end().await;
}

/// The rows of a script: so many times, and a number for all that the load does.
fn lines(cqlwire: &Cqlwire) {
    let out = cqlwire.run(&["top", "-o", "json", "-n", "2", "-i", "2s"]).done();
    let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2, "{out}");
    let row = &rows[1];
    assert_eq!((&row["host"], &row["state"]), (&cqlwire.host().into(), &"up".into()), "{row}");
    assert_eq!((&row["share"], &row["errors"]), (&1.0.into(), &0.into()), "{row}");
    let [requests, reads, writes] =
        ["/requests_per_second", "/reads/per_second", "/writes/per_second"]
            .map(|path| row.pointer(path).and_then(Value::as_f64).unwrap());
    // As many are read as are written, and nobody else asks.
    assert!(reads > 1.0 && writes > 1.0, "{row}");
    assert!((requests - reads - writes).abs() < 0.2 * requests, "{row}");
    for kind in ["reads", "writes"] {
        assert_eq!(row[kind]["slowest"]["table"], "cli_top.users", "{row}");
    }
    // The connections of the load: one is for events.
    assert_eq!(row["clients"], 3, "{row}");
    let table = cqlwire.run(&["top", "--once", "-i", "500ms"]).done();
    let titles: Vec<&str> = table.lines().nth(1).unwrap().split('|').map(str::trim).collect();
    assert_eq!((titles[0], titles[5], titles[18]), ("host", "clients", "note"), "{table}");
}

/// Somebody reads and writes, as fast as it goes.
struct Load(tokio::task::JoinHandle<()>, tokio::sync::oneshot::Sender<()>);

impl Load {
    async fn begin(points: &[String]) -> Self {
        let session = Session::builder().contact_points(points).connect().await.unwrap();
        for cql in [
            "CREATE KEYSPACE cli_top WITH replication = \
             {'class': 'SimpleStrategy', 'replication_factor': 1}",
            "CREATE TABLE cli_top.users (id int PRIMARY KEY, name text)",
        ] {
            session.query(cql, ()).await.unwrap();
        }
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let goes_on = tokio::spawn(async move {
            let insert = "INSERT INTO cli_top.users (id, name) VALUES (?, ?)";
            while stopped.try_recv().is_err() {
                // While the server is silent, they fail.
                drop(session.query(insert, (1, "Ada")).await);
                drop(session.query("SELECT * FROM cli_top.users WHERE id = ?", (1,)).await);
            }
            session.close(PATIENCE).await;
        });
        Self(goes_on, stop)
    }

    async fn end(self) {
        self.1.send(()).unwrap();
        self.0.await.unwrap();
    }
}

/// How it is ended.
enum End {
    CtrlC,
    Signal(Signal),
}

/// A terminal, and what is on it.
struct Top {
    session: PtySession,
    screen: vt100::Parser,
}

/// The line of the host.
fn host<'a>(screen: &'a str, host: &str) -> &'a str {
    screen.lines().find(|line| line.starts_with(host)).unwrap_or_default()
}

impl Top {
    fn start(cqlwire: &Cqlwire, args: &[&str]) -> Self {
        let top = cqlwire.command();
        let mut command = Command::new("sh");
        command.args(["-c", "stty rows 30 cols 160; exec \"$@\"", "sh"]);
        command.arg(top.get_program()).arg("top").args(args);
        for (name, value) in top.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let options = Options::new().timeout_ms(Some(PATIENCE.as_millis().try_into().unwrap()));
        let session = spawn_with_options(command, options).unwrap();
        Self { session, screen: vt100::Parser::new(30, 160, 0) }
    }

    fn read(&mut self) {
        while let Some(byte) = self.session.try_read() {
            self.screen.process(&[u8::try_from(u32::from(byte)).unwrap()]);
        }
    }

    /// Waits until this is on the screen.
    async fn until(&mut self, what: &str, is_shown: impl Fn(&str) -> bool) {
        let began = Instant::now();
        let mut shown = String::new();
        while began.elapsed() < PATIENCE {
            self.read();
            shown = self.screen.screen().contents();
            if is_shown(&shown) {
                assert!(self.screen.screen().alternate_screen());
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it is not {what}:\n{shown}");
    }

    fn keys(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// As if somebody pulled at the window.
    fn resize(&mut self, columns: u16, rows: u16) {
        let terminal = self.session.process().get_file_handle().unwrap();
        let [columns_text, rows_text] = [columns, rows].map(|number| number.to_string());
        let mut stty = Command::new("stty");
        stty.args(["cols", &columns_text, "rows", &rows_text]).stdin(terminal);
        assert!(stty.status().unwrap().success());
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// What it ended with. The terminal is as it was.
    async fn ended(mut self) -> i32 {
        let mut status = None;
        eventually(PATIENCE, "it has ended", || {
            self.read();
            status = self.session.process().status();
            matches!(status, Some(WaitStatus::Exited(..)))
        })
        .await;
        self.session.exp_eof().map(|rest| self.screen.process(rest.as_bytes())).unwrap();
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{}", screen.contents());
        match status {
            Some(WaitStatus::Exited(_, code)) => code,
            status => panic!("{status:?}"),
        }
    }
}
