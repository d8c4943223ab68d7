//! Starts a cluster, all nodes at once, under a supervisor.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use super::certificates::Certificates;
use super::home::{self, Home};
use super::life::Life;
use super::node::{Node, Readiness};
use super::ports::{self, Ports};
use super::program::{self, Place, Program};
use super::record::Record;
use super::source::Source;
use super::supervisor::Supervisor;
use super::variant::{Encryption, MOST_NODES, Variant};
use super::version::Version;
use super::{Error, say};

/// What is to be started, with everything that is decided before.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) home: Home,
    pub(super) name: String,
    pub(super) version: Version,
    pub(super) variant: Variant,
    pub(super) settings: Vec<(String, String)>,
    pub(super) ports: Ports,
    /// Held as long as the servers run under a supervisor: that of the name, that of the ports.
    pub(super) locks: [File; 2],
    pub(super) life: Life,
}

/// A cluster that answers. Dropping it ends its servers.
#[derive(Debug)]
pub(super) struct Launched {
    // Dropped before the nodes: it kills them, they wait for their end.
    pub(super) supervisor: Arc<Supervisor>,
    /// By their numbers; one that has left is none of them.
    pub(super) nodes: Vec<Node>,
    pub(super) program: Program,
    pub(super) certificates: Option<Certificates>,
    pub(super) record: Record,
    pub(super) directory: PathBuf,
}

impl Plan {
    /// Starts it and waits until every node is ready.
    pub(super) fn launch(self) -> Result<Launched, Error> {
        let directory = self.home.cluster(&self.name);
        if self.life == Life::OfATest {
            home::remove(&directory)?;
        }
        Record::remove(&directory);
        let certificates = self.certificates()?;
        let Self { source, home, name, version, variant, settings, ports, locks, life } = self;
        let supervisor = Arc::new(Supervisor::start(locks, &last_command(&source, ports))?);
        let program = Program::prepare(source, &home, &version, &supervisor)?;
        let tls = certificates.as_ref().map(|own| own.client_config(true)).transpose()?;
        let tls = tls.map(Arc::new);
        let mut nodes = Vec::new();
        for node in 1..=variant.nodes {
            let place = Place {
                node,
                address: ports::address(node),
                joins: false,
                directory: directory.join(format!("node{node}")),
                certificates: directory.join("tls"),
                variant,
                ports,
                life,
            };
            program.configure(&place, &title(&name), &version, &settings)?;
            nodes.push(Node::new(place, program.clone(), tls.clone(), &supervisor));
        }
        let servers = Vec::new();
        let version = version.to_string();
        let record = Record { name, version, variant, ports, settings, servers };
        let mut launched = Launched { supervisor, nodes, program, certificates, record, directory };
        launched.start()?;
        Ok(launched)
    }

    fn certificates(&self) -> Result<Option<Certificates>, Error> {
        if self.variant.encryption == Encryption::None {
            return Ok(None);
        }
        if !self.version.reads_pem() {
            return Err(Error::NoPem { version: self.version.to_string() });
        }
        let directory = self.home.cluster(&self.name).join("tls");
        fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
        Certificates::in_directory(&directory).map(Some)
    }
}

impl Launched {
    fn start(&mut self) -> Result<(), Error> {
        self.nodes.iter().try_for_each(Node::spawn)?;
        // Written before they answer: whoever is interrupted in between leaves a trace.
        self.record.servers = self.nodes.iter().filter_map(Node::server).collect();
        self.record.write(&self.directory)?;
        say(&format!("{} starts; logs in {}", self.record.name, self.directory.display()));
        self.nodes.iter().try_for_each(|node| node.wait_until_ready(Readiness::WithAllOthers))
    }

    pub(super) fn renew_certificates(&self) -> Result<Certificates, Error> {
        let renewed = Certificates::renew_in_directory(&self.directory.join("tls"))?;
        let config = Arc::new(renewed.client_config(true)?);
        self.nodes.iter().for_each(|node| node.trust(Arc::clone(&config)));
        Ok(renewed)
    }

    /// Lets the servers live on when this process ends.
    pub(super) fn keep(self) -> Record {
        self.nodes.iter().for_each(Node::let_go);
        if let Some(supervisor) = Arc::into_inner(self.supervisor) {
            supervisor.keep();
        }
        self.record
    }
}

/// What servers call the cluster of this name.
pub(super) fn title(name: &str) -> String {
    format!("cqlwire {name}")
}

/// What the supervisor does besides killing its group.
fn last_command(source: &Source, ports: Ports) -> Vec<String> {
    if *source != Source::Container {
        return Vec::new();
    }
    // Those that join later as well.
    let names = (1..=MOST_NODES).map(|node| program::container(ports, node));
    ["docker", "rm", "--force", "--volumes"].map(str::to_owned).into_iter().chain(names).collect()
}
