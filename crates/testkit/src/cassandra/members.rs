//! Nodes that come and go while a cluster runs.

use std::time::{Duration, Instant};

use super::certificates::Certificates;
use super::cluster::Cluster;
use super::launch::{Launched, title};
use super::node::{self, Node, or_panic};
use super::ports;
use super::program::Place;
use super::variant::{Encryption, MOST_NODES};
use super::{Error, home};

/// How long others may take to hold a node for down that was killed: they go by what they do not
/// hear of it.
const NOTICED: Duration = Duration::from_secs(120);
/// How often they are asked, by a process that takes a second of processor time.
const ASK_EVERY: Duration = Duration::from_secs(1);

impl Cluster {
    /// Starts one node more, with the lowest number that none has, at the address of that number and
    /// in a rack of its own, and waits until it has joined the others: it has taken over its share of
    /// their data, and answers. Takes a quarter of a minute.
    ///
    /// # Panics
    ///
    /// If it does not join; the message has the last lines of its log. If the cluster is a
    /// [`shared`](super::shared) one, or has 9 nodes. Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the node ends once it has joined, or failed to.
    pub async fn add_node(&mut self) -> Node {
        let own = self.own_mut();
        let joining = or_panic(own.joining());
        joining.start().await;
        own.nodes.push(joining.clone());
        joining
    }

    /// Has a node leave in good order, by `nodetool decommission`: it hands its data to the others,
    /// tells them, and closes its connections. Then its process is ended. Takes ten seconds.
    ///
    /// # Panics
    ///
    /// If it does not leave, if there is no such node, or if the cluster is a
    /// [`shared`](super::shared) one. Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the node still leaves, and stays among those that are known.
    pub async fn decommission(&mut self, number: u8) {
        let own = self.own_mut();
        let leaving = own.node(number).clone();
        node::blocking(move || {
            leaving.tool(&["decommission"])?;
            leaving.try_stop()
        })
        .await;
        own.nodes.retain(|node| node.number() != number);
    }

    /// Has the others do without a node, by `nodetool removenode`: it is killed, if it runs, and once
    /// they have noticed, they make up for its data among themselves. Takes half a minute.
    ///
    /// # Panics
    ///
    /// If they do not, if there is no such node or no other one, or if the cluster is a
    /// [`shared`](super::shared) one. Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the node is still removed, and stays among those that are known.
    pub async fn remove_node(&mut self, number: u8) {
        let own = self.own_mut();
        let gone = own.node(number).clone();
        let other = own.nodes.iter().find(|node| node.number() != number);
        let other = other.expect("there is another node").clone();
        node::blocking(move || {
            gone.try_kill()?;
            let id = id_once_down(&other, &gone)?;
            other.tool(&["removenode", &id]).map(drop)
        })
        .await;
        own.nodes.retain(|node| node.number() != number);
    }
}

impl Launched {
    pub(super) fn node(&self, number: u8) -> &Node {
        self.nodes.iter().find(|node| node.number() == number).unwrap_or_else(|| {
            let there: Vec<String> =
                self.nodes.iter().map(|node| node.number().to_string()).collect();
            panic!("no node {number}: there are {}", there.join(", "))
        })
    }

    /// A node that is to join, ready to be started.
    fn joining(&self) -> Result<Node, Error> {
        let is_free = |number: &u8| self.nodes.iter().all(|node| node.number() != *number);
        let number = (1..=MOST_NODES).find(is_free).ok_or(Error::Full { most: MOST_NODES })?;
        let (variant, ports) = (self.record.variant, self.record.ports);
        let place = Place {
            node: number,
            address: ports::address(number),
            joins: true,
            directory: self.directory.join(format!("node{number}")),
            certificates: self.directory.join("tls"),
            variant,
            ports,
            life: super::life::Life::OfATest,
        };
        ports.check_free_at(number, place.address)?;
        // What one of this number has left behind that has left.
        home::remove(&place.directory)?;
        let version = self.record.version.parse()?;
        let title = title(&self.record.name);
        self.program.configure(&place, &title, &version, &self.record.settings)?;
        let tls = match variant.encryption {
            Encryption::None => None,
            // Those of the moment, which may have been renewed.
            Encryption::Tls | Encryption::MutualTls => {
                Some(Certificates::in_directory(&place.certificates)?.client_config(true)?.into())
            }
        };
        Ok(Node::new(place, self.program.clone(), tls, &self.supervisor))
    }
}

/// The host id of a node, as another one knows it, once that holds it for down.
fn id_once_down(other: &Node, gone: &Node) -> Result<String, Error> {
    let (begun, address) = (Instant::now(), gone.address().ip().to_string());
    loop {
        let status = other.tool(&["status"])?;
        if let Some(id) = down(&status, &address) {
            return Ok(id.to_owned());
        }
        if begun.elapsed() > NOTICED {
            return Err(Error::NotDown { node: gone.number(), waited: NOTICED, status });
        }
        std::thread::sleep(ASK_EVERY);
    }
}

/// The host id of what is down at this address, of what `nodetool status` says.
fn down<'a>(status: &'a str, address: &str) -> Option<&'a str> {
    let mut lines = status.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let words = lines.find(|words| words.get(1) == Some(&address))?;
    let is_down = words.first().is_some_and(|state| state.starts_with('D'));
    // Before the id, in its usual form, come a load of one or two words and a share.
    let id = words.into_iter().find(|word| word.len() == 36 && word.matches('-').count() == 4);
    id.filter(|_| is_down)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Datacenter: dc1
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address    Load       Tokens  Owns (effective)  Host ID                               Rack
UN  127.0.0.1  74.5 KiB   16      75.0%             6d194555-f6eb-41d0-c000-000000000001  rack1
DN  127.0.0.4  ?          16      75.0%             6d194555-f6eb-41d0-c000-000000000004  rack4
";

    #[test]
    fn only_what_is_down_has_an_id() {
        let id = "6d194555-f6eb-41d0-c000-000000000004";
        assert_eq!(down(STATUS, "127.0.0.4"), Some(id));
        assert_eq!(down(STATUS, "127.0.0.1"), None);
        assert_eq!(down(STATUS, "127.0.0.40"), None);
    }
}
