//! What is for the shell alone: how statements are executed, and how rows are shown.

use std::fmt::Display;
use std::io::Write;

use cqlwire::{Consistency, SerialConsistency};

use super::command::{Capture, Paging, Show};
use super::{PAGE_ROWS, PATIENCE, Shell};
use crate::connect;
use crate::exit::Failure;

impl Shell {
    pub(super) fn consistency(&mut self, level: Option<Consistency>) -> Result<(), Failure> {
        let Some(level) = level else {
            return self.say(format_args!("Current consistency level is {}.", self.consistency));
        };
        self.consistency = level;
        self.say(format_args!("Consistency level set to {level}."))
    }

    pub(super) fn serial_consistency(
        &mut self,
        level: Option<SerialConsistency>,
    ) -> Result<(), Failure> {
        let Some(level) = level else {
            let current = self.serial_consistency;
            return self.say(format_args!("Current serial consistency level is {current}."));
        };
        self.serial_consistency = level;
        self.say(format_args!("Serial consistency level set to {level}."))
    }

    pub(super) fn tracing(&mut self, on: Option<bool>) -> Result<(), Failure> {
        let said = switched("Tracing", "TRACING", &mut self.is_tracing, on);
        self.say(said)
    }

    pub(super) fn expand(&mut self, on: Option<bool>) -> Result<(), Failure> {
        let said = switched("Expanded output", "EXPAND", &mut self.is_expanded, on);
        self.say(said)
    }

    pub(super) fn paging(&mut self, paging: Paging) -> Result<(), Failure> {
        let mut is_on = self.page_rows.is_some();
        let on = match paging {
            Paging::Ask => None,
            Paging::On => Some(true),
            Paging::Off => Some(false),
            Paging::Rows(rows) => {
                self.page_rows = Some(rows);
                return self.say(format_args!("Page size: {rows}"));
            }
        };
        let mut said = switched("Query paging", "PAGING", &mut is_on, on);
        self.page_rows = is_on.then(|| self.page_rows.unwrap_or(PAGE_ROWS));
        if let Some(rows) = self.page_rows {
            said = format!("{said}\nPage size: {rows}");
        }
        self.say(said)
    }

    pub(super) fn capture(&mut self, capture: Capture) -> Result<(), Failure> {
        match (capture, self.sink.path().map(|path| path.display().to_string())) {
            (Capture::Ask, None) => self.say("Currently not capturing query output."),
            (Capture::Ask, Some(path)) => {
                self.say(format_args!("Currently capturing query output to '{path}'."))
            }
            (Capture::Off, _) => self.sink.release(),
            (Capture::To(path), None) => {
                self.sink.capture(&path)?;
                self.say(format_args!("Now capturing query output to '{}'.", path.display()))
            }
            (Capture::To(_), Some(path)) => {
                let why = format!("output goes to '{path}' already: CAPTURE OFF ends that");
                Err(Failure::refused(why))
            }
        }
    }

    /// Goes on as somebody else, in the same keyspace. Whoever cannot be logged in changes nothing.
    pub(super) async fn log_in(&mut self, user: &str) -> Result<(), Failure> {
        let password = tokio::task::block_in_place(|| connect::ask(user))?;
        let settings = self.settings.log_in(user, &password)?;
        let session = connect::connect(settings.builder()?).await?;
        if let Some(keyspace) = self.session.keyspace() {
            session.use_keyspace(&keyspace).await?;
        }
        self.settings = settings;
        let before = std::mem::replace(&mut self.session, session);
        before.close(PATIENCE).await;
        Ok(())
    }

    pub(super) async fn show(&mut self, what: Show) -> Result<(), Failure> {
        let text = match what {
            Show::Version => self.show_version().await?,
            Show::Host => self.show_host().await?,
            Show::Session(id) => self.session.trace(id).await?.to_string(),
        };
        Ok(writeln!(self.sink, "{text}")?)
    }

    pub(super) async fn show_host(&self) -> Result<String, Failure> {
        let topology = self.session.topology();
        let (host, _) = self.coordinator().await?;
        Ok(format!("Connected to {} at {host}", topology.cluster_name()))
    }

    pub(super) async fn show_version(&self) -> Result<String, Failure> {
        let (host, protocol) = self.coordinator().await?;
        let topology = self.session.topology();
        let known = topology.hosts().iter().find(|known| known.address().to_string() == host);
        let release = known.map_or("", |host| host.release_version());
        let own = env!("CARGO_PKG_VERSION");
        Ok(format!("[cqlwire {own} | Cassandra {release} | Native protocol {protocol}]"))
    }

    /// A host that answers, and the protocol that it is asked in.
    async fn coordinator(&self) -> Result<(String, String), Failure> {
        let answer = self.session.query("SELECT key FROM system.local", ()).await?;
        let page = answer.page();
        let text = |what: Option<&dyn Display>| what.map_or_else(String::new, ToString::to_string);
        let host = page.coordinator();
        let protocol = page.protocol();
        Ok((
            text(host.as_ref().map(|host| host as &dyn Display)),
            text(protocol.as_ref().map(|protocol| protocol as &dyn Display)),
        ))
    }
}

/// In the words of cqlsh.
fn switched(what: &str, command: &str, is_on: &mut bool, on: Option<bool>) -> String {
    let was_on = *is_on;
    *is_on = on.unwrap_or(was_on);
    match (on, was_on) {
        (None, true) => format!("{what} is currently enabled. Use {command} OFF to disable"),
        (None, false) => format!("{what} is currently disabled. Use {command} ON to enable."),
        (Some(true), true) => format!("{what} is already enabled. Use {command} OFF to disable."),
        (Some(true), false) => format!("Now {what} is enabled"),
        (Some(false), true) => format!("Disabled {what}."),
        (Some(false), false) => format!("{what} is not enabled."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_say_what_they_are_and_what_they_become() {
        let mut is_on = false;
        let mut say = |on| switched("Tracing", "TRACING", &mut is_on, on);
        assert_eq!(say(None), "Tracing is currently disabled. Use TRACING ON to enable.");
        assert_eq!(say(Some(true)), "Now Tracing is enabled");
        assert_eq!(say(Some(true)), "Tracing is already enabled. Use TRACING OFF to disable.");
        assert_eq!(say(Some(false)), "Disabled Tracing.");
        assert_eq!(say(Some(false)), "Tracing is not enabled.");
    }
}
