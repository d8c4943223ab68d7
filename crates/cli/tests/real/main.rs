//! The command as people use it: the binary, with a real Cassandra, which the testkit starts.
//!
//! What it shows is kept as text in `screens/`: what differs from server to server stands there as
//! `{host}` and the like.
#![allow(clippy::panic, clippy::unwrap_used, reason = "here a panic is a failed test")]

mod bench;
mod commands;
mod connecting;
#[cfg(unix)]
mod loads;
#[cfg(unix)]
mod pager;
mod scripts;
#[cfg(unix)]
mod terminal;
#[cfg(target_os = "linux")]
mod top;

use std::io::Write;
use std::process::{Command, Stdio};

use cqlwire_testkit::cassandra;
use tempfile::TempDir;

/// The command in an environment of its own: a home in which nothing is, and no variables of ours.
struct Cqlwire {
    home: TempDir,
    url: String,
}

/// What became of it.
#[derive(Debug)]
struct Ran {
    out: String,
    told: String,
    code: i32,
}

impl Cqlwire {
    /// With the server that tests share.
    async fn shared() -> Self {
        let points = cassandra::shared().await.contact_points();
        let points: Vec<String> = points.iter().map(ToString::to_string).collect();
        Self::at(&points.join(","))
    }

    fn at(points: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, url: format!("cql://{points}?connect_timeout=60s&profile.timeout=30s") }
    }

    /// The first server, as it is named in messages.
    #[cfg(unix)]
    fn host(&self) -> &str {
        self.url.trim_start_matches("cql://").split(['?', ',']).next().unwrap()
    }

    /// A keyspace of its own, with a table of users in it.
    async fn with_users(keyspace: &str) -> Self {
        let cqlwire = Self::shared().await;
        let script = include_str!("users.cql").replace("{keyspace}", keyspace);
        cqlwire.fed(&["shell"], &script).done();
        cqlwire
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cqlwire"));
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            let is_of_ours = shown.starts_with("CQLWIRE_") || shown.starts_with("XDG_");
            if is_of_ours || matches!(&*shown, "NO_COLOR" | "PAGER" | "LESS") {
                command.env_remove(&name);
            }
        }
        command.env("HOME", self.home.path()).env("TERM", "xterm").env("CQLWIRE_URL", &self.url);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.fed(args, "")
    }

    /// With this on its standard input.
    fn fed(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command();
        command.args(args);
        ran(&mut command, input)
    }
}

fn ran(command: &mut Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that needs no input may have ended by now.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        told: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

impl Ran {
    /// What it wrote, if all went well and nothing was said about it.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.code, self.told.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// What it said, in one line, if it ended with this code and wrote nothing else.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.told);
        let line = self.told.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        line.strip_prefix("cqlwire: ").unwrap().to_owned()
    }
}
