//! Clusters as tests see them.

use std::net::SocketAddr;

use super::certificates::Certificates;
use super::home::Home;
use super::launch::{Launched, Plan};
use super::life::Life;
use super::node::{Node, or_panic};
use super::ports::Slot;
use super::source::Source;
use super::variant::{Encryption, MOST_NODES, Variant};
use super::version::Version;
use super::{Error, source};

/// Why a test gets none of its nodes.
const OF_OTHERS: &str = "nodes of a cluster that others use are not to be stopped: start one with \
                         Cluster::builder()";

/// A cluster that answers CQL.
///
/// One that was started ends when this is dropped: within a second, with SIGKILL. One that ran
/// before (see [`shared`](super::shared)) goes on.
#[derive(Debug)]
pub struct Cluster {
    contact_points: Vec<SocketAddr>,
    variant: Variant,
    /// `None` if somebody else has started it.
    launched: Option<Launched>,
    is_shared: bool,
}

impl Cluster {
    /// Sets up a cluster of the test's own: one plain node, if nothing else is said.
    pub fn builder() -> Builder {
        Builder { name: None, variant: Variant::PLAIN, settings: Vec::new() }
    }

    pub(super) fn own(launched: Launched) -> Self {
        let contact_points = launched.record.contact_points();
        let variant = launched.record.variant;
        Self { contact_points, variant, launched: Some(launched), is_shared: false }
    }

    pub(super) fn shared(launched: Launched) -> Self {
        Self { is_shared: true, ..Self::own(launched) }
    }

    pub(super) const fn of_others(contact_points: Vec<SocketAddr>, variant: Variant) -> Self {
        Self { contact_points, variant, launched: None, is_shared: true }
    }

    /// Where the nodes that it began with answer CQL: 127.0.0.1, 127.0.0.2 and so on, all on the same
    /// port. Of a cluster that the user named, what they named.
    pub fn contact_points(&self) -> &[SocketAddr] {
        &self.contact_points
    }

    /// What it is. A cluster that the user named is taken for one plain node.
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// How many nodes it began with.
    pub fn node_count(&self) -> u8 {
        self.variant.nodes
    }

    /// One of its nodes, counted from 1.
    ///
    /// # Panics
    ///
    /// If there is no such node, and if the cluster is a [`shared`](super::shared) one.
    pub fn node(&self, number: u8) -> &Node {
        let own = self.launched.as_ref().filter(|_| !self.is_shared).expect(OF_OTHERS);
        own.node(number)
    }

    /// What a test may change.
    pub(super) fn own_mut(&mut self) -> &mut Launched {
        self.launched.as_mut().filter(|_| !self.is_shared).expect(OF_OTHERS)
    }

    /// What clients need for TLS; `None` without TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.launched.as_ref()?.certificates.as_ref()
    }

    /// Makes a new authority and what it signs, and has the nodes find them where the old ones are: a
    /// node that is restarted shows them. [`certificates`](Self::certificates) stay the old ones.
    ///
    /// # Panics
    ///
    /// Without TLS, of a cluster that others use, and if the files cannot be written.
    pub fn renew_certificates(&self) -> Certificates {
        let own = self.launched.as_ref().filter(|_| !self.is_shared).expect("a cluster of its own");
        or_panic(own.renew_certificates())
    }

    pub(super) const fn launched(&self) -> Option<&Launched> {
        self.launched.as_ref()
    }
}

/// Sets up a [`Cluster`].
#[derive(Clone, Debug)]
pub struct Builder {
    name: Option<String>,
    variant: Variant,
    settings: Vec<(String, String)>,
}

impl Builder {
    /// So many nodes, 1 to 9, each in a rack of its own and about 1 GB of memory. Default 1.
    ///
    /// Where only 127.0.0.1 is set up, as on macOS, more than one takes
    /// `sudo ifconfig lo0 alias 127.0.0.2` and so on before.
    ///
    /// # Panics
    ///
    /// With none or too many.
    #[must_use]
    pub fn nodes(mut self, nodes: u8) -> Self {
        assert!((1..=MOST_NODES).contains(&nodes), "{nodes} nodes: 1 to {MOST_NODES} can be");
        self.variant.nodes = nodes;
        self
    }

    /// Asks clients for user and password: `cassandra` and `cassandra` at first.
    ///
    /// Of several nodes one alone has that role, and only it can let `cassandra` in.
    #[must_use]
    pub const fn password(mut self) -> Self {
        self.variant.password = true;
        self
    }

    /// Takes TLS only.
    #[must_use]
    pub const fn tls(mut self) -> Self {
        self.variant.encryption = Encryption::Tls;
        self
    }

    /// Takes TLS only, and only with a certificate of the client.
    #[must_use]
    pub const fn client_certificates(mut self) -> Self {
        self.variant.encryption = Encryption::MutualTls;
        self
    }

    /// The name of its directory. Default `test-` and the variant. Clusters of one name are never
    /// up together, so a test that wants two alike names them.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// One more line of `cassandra.yaml`, as 4.1 and later have it: `4ms` and what is `_enabled` become
    /// what 4.0 wants.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, without any data, and waits until every node answers and holds the others for
    /// up. Takes 8 s for one node and half a minute for three, plus a download the first time.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has the last lines of the log. If the user named a
    /// cluster, which tests may not stop. Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the cluster still comes up, and is ended then.
    pub async fn start(self) -> Cluster {
        let started = tokio::task::spawn_blocking(move || self.start_blocking()).await;
        or_panic(started.expect("starting a cluster does not panic"))
    }

    /// [`start`](Self::start) for callers without a runtime.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from starting, with the last lines of the log; and
    /// [`Error::NeedsItsOwn`] if the user named a cluster.
    pub fn start_blocking(self) -> Result<Cluster, Error> {
        if source::contact_points()?.is_some() {
            return Err(Error::NeedsItsOwn);
        }
        let version = Version::wanted()?;
        let home = Home::of_project()?;
        let source = Source::find(&home, &version)?;
        let name = self.name.unwrap_or_else(|| format!("test-{}", self.variant));
        let lock = home.lock(&name)?;
        let slot = Slot::take(self.variant.nodes)?;
        let plan = Plan {
            source,
            home,
            name,
            version,
            variant: self.variant,
            settings: self.settings,
            ports: slot.ports,
            locks: [lock, slot.lock],
            life: Life::OfATest,
        };
        plan.launch().map(Cluster::own)
    }
}
