//! `shell`: statements as they are typed, or as they come from a file or from standard input.
//!
//! ```text
//!   input (a terminal with editor and history, or lines) --> statements --> command --+--> settings
//!                                                                                     +--> execute
//! ```
//!
//! `input.rs` is where lines come from, `editor.rs` that of a terminal, `complete.rs` what it completes and `more.rs`
//! what it is asked between pages;
//! `command.rs` says what a statement is, `settings.rs` does what is for the shell alone, `execute.rs` and
//! `describe.rs` what is for the servers; `help.rs` is what HELP says.

mod command;
mod complete;
mod describe;
mod editor;
mod execute;
mod help;
mod input;
#[cfg(unix)]
mod more;
mod settings;
mod source;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use cqlwire::{Consistency, SerialConsistency, Session};
use uuid::Uuid;

use self::command::ShellCommand;
use self::input::{Input, Line};
use crate::connect::{self, ConnectionArgs, Settings};
use crate::exit::{Exit, Failure};
use crate::interruptible;
use crate::output::{self, Look, PagerArgs, Sink};
use crate::statements::Statements;

/// How the shell is used.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Without a terminal it reads statements from standard input, without prompts, and stops at the first
that fails, with its exit code.")]
pub(crate) struct Args {
    /// Execute these statements, and end
    #[arg(short, long, value_name = "CQL")]
    execute: Option<String>,
    /// Execute the statements of this file, and end
    #[arg(short, long, value_name = "FILE", conflicts_with = "execute")]
    file: Option<PathBuf>,
    /// Keep no history
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    pager: PagerArgs,
}

/// A session, and what was said of how it is used.
#[derive(Debug)]
pub(crate) struct Shell {
    settings: Settings,
    session: Session,
    consistency: Consistency,
    serial_consistency: SerialConsistency,
    is_tracing: bool,
    /// Of the statement that is executed.
    traces: Vec<Uuid>,
    is_expanded: bool,
    /// How many rows a page of a terminal has; `None` without pages.
    page_rows: Option<u32>,
    sink: Sink,
    /// By what results are paged, instead of page by page, if by anything.
    pager: Option<String>,
    look: Look,
    /// Does somebody sit there?
    is_interactive: bool,
    /// How many files are being read, one by another.
    depth: u8,
}

/// Whether the shell goes on.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    On,
    Exit,
}

/// As many rows as cqlsh has on a page.
const PAGE_ROWS: u32 = 100;

/// How long sessions may take to be closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads statements and executes them, to their end or to EXIT.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let is_interactive = args.execute.is_none() && args.file.is_none() && io::stdin().is_terminal();
    let settings = Settings::of(connection)?;
    let session = interruptible(connect::connect(settings.builder()?)).await?;
    let mut shell = Shell::new(settings, session, is_interactive)?;
    shell.pager = args.pager.command().filter(|_| is_interactive);
    let mut input = match (&args.execute, &args.file) {
        (Some(text), _) => Input::of_text(text)?,
        (None, Some(file)) => Input::of_file(file)?,
        (None, None) if is_interactive => Input::of_terminal(&shell.session, args.no_history)?,
        (None, None) => Input::of_standard_input()?,
    };
    if is_interactive {
        shell.greet().await?;
    }
    let ended = shell.read(&mut input).await;
    shell.session.close(PATIENCE).await;
    ended
}

impl Shell {
    fn new(settings: Settings, session: Session, is_interactive: bool) -> Result<Self, Failure> {
        let (consistency, serial_consistency) = settings.consistencies()?;
        Ok(Self {
            settings,
            session,
            consistency,
            serial_consistency,
            is_tracing: false,
            traces: Vec::new(),
            is_expanded: false,
            page_rows: Some(PAGE_ROWS),
            sink: Sink::default(),
            pager: None,
            look: Look::of_stdout(),
            is_interactive,
            depth: 0,
        })
    }

    /// Executes all statements of an input. Where somebody sits there, one that fails is told of, and
    /// the next one has its turn.
    async fn read(&mut self, input: &mut Input) -> Result<(), Failure> {
        let mut statements = Statements::default();
        loop {
            match input.line(&self.prompt(&statements), &statements, &self.session).await? {
                Line::Text(line) => statements.push(&line)?,
                Line::Abandoned => statements.clear(),
                Line::End => break,
            }
            while let Some(statement) = statements.take() {
                input.remember(&statement);
                match self.obey(&statement, input).await {
                    Ok(Flow::On) => {}
                    Ok(Flow::Exit) => return Ok(()),
                    // Nobody reads it any more.
                    Err(failure) if failure.exit == Exit::Done => return Err(failure),
                    Err(failure) if self.is_interactive => failure.tell(),
                    Err(failure) => return Err(input.at(failure)),
                }
            }
        }
        if statements.is_blank() || self.is_interactive {
            return Ok(());
        }
        Err(input.at(Failure::usage("the last statement has no end: `;` is lacking")))
    }

    /// Does one statement, to its end or to Ctrl-C.
    async fn obey(&mut self, statement: &str, input: &mut Input) -> Result<Flow, Failure> {
        let command = ShellCommand::parse(statement)?;
        self.traces.clear();
        let done = interruptible(self.execute(command, input)).await;
        // Ctrl-C ends what is asked; who looks at a pager still does.
        let flow = self.sink.end(done).await?;
        interruptible(self.show_traces()).await?;
        Ok(flow)
    }

    /// Does somebody look at results, who wants to see no more of them than a screen at a time?
    fn is_paged(&self) -> bool {
        self.is_interactive && self.sink.path().is_none() && self.page_rows.is_some()
    }

    /// From now on to the end of the statement, results go through the pager, if there is one. Is there?
    fn page(&mut self) -> bool {
        let by = self.pager.clone().filter(|_| self.is_paged());
        let is_paged = by.is_some();
        self.sink.page(by);
        is_paged
    }

    /// `cqlwire:shop> `, or what goes on there.
    fn prompt(&self, statements: &Statements) -> String {
        let user = self.settings.user().map_or_else(String::new, |user| format!("{user}@"));
        let keyspace = self.session.keyspace();
        let keyspace =
            keyspace.map_or_else(String::new, |name| format!(":{}", crate::name::written(&name)));
        let prompt = format!("{user}cqlwire{keyspace}> ");
        match statements.is_blank() {
            true => prompt,
            false => format!("{:>width$}", "... ", width = prompt.chars().count()),
        }
    }

    async fn greet(&mut self) -> Result<(), Failure> {
        let host = self.show_host().await?;
        let version = self.show_version().await?;
        writeln!(self.sink, "{host}\n{version}\nUse HELP for help.")?;
        Ok(self.sink.flush()?)
    }

    /// A message about the shell itself.
    fn say(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(output::stdout(), "{text}")?)
    }
}
