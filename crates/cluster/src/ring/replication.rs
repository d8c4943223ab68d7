//! How a keyspace is replicated, from the `replication` of `system_schema.keyspaces`.

use std::collections::BTreeMap;

/// What servers put before the names of their own strategies; in a statement it may be left out.
const PACKAGE: &str = "org.apache.cassandra.locator.";

/// How a keyspace is replicated. Equal ones have the same replicas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Replication {
    /// `SimpleStrategy`: the next hosts on the ring, whatever their data center and rack.
    Simple(Factor),
    /// `NetworkTopologyStrategy`: in each of these data centers so many, in racks that differ as
    /// long as there are others. Those with a factor of 0 are left out.
    NetworkTopology(BTreeMap<String, Factor>),
    /// `EverywhereStrategy`, of DSE and ScyllaDB: every host.
    Everywhere,
    /// `LocalStrategy`, and `MetaStrategy` since 6.0: every host has data of its own, or of the
    /// cluster; no token says which host to ask.
    Local,
    /// Nothing that is known here.
    Unknown {
        /// What the server calls it; empty if it says nothing.
        class: String,
    },
}

/// How many replicas: `3`, or `3/1`, of which one is transient.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    /// All of them.
    pub all: u32,
    /// Those among them that are transient: they hold what is not repaired yet, and no read is
    /// served by them alone.
    pub transient: u32,
}

impl Factor {
    /// So many, none of them transient.
    pub const fn of_full(all: u32) -> Self {
        Self { all, transient: 0 }
    }

    /// Those that are not transient.
    pub const fn full(self) -> u32 {
        self.all.saturating_sub(self.transient)
    }

    /// Servers take `all/transient` with fewer transient ones than there are, and no sign.
    fn parse(text: &str) -> Option<Self> {
        let (all, transient) = text.split_once('/').unwrap_or((text, "0"));
        let factor = Self { all: all.parse().ok()?, transient: transient.parse().ok()? };
        (factor.transient == 0 || factor.transient < factor.all).then_some(factor)
    }
}

impl Replication {
    /// The replication that these options describe, `class` among them, in any order.
    ///
    /// Options that cannot be read make it [`Unknown`](Self::Unknown): to guess a factor would be to
    /// name wrong hosts.
    pub fn parse<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut options: BTreeMap<_, _> = options.into_iter().collect();
        let class = options.remove("class").unwrap_or_default();
        // A strategy of somebody else may have the same short name.
        let known = match class.strip_prefix(PACKAGE).unwrap_or(class) {
            "SimpleStrategy" => simple(&options),
            "NetworkTopologyStrategy" => network_topology(&options),
            "EverywhereStrategy" => Some(Self::Everywhere),
            "LocalStrategy" | "MetaStrategy" => Some(Self::Local),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unknown { class: class.to_owned() })
    }
}

fn simple(options: &BTreeMap<&str, &str>) -> Option<Replication> {
    Factor::parse(options.get("replication_factor")?).map(Replication::Simple)
}

/// Servers write `replication_factor` out for each data center before they keep it.
fn network_topology(options: &BTreeMap<&str, &str>) -> Option<Replication> {
    let factor = |(name, text): (&&str, &&str)| Some(((*name).to_owned(), Factor::parse(text)?));
    let mut factors: BTreeMap<_, _> = options.iter().map(factor).collect::<Option<_>>()?;
    factors.retain(|_, factor| factor.all > 0);
    Some(Replication::NetworkTopology(factors))
}
