//! The shell at a terminal, as somebody types: what is then on the screen, and in the history.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use cqlwire_testkit::cassandra::Cluster;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
#[cfg(target_os = "linux")]
use {
    cqlwire_testkit::eventually,
    nix::sys::signal::{Signal, kill},
    nix::unistd::Pid,
    std::process::Stdio,
    std::time::Duration,
};

use crate::Cqlwire;

/// How long an answer may take, in milliseconds.
const PATIENCE: u64 = 60_000;

const KEY_UP: &str = "\u{1b}[A";

/// A terminal of 60 lines and 120 columns, and what is on it.
pub(crate) struct Terminal {
    session: PtySession,
    screen: vt100::Parser,
}

impl Terminal {
    fn shell(cqlwire: &Cqlwire) -> Self {
        let mut terminal = Self::of(cqlwire, &["shell"]);
        terminal.until("cqlwire> ");
        terminal
    }

    fn of(cqlwire: &Cqlwire, args: &[&str]) -> Self {
        let mut command = cqlwire.command();
        command.args(args);
        Self::running(command)
    }

    pub(crate) fn running(mut command: Command) -> Self {
        command.env("NO_COLOR", "1");
        let options = Options::new().timeout_ms(Some(PATIENCE));
        let session = spawn_with_options(command, options).unwrap();
        Self { session, screen: vt100::Parser::new(60, 120, 0) }
    }

    /// Waits until this has been written.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        let before = self.session.exp_string(text);
        let before = before.unwrap_or_else(|error| panic!("{text}: {error}"));
        // What comes is given as characters, one a byte.
        let bytes = before.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap());
        self.screen.process(&bytes.collect::<Vec<u8>>());
        self.screen.process(text.as_bytes());
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// A line, and then the prompt once more.
    #[track_caller]
    pub(crate) fn line(&mut self, text: &str, prompt: &str) {
        self.keys(text);
        self.keys("\r");
        self.until("\n");
        self.until(prompt);
    }

    /// What is on the screen, without the banner.
    fn shown(&self) -> String {
        let contents = self.screen.screen().contents();
        let lines = contents.lines().skip_while(|line| !line.starts_with("cqlwire> "));
        lines.map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// All that is on the screen, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.screen.screen().contents().lines().map(|line| line.trim_end().to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn end(mut self) {
        self.keys("\u{4}");
        self.session.exp_eof().unwrap();
    }
}

#[tokio::test]
async fn somebody_types_completes_and_looks() {
    let cqlwire = Cqlwire::with_users("cli_typed").await;
    let mut terminal = Terminal::shell(&cqlwire);
    terminal.keys("use cli_ty\t");
    terminal.until("cli_typed");
    terminal.line(";", "cqlwire:cli_typed> ");
    terminal.keys("SELECT id, name FROM us\t");
    terminal.until("users");
    terminal.line("", "... ");
    terminal.keys("WHERE na\t\u{8}\u{8}\u{8}\u{8}id IN (7, 8);");
    terminal.line("", "cqlwire:cli_typed> ");
    terminal.line("SELECT nothing FROM users;", "cqlwire:cli_typed> ");
    terminal.line("PAGING 2", "cqlwire:cli_typed> ");
    terminal.line("SELECT id FROM users WHERE id IN (7, 8, 9);", "---MORE---");
    terminal.keys(" ");
    terminal.until("cqlwire:cli_typed> ");
    // What is typed and abandoned is not sent.
    terminal.line("DROP TABLE", "... ");
    terminal.keys("\u{3}");
    terminal.until("cqlwire:cli_typed> ");
    terminal.line("SELECT count(*) FROM users;", "cqlwire:cli_typed> ");
    let shown = terminal.shown().replace(cqlwire.host(), "{host}");
    let (before, after) = shown.split_once(" (after ").unwrap();
    let (_, after) = after.split_once(')').unwrap();
    assert_eq!(format!("{before}{after}"), include_str!("screens/typed.txt"));
    terminal.end();
}

#[tokio::test]
async fn history_is_kept_for_oneself_and_without_secrets() {
    let cqlwire = Cqlwire::with_users("cli_history").await;
    let mut terminal = Terminal::shell(&cqlwire);
    terminal.line("SELECT id", "... ");
    terminal.line("FROM cli_history.users WHERE id = 7;", "cqlwire> ");
    terminal.line("CREATE ROLE ada WITH PASSWORD = 'enigma';", "cqlwire> ");
    // Each statement is kept at once, since nobody knows how the shell ends.
    let file = cqlwire.home.path().join(".local/state/cqlwire/history");
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains(r"SELECT id\nFROM cli_history.users WHERE id = 7;"), "{kept}");
    assert!(!kept.contains("enigma"), "{kept}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    terminal.end();
    // The next one has it, where the last one stood.
    let mut terminal = Terminal::shell(&cqlwire);
    terminal.keys(KEY_UP);
    terminal.until("WHERE id = 7;");
    terminal.line("", "(1 rows)");
    terminal.until("cqlwire> ");
    terminal.end();
}

#[tokio::test]
async fn passwords_are_asked_for_and_not_shown() {
    let cluster = Cluster::builder().password().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let mut terminal = Terminal::of(&cqlwire, &["shell", "-u", "cassandra"]);
    terminal.until("Password of cassandra: ");
    terminal.line("cassandra", "cassandra@cqlwire> ");
    let create = "CREATE ROLE eve WITH PASSWORD = 'open' AND LOGIN = true;";
    terminal.line(create, "cassandra@cqlwire> ");
    // Whoever cannot be logged in changes nothing.
    terminal.line("LOGIN eve", "Password of eve: ");
    terminal.line("sesame", "authentication failed");
    terminal.until("cassandra@cqlwire> ");
    terminal.line("LOGIN eve", "Password of eve: ");
    terminal.line("open", "eve@cqlwire> ");
    terminal.line("SELECT key FROM system.local;", "(1 rows)");
    terminal.until("eve@cqlwire> ");
    let shown = terminal.screen.screen().contents();
    assert!(!shown.contains("sesame") && shown.matches("open").count() == 1, "{shown}");
    terminal.end();
}

#[tokio::test]
async fn ctrl_c_abandons_the_request_and_not_the_shell() {
    let cluster = Cluster::builder().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let mut terminal = Terminal::shell(&cqlwire);
    terminal.line("SELECT key FROM system.local;", "(1 rows)");
    terminal.until("cqlwire> ");
    // A server that is silent: the request would wait for 30 s.
    cluster.node(1).pause();
    terminal.keys("SELECT key FROM system.local;\r");
    terminal.until("\n");
    terminal.keys("\u{3}");
    terminal.until("interrupted");
    terminal.until("cqlwire> ");
    // Any other command ends.
    #[cfg(target_os = "linux")]
    interrupted(&cqlwire).await;
    cluster.node(1).resume();
    terminal.line("SELECT key FROM system.local;", "(1 rows)");
    terminal.until("cqlwire> ");
    terminal.end();
}

/// A command that waits for a server ends by Ctrl-C, with the code that says so.
#[cfg(target_os = "linux")]
async fn interrupted(cqlwire: &Cqlwire) {
    let mut ping = cqlwire.command();
    ping.arg("ping").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ping = ping.spawn().unwrap();
    let status = format!("/proc/{}/status", ping.id());
    let hears_interrupts = || {
        let status = fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
    };
    let patience = Duration::from_millis(PATIENCE);
    eventually(patience, "the command hears interrupts", hears_interrupts).await;
    kill(Pid::from_raw(ping.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let ended = ping.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "cqlwire: interrupted\n");
}
