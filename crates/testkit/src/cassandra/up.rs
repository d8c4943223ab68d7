//! The cluster that a person starts and stops by `cassandra up` and `cassandra down`.
//!
//! There is one at a time. Each variant has a directory of its own and finds its data again.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::certificates::Certificates;
use super::conversation::Conversation;
use super::home::{self, Home};
use super::launch::Plan;
use super::life::Life;
use super::node;
use super::ports::Ports;
use super::record::Record;
use super::source::Source;
use super::variant::{Encryption, Variant};
use super::version::Version;
use super::{Error, say, source};

/// The lock of whoever starts or stops it, and how the names of its directories begin.
const NAME: &str = "dev";
/// How long the ports of a server that has ended may still be taken.
const PORTS_LINGER: Duration = Duration::from_secs(2);
/// How long a node that runs may take for an answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A cluster that is up.
#[derive(Clone, Debug)]
pub struct Up {
    record: Record,
    directory: PathBuf,
}

impl Up {
    fn new(home: &Home, record: Record) -> Self {
        let directory = home.cluster(&record.name);
        Self { record, directory }
    }

    /// Its name, which is that of its directory.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Its version of Cassandra.
    pub fn version(&self) -> &str {
        &self.record.version
    }

    /// Where its data, its logs and its certificates are.
    pub const fn directory(&self) -> &PathBuf {
        &self.directory
    }

    /// What it is.
    pub const fn variant(&self) -> Variant {
        self.record.variant
    }

    /// Where its nodes answer.
    pub fn contact_points(&self) -> Vec<SocketAddr> {
        self.record.contact_points()
    }

    /// Its nodes: where they answer, and whether they do.
    pub fn nodes(&self) -> Vec<(SocketAddr, io::Result<()>)> {
        let asked = self.contact_points().into_iter();
        asked.map(|address| (address, self.ask(address))).collect()
    }

    /// The logs of its nodes, and the last lines of each.
    pub fn logs(&self, lines: usize) -> Vec<(PathBuf, String)> {
        logs(&self.directory, self.record.variant.nodes, lines)
    }

    fn ask(&self, address: SocketAddr) -> io::Result<()> {
        let tls = match self.record.variant.encryption {
            Encryption::None => None,
            Encryption::Tls | Encryption::MutualTls => {
                let own = Certificates::in_directory(&self.directory.join("tls"));
                let config = own.and_then(|own| own.client_config(true));
                Some(Arc::new(config.map_err(io::Error::other)?))
            }
        };
        Conversation::begin(address, tls.as_ref(), ANSWER)?.options()
    }

    fn is_whole(&self) -> bool {
        self.nodes().iter().all(|(_, answer)| answer.is_ok())
    }

    fn shut_down(&self) -> Result<(), Error> {
        say(&format!("{} shuts down", self.name()));
        // All at once, since each takes seconds.
        std::thread::scope(|scope| {
            let servers = self.record.servers.iter();
            let stopping: Vec<_> =
                servers.map(|server| scope.spawn(|| server.shut_down(node::STOP))).collect();
            let ends = stopping.into_iter().map(|thread| thread.join().unwrap_or(Ok(())));
            ends.collect::<Result<Vec<()>, Error>>()
        })?;
        Record::remove(&self.directory);
        Ok(())
    }
}

/// What came of [`up`].
#[derive(Debug)]
pub enum Outcome {
    /// It was up before.
    Running(Up),
    /// It is up now.
    Started(Up),
    /// The user has another one, which answers.
    Given(Vec<SocketAddr>),
}

/// Sees to it that a cluster of this variant is up, on this port for clients (default 9042), with
/// these settings in its `cassandra.yaml` beside the usual ones.
///
/// # Errors
///
/// Whatever keeps it from starting, with the last lines of the log; another cluster that is up; a
/// cluster of `CQLWIRE_CONTACT_POINTS` that does not answer.
pub fn up(
    variant: Variant,
    port: Option<u16>,
    settings: Vec<(String, String)>,
) -> Result<Outcome, Error> {
    if let Some(points) = source::contact_points()? {
        super::shared::shared_blocking()?;
        return Ok(Outcome::Given(points));
    }
    let (home, version) = (Home::of_project()?, Version::wanted()?);
    let lock = home.lock(NAME)?;
    let ports = port.map_or(Ok(Ports::DEFAULT), Ports::with_cql)?;
    let name = name(variant, &version, ports);
    if let Some(record) = running(&home) {
        let up = Up::new(&home, record);
        if up.name() != name || up.record.settings != settings {
            return Err(Error::AnotherIsUp { name: up.name().to_owned() });
        }
        if up.is_whole() {
            return Ok(Outcome::Running(up));
        }
        up.shut_down()?;
    }
    let source = Source::find(&home, &version)?;
    ports.wait_until_free(variant.nodes, PORTS_LINGER)?;
    let second = lock.try_clone().map_err(Error::file("lock", NAME))?;
    let plan = Plan {
        source,
        home: home.clone(),
        name,
        version,
        variant,
        settings,
        ports,
        locks: [lock, second],
        life: Life::Long,
    };
    let record = plan.launch()?.keep();
    Ok(Outcome::Started(Up::new(&home, record)))
}

/// A server on 127.0.0.1 and this port (default 9042) that answers clients without TLS, whoever
/// started it.
pub fn answering(port: Option<u16>) -> Option<SocketAddr> {
    let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap_or(Ports::DEFAULT.cql)));
    let answer = Conversation::begin(address, None, ANSWER).and_then(|mut server| server.options());
    answer.is_ok().then_some(address)
}

/// Shuts down what is up, and says what that was.
///
/// # Errors
///
/// A process that cannot be signalled.
pub fn down() -> Result<Option<Up>, Error> {
    let home = Home::of_project()?;
    let _lock = home.lock(NAME)?;
    let found = running(&home).map(|record| Up::new(&home, record));
    found.map(|up| up.shut_down().map(|()| up)).transpose()
}

/// What is up.
///
/// # Errors
///
/// A directory that cannot be made.
pub fn status() -> Result<Option<Up>, Error> {
    let home = Home::of_project()?;
    Ok(running(&home).map(|record| Up::new(&home, record)))
}

/// The cluster of which at least one process is alive.
pub(super) fn running(home: &Home) -> Option<Record> {
    let names = home.names().into_iter().filter(|name| name.starts_with(NAME));
    let mut records = names.filter_map(|name| Record::read(&home.cluster(&name)));
    records.find(|record| record.servers.iter().any(super::process::Server::is_alive))
}

/// The data of each port is its own: a server of 6.0 looks for itself where it was before.
fn name(variant: Variant, version: &Version, ports: Ports) -> String {
    let mut name = format!("{NAME}-{variant}");
    if !version.is_default() {
        name = format!("{name}-{version}");
    }
    if ports == Ports::DEFAULT { name } else { format!("{name}-{}", ports.cql) }
}

fn logs(directory: &std::path::Path, nodes: u8, lines: usize) -> Vec<(PathBuf, String)> {
    let files = (1..=nodes).map(|node| node::log(&directory.join(format!("node{node}"))));
    files.map(|file| (file.clone(), home::tail(&file, lines))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_and_version_finds_its_own_data() {
        let newest = Version::DEFAULT.parse().unwrap();
        assert_eq!(name(Variant::PLAIN, &newest, Ports::DEFAULT), "dev-plain");
        let other = Ports::with_cql(19_042).unwrap();
        assert_eq!(name(Variant::PLAIN, &newest, other), "dev-plain-19042");
        let three = Variant { nodes: 3, password: true, encryption: Encryption::Tls };
        let older = "4.1.10".parse().unwrap();
        assert_eq!(name(three, &older, Ports::DEFAULT), "dev-password-tls-3-4.1.10");
    }
}
