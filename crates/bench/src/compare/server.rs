//! The server of a comparison.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::Duration;

use super::child::{Owned, sibling};
use crate::measure::cpu_time_of;
use crate::{Result, client};

/// Where the clients connect to.
#[derive(Debug)]
pub struct Server {
    pub(super) name: String,
    /// Its address.
    pub address: SocketAddr,
    /// The core of the clients, which is not that of the server; `None` where there is only one.
    pub(super) client_core: Option<usize>,
    process: Option<Owned>,
}

impl Server {
    /// Starts so many canned nodes on a core of their own, for as long as this is kept.
    ///
    /// # Errors
    ///
    /// Its program is not beside this one, or does not start.
    pub fn canned(nodes: u8) -> Result<Self> {
        let several = available_parallelism()?.get() > 1;
        let mut command = Command::new(sibling("canned-node")?);
        command.arg("--attached").args(["--nodes", &nodes.to_string()]).stdin(Stdio::piped());
        if several {
            command.args(["--core", "0"]);
        }
        let mut process = Owned(command.stdout(Stdio::piped()).spawn()?);
        let output = process.0.stdout.take().ok_or("a child has its output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self {
            name: if nodes == 1 { "canned".to_owned() } else { format!("{nodes} canned") },
            address: address.trim().parse()?,
            client_core: several.then_some(1),
            process: Some(process),
        })
    }

    /// A server that runs already, with the tables of the benchmark made and filled.
    pub(super) fn running(address: SocketAddr, name: &str) -> Result<Self> {
        println!("filling the tables of {name}");
        client::fill(address)?;
        let several = available_parallelism()?.get() > 1;
        let client_core = several.then_some(1);
        Ok(Self { name: name.to_owned(), address, client_core, process: None })
    }

    /// The processor time that the canned node has used.
    pub(super) fn cpu_time(&self) -> Result<Option<Duration>> {
        self.process.as_ref().map(|process| cpu_time_of(process.0.id())).transpose()
    }
}
