//! The environment variables that say which Cassandra to use.

use std::env;

/// A cluster that runs already: `address[:port]`, several with commas.
pub(super) const CONTACT_POINTS: &str = "CQLWIRE_CONTACT_POINTS";
/// `jars` or `container`.
pub(super) const SOURCE: &str = "CQLWIRE_CASSANDRA";
/// How many seconds a node may take to start.
pub(super) const START: &str = "CQLWIRE_CASSANDRA_START";
/// Where jars, data and logs are kept instead of `target/cassandra`.
pub(super) const HOME: &str = "CQLWIRE_CASSANDRA_HOME";
/// Set by `cassandra run` for the command that it runs: the directory of the cluster to share.
pub(super) const SHARED: &str = "CQLWIRE_CASSANDRA_SHARED";

/// The value of a variable; one that is set to nothing is not set.
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}
