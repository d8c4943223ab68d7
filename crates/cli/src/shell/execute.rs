//! One command, and of a statement for the servers its pages.

use std::io::Write;
use std::time::Duration;

use cqlwire::{Pages, Trace};

use super::command::ShellCommand;
use super::input::Input;
use super::{Flow, Shell, help};
use crate::exit::Failure;
use crate::output::{Format, Look, Printer, Table};
use crate::query;

/// How many rows are asked for at a time where nobody waits for a page.
const ROWS: u32 = 1_000;

impl Shell {
    pub(super) async fn execute(
        &mut self,
        command: ShellCommand<'_>,
        input: &mut Input,
    ) -> Result<Flow, Failure> {
        match command {
            ShellCommand::Cql(text) => self.cql(text, input).await?,
            ShellCommand::Describe(text) => self.describe(text).await?,
            ShellCommand::Use(name) => self.session.use_keyspace(&name).await?,
            ShellCommand::Consistency(level) => self.consistency(level)?,
            ShellCommand::SerialConsistency(level) => self.serial_consistency(level)?,
            ShellCommand::Tracing(on) => self.tracing(on)?,
            ShellCommand::Expand(on) => self.expand(on)?,
            ShellCommand::Paging(paging) => self.paging(paging)?,
            ShellCommand::Source(path) => return self.source(&path).await,
            ShellCommand::Capture(capture) => self.capture(capture)?,
            ShellCommand::Login(user) => self.log_in(&user).await?,
            ShellCommand::Show(what) => self.show(what).await?,
            ShellCommand::Help(topic) => self.say(help::text(topic.as_deref()))?,
            ShellCommand::Clear if self.is_interactive => self.say("\u{1b}[2J\u{1b}[H")?,
            ShellCommand::Clear => {}
            ShellCommand::Exit => return Ok(Flow::Exit),
        }
        Ok(Flow::On)
    }

    /// Executes a statement, and shows its rows page by page.
    async fn cql(&mut self, text: &str, input: &mut Input) -> Result<(), Failure> {
        let waits = !self.page() && self.is_paged();
        let look = if self.sink.path().is_some() { Look::default() } else { self.look };
        let format = if self.is_expanded { Format::Vertical } else { Format::Table };
        let mut printer = Printer::new(format, look).header_on_each(waits);
        let mut pages = self.pages(text, waits);
        while let Some(page) = self.sink.unless_quit(pages.try_next()).await?? {
            printer.page(&page, &self.session.schema(), &mut self.sink)?;
            query::warnings(&page).for_each(|warning| self.sink.notice(warning));
            self.traces.extend(page.tracing_id());
            let is_last = page.paging_state().is_none();
            self.sink.show().await?;
            if waits && !is_last && !input.wants_more()? {
                break;
            }
        }
        printer.end(&mut self.sink)?;
        if printer.has_begun() {
            writeln!(self.sink)?;
        }
        self.sink.show().await
    }

    /// What servers have traced of the last statement.
    pub(super) async fn show_traces(&mut self) -> Result<(), Failure> {
        for id in std::mem::take(&mut self.traces) {
            let trace = self.session.trace(id).await?;
            self.show_trace(&trace)?;
        }
        Ok(self.sink.flush()?)
    }

    fn pages(&self, text: &str, waits: bool) -> Pages {
        let rows = self.page_rows.filter(|_| waits).unwrap_or(ROWS);
        let execution = self.session.query(text, ()).page_size(rows).tracing(self.is_tracing);
        let execution = execution.consistency(self.consistency);
        execution.serial_consistency(self.serial_consistency).pages()
    }

    fn show_trace(&mut self, trace: &Trace) -> Result<(), Failure> {
        let micros = |time: Duration| time.as_micros().to_string();
        let row = |activity: &str, source: String, elapsed: String| {
            Table::texts([activity.to_owned(), source, elapsed])
        };
        let mut rows: Vec<_> =
            vec![row(&trace.request, trace.coordinator.to_string(), "0".to_owned())];
        for event in &trace.events {
            let elapsed = event.elapsed.map_or_else(String::new, micros);
            rows.push(row(&event.activity, event.source.to_string(), elapsed));
        }
        rows.push(row("Request complete", trace.coordinator.to_string(), micros(trace.duration)));
        writeln!(self.sink, "Tracing session: {}\n", trace.id)?;
        let table = Table::of(&["activity", "source", "source_elapsed (us)"], self.look);
        table.whole(&rows, &mut self.sink)?;
        Ok(writeln!(self.sink)?)
    }
}
