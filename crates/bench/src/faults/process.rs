//! The process of one driver: what it is told, and what it tells.
//!
//! The first line of its input is its [`Task`]. It connects, says so, and is under load until the
//! next line; then it waits for what is still on its way, and writes its [`Record`]. It ends with its
//! input, so that it does not outlive whoever started it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::load::load;
use super::{Driver, Kind, Record, driver};
use crate::Result;
use crate::compare::Owned;

/// If it is tuned: after how long another execution is begun, and how many beside the first. The same
/// for all.
pub(super) const TUNED_DELAY: Duration = Duration::from_millis(100);
/// See [`TUNED_DELAY`].
pub(super) const TUNED_MOST: u32 = 2;

/// Who works how on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Who.
    pub driver: Kind,
    /// With speculative execution?
    pub tuned: bool,
    /// Where the servers are, or the links to them.
    pub contact_points: Vec<SocketAddr>,
    /// Where servers say that they are, and where the links to them are.
    pub translated: Vec<(SocketAddr, SocketAddr)>,
    /// Whose hosts are asked.
    pub data_center: String,
    /// Of a request, in milliseconds.
    pub timeout: u64,
    /// To each host.
    pub connections: usize,
    /// By how many texts it reads, and by how many it inserts.
    pub statements: usize,
    /// Idempotent requests a second.
    pub rate: u64,
    /// Appends a second.
    pub appends: u64,
    /// The first id that it writes.
    pub first: i64,
}

/// Reads a row.
pub(super) const READ: &str = "SELECT id, name, payload FROM faults.rows WHERE id = ?";
/// Inserts a row.
pub(super) const WRITE: &str = "INSERT INTO faults.rows (id, name, payload) VALUES (?, ?, ?)";
/// Appends to the list of a row.
pub(super) const APPEND: &str = "UPDATE faults.marks SET marks = marks + ? WHERE id = ?";

/// Is the process of a driver, to its end.
///
/// # Errors
///
/// It does not connect, or whoever started it is gone.
pub fn client() -> Result<()> {
    let mut task = String::new();
    io::stdin().read_line(&mut task)?;
    let task: Task = serde_json::from_str(&task)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let record = match task.driver {
        Kind::Cqlwire => runtime.block_on(work::<driver::Cqlwire>(&task)),
        #[cfg(feature = "peers")]
        Kind::Scylla => runtime.block_on(work::<driver::Scylla>(&task)),
        #[cfg(feature = "peers")]
        Kind::CdrsTokio => runtime.block_on(work::<driver::Cdrs>(&task)),
    }?;
    writeln!(io::stdout(), "{}", serde_json::to_string(&record)?)?;
    Ok(())
}

async fn work<D: Driver>(task: &Task) -> Result<Record> {
    let driver = D::connect(task).await?;
    writeln!(io::stdout(), "ready")?;
    let (end, ended) = oneshot::channel();
    thread::Builder::new().spawn(move || {
        let read = io::stdin().read_line(&mut String::new());
        if read.is_ok_and(|bytes| bytes > 0) {
            end.send(()).unwrap_or_default();
            io::copy(&mut io::stdin(), &mut io::sink()).unwrap_or_default();
        }
        std::process::exit(0);
    })?;
    load(driver, task, ended).await
}

/// The process of a driver, seen from outside.
#[derive(Debug)]
pub(super) struct Process {
    process: Owned,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it, and waits until it is connected.
    pub(super) fn start(task: &Task) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("client").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Owned(command.spawn()?);
        let input = process.0.stdin.take().ok_or("a child has its input")?;
        let output = process.0.stdout.take().ok_or("a child has its output")?;
        let mut driver = Self { process, input, output: BufReader::new(output) };
        writeln!(driver.input, "{}", serde_json::to_string(task)?)?;
        driver.line()?;
        Ok(driver)
    }

    /// Ends its load, and gives what became of all requests.
    pub(super) fn end(mut self) -> Result<Record> {
        writeln!(self.input, "end")?;
        let record = serde_json::from_str(&self.line()?)?;
        drop(self.process);
        Ok(record)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a driver ended before its time; what it said is above".into());
        }
        Ok(line)
    }
}
