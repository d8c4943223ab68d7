//! A pager: a program such as `less`, by which people look at what is more than a screen. It is given what is to
//! be seen through a pipe, page by page, and takes it as far as somebody looks: what it does not take is not
//! asked for. Whoever quits it has seen enough, which is no failure.

use std::env;
use std::io::{self, IsTerminal};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use crate::exit::Failure;

/// The flags about it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PagerArgs {
    /// On a terminal, show rows through this program, such as less; '' is none [default: PAGER]
    #[arg(long, value_name = "COMMAND", env = "CQLWIRE_PAGER")]
    pager: Option<String>,
    /// Show rows without a pager
    #[arg(long)]
    no_pager: bool,
}

impl PagerArgs {
    /// The program, if there is to be one: it is for whoever looks at a terminal.
    pub(crate) fn command(&self) -> Option<String> {
        let is_wanted = !self.no_pager && io::stdout().is_terminal();
        let named = || self.pager.clone().or_else(|| env::var("PAGER").ok());
        is_wanted.then(named).flatten().filter(|command| !command.trim().is_empty())
    }
}

/// One that runs. Whoever started it [waits](Self::finish) for its end, since the terminal is its own until
/// then.
#[derive(Debug)]
pub(super) struct Pager {
    command: String,
    child: Child,
    /// Until there is nothing more to come.
    pipe: Option<ChildStdin>,
}

/// What `less` is told unless `LESS` tells it: to end by itself where all fits on the screen and leave it
/// there, to show colours, and to cut off lines instead of wrapping them, which makes tables unreadable.
const OF_LESS: &str = "FRSX";

impl Pager {
    pub(super) fn start(command: &str) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format_args!("the pager `{command}` cannot be started: {error}"))
        };
        let mut shell = shell(command);
        if env::var_os("LESS").is_none() {
            shell.env("LESS", OF_LESS);
        }
        let mut child = shell.stdin(Stdio::piped()).spawn().map_err(failed)?;
        let pipe = child.stdin.take();
        Ok(Self { command: command.to_owned(), child, pipe })
    }

    /// Gives it this, as fast as somebody looks at it.
    pub(super) async fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let pipe = self.pipe.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        pipe.write_all(text).await?;
        pipe.flush().await
    }

    /// Ends once it has been quit. Dropped before, it loses nothing.
    pub(super) async fn quit(&mut self) -> io::Result<()> {
        self.child.wait().await.map(drop)
    }

    /// Nothing more comes: waits until it has been quit. Dropped before, it can be waited for once more.
    pub(super) async fn finish(&mut self) -> Result<(), Failure> {
        self.pipe = None;
        let command = &self.command;
        // So shells say that there is no such program, or none that can be executed.
        match self.child.wait().await?.code() {
            Some(code @ (126 | 127)) => Err(Failure::usage(format_args!(
                "the pager `{command}` cannot be started, exit code {code}; --no-pager shows rows without it"
            ))),
            _ => Ok(()),
        }
    }
}

/// A command as people write it: with arguments, and quotes, and other programs behind it.
fn shell(command: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell
}
