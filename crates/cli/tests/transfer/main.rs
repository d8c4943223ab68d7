//! `load`, `export` and `count` as a person runs them: the built command, with a real Cassandra.
#![allow(clippy::panic, clippy::unwrap_used, reason = "here a panic is a failed test")]

#[cfg(unix)]
mod ends;
mod exports;
mod loads;
#[cfg(feature = "parquet")]
mod parquet;
mod round_trip;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, Session};
use cqlwire_testkit::cassandra;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A keyspace of its own in the node that tests share, with a folder for files.
struct Place {
    session: Session,
    keyspace: &'static str,
    hosts: String,
    folder: TempDir,
}

impl Place {
    /// Makes the keyspace anew, with these tables and types in it.
    async fn new(keyspace: &'static str, statements: &[&str]) -> Self {
        let points = cassandra::shared().await.contact_points();
        let points: Vec<String> = points.iter().map(ToString::to_string).collect();
        let profile = ExecutionProfile::default().consistency(Consistency::One);
        let profile = profile.timeout(Duration::from_secs(30));
        let builder = Session::builder().contact_points(points.clone()).profile(profile);
        let session = builder.connect().await.unwrap();
        let (hosts, folder) = (points.join(","), tempfile::tempdir().unwrap());
        let place = Self { session, keyspace, hosts, folder };
        place.query(&format!("DROP KEYSPACE IF EXISTS {keyspace}")).await;
        let replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
        place.query(&format!("CREATE KEYSPACE {keyspace} WITH replication = {replication}")).await;
        for statement in statements {
            place.query(&statement.replace("KS", keyspace)).await;
        }
        place
    }

    async fn query(&self, statement: &str) -> cqlwire::QueryResult {
        let outcome = self.session.query(statement, ()).await;
        outcome.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// All rows of a query, each as the text of its cells.
    async fn rows(&self, select: &str) -> Vec<Vec<Option<Vec<u8>>>> {
        let found = self.query(&select.replace("KS", self.keyspace)).await;
        let rows = found.rows::<cqlwire::value::Row<'_>>().unwrap();
        let mut all = Vec::new();
        for row in rows {
            let row = row.unwrap();
            let mut cells = row.cells();
            let mut bytes = Vec::new();
            while let Some(cell) = cells.raw().unwrap() {
                bytes.push(cell.bytes.map(<[u8]>::to_vec));
            }
            all.push(bytes);
        }
        all.sort();
        all
    }

    async fn count(&self, table: &str) -> i64 {
        let found = self.query(&format!("SELECT count(*) FROM {}.{table}", self.keyspace)).await;
        found.one_row::<(i64,)>().unwrap().0
    }

    /// Does the server have vectors? Those before 5.0 have none.
    async fn has_vectors(&self) -> bool {
        let found = self.query("SELECT release_version FROM system.local").await;
        !found.one_row::<(String,)>().unwrap().0.starts_with(['3', '4'])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// `cqlwire COMMAND KEYSPACE.TABLE ...`, in the folder.
    fn command(&self, command: &str, table: &str, args: &[&str]) -> Command {
        let mut cqlwire = Command::new(env!("CARGO_BIN_EXE_cqlwire"));
        cqlwire.args(["--host", &self.hosts, "--timeout", "30s", command]);
        cqlwire.arg(format!("{}.{table}", self.keyspace)).args(args);
        cqlwire
            .current_dir(self.folder.path())
            .env_remove("CQLWIRE_URL")
            .env("HOME", "/nonexistent");
        cqlwire.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        cqlwire
    }

    fn run(&self, command: &str, table: &str, args: &[&str]) -> Run {
        Run::of(self.command(command, table, args).output().unwrap())
    }

    async fn close(self) {
        self.session.close(Duration::from_secs(10)).await;
        assert!(self.session.resources().is_zero(), "{}", self.session.resources());
    }
}

/// What the command came to.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Asserts how it ended, and what it said.
    #[track_caller]
    fn ended(self, code: i32, said: &str) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.stderr.contains(said), "{self:#?}");
        self
    }
}

/// Waits until a file has this in it.
async fn file_has(path: &Path, what: impl Fn(&str) -> bool) {
    let has = || std::fs::read_to_string(path).is_ok_and(|text| what(&text));
    cqlwire_testkit::eventually(PATIENCE, "the file has it", has).await;
}
