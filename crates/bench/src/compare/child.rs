//! The processes that are started, and are gone when their handle is.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Case;
use crate::Result;
use crate::measure::Round;

/// A process that is killed when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct Owned(pub(crate) Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The program beside this one.
pub(super) fn sibling(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// A client, connected, that waits for its turn.
#[derive(Debug)]
pub(super) struct Client {
    _process: Owned,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts a client that is timed.
    pub(super) fn timed(case: &Case, server: &super::Server) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("client");
        Self::start(command, case, server)
    }

    /// Starts a client that counts what it allocates.
    pub(super) fn counted(case: &Case, server: &super::Server) -> Result<Self> {
        Self::start(Command::new(sibling("cqlwire-bench-counted")?), case, server)
    }

    fn start(mut command: Command, case: &Case, server: &super::Server) -> Result<Self> {
        command.args(["--client", case.client.name(), "--work", case.work.name()]);
        command.args(["--runtime", case.runtime.name(), "--rate", &case.rate.to_string()]);
        command.args(["--in-flight", &case.in_flight.to_string()]);
        command.args(["--server", &server.address.to_string()]);
        if let Some(core) = server.client_core {
            command.args(["--core", &core.to_string()]);
        }
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut process = Owned(process);
        let input = process.0.stdin.take().ok_or("a child has its input")?;
        let output = process.0.stdout.take().ok_or("a child has its output")?;
        let mut client = Self { _process: process, input, output: BufReader::new(output) };
        client.line()?;
        Ok(client)
    }

    /// One round.
    pub(super) fn round(&mut self, measured: Duration) -> Result<Round> {
        writeln!(self.input, "{}", measured.as_millis())?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a client ended before its time; what it said is above".into());
        }
        Ok(line)
    }
}
