//! A program that runs: what it says, how it is stopped, and how it ends.

use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::PATIENCE;

/// It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    lines: UnboundedReceiver<String>,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, lines) = unbounded_channel();
        // Read whether or not anybody listens: a program waits where its output is full.
        tokio::spawn(async move {
            while let Some(line) = said.next_line().await.unwrap() {
                // Nobody listens any more once the test is over.
                let _listened = sender.send(line);
            }
        });
        Self { child, lines }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().unwrap();
        kill(Pid::from_raw(id.try_into().unwrap()), signal).unwrap();
    }

    /// The rest of the first line with this in it.
    pub(crate) async fn says(&mut self, what: &str) -> String {
        let find = async {
            loop {
                let line = self.lines.recv().await.expect("it ended before it said so");
                if let Some((_, rest)) = line.split_once(what) {
                    return rest.to_owned();
                }
            }
        };
        timeout(PATIENCE, find).await.unwrap()
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}
