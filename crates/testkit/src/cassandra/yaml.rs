//! The files that a node reads when it starts: `cassandra.yaml`, its rack, and where it logs to.

use std::net::IpAddr;

use super::ports::{Ports, address};
use super::tokens::{self, TOKENS_PER_NODE, tokens};
use super::variant::{Encryption, Variant};
use super::version::Version;

/// Everything goes to the standard output, which whoever starts the server points to a file.
pub(super) const LOGBACK: &str = r#"<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
"#;

/// Of `nodetool`, whose standard output is what was asked for.
pub(super) const LOGBACK_OF_TOOLS: &str = r#"<configuration>
  <appender name="ERR" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%-5level %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="ERR"/></root>
</configuration>
"#;

/// What `cassandra.yaml` of one node is made from.
#[derive(Debug)]
pub(super) struct Yaml<'a> {
    pub(super) cluster: &'a str,
    pub(super) version: &'a Version,
    pub(super) variant: Variant,
    pub(super) ports: Ports,
    /// Counted from 1.
    pub(super) node: u8,
    pub(super) address: IpAddr,
    /// Whether it comes to others that have been there before it.
    pub(super) joins: bool,
    /// Where the server finds the directory for its data, and that of the certificates.
    pub(super) data: &'a str,
    pub(super) certificates: &'a str,
    /// More lines, keys and values.
    pub(super) settings: &'a [(String, String)],
}

/// The addresses of all nodes that a cluster begins with, with commas, as servers take them. One that
/// joins is not among its own: a seed asks nobody for its data.
pub(super) fn seeds(variant: Variant, joining: Option<u8>) -> String {
    let seeds = (1..=variant.nodes).filter(|node| joining != Some(*node));
    seeds.map(|node| address(node).to_string()).collect::<Vec<_>>().join(",")
}

/// `cassandra-rackdc.properties`: a rack for each node.
pub(super) fn rack(node: u8) -> String {
    format!("dc=dc1\nrack=rack{node}\n")
}

impl Yaml<'_> {
    /// The text.
    pub(super) fn text(&self) -> String {
        let mut text = self.common();
        if self.joins {
            text += &self.share_of_others();
        } else if self.variant.nodes > 1 {
            text += &self.share_of_the_ring();
        }
        if self.variant.password {
            text += "authenticator: PasswordAuthenticator\nauthorizer: CassandraAuthorizer\n";
        }
        if self.variant.encryption != Encryption::None {
            text += &self.encryption();
        }
        let more = self.settings.iter().map(|(key, value)| self.version.setting(key, value));
        text.extend(more);
        text
    }

    fn common(&self) -> String {
        let Self { cluster, data, ports, address, .. } = self;
        format!(
            "cluster_name: '{cluster}'
num_tokens: {TOKENS_PER_NODE}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: periodic
{commitlog_sync_period}listen_address: {address}
rpc_address: {address}
storage_port: {storage}
native_transport_port: {cql}
endpoint_snitch: GossipingPropertyFileSnitch
data_file_directories: ['{data}/data']
commitlog_directory: '{data}/commitlog'
hints_directory: '{data}/hints'
saved_caches_directory: '{data}/saved_caches'
cdc_raw_directory: '{data}/cdc_raw'
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: \"{seeds}\"
",
            commitlog_sync_period = self.version.setting("commitlog_sync_period", "10000ms"),
            storage = ports.storage,
            cql = ports.cql,
            seeds = seeds(self.variant, self.joins.then_some(self.node)),
        )
    }

    fn share_of_the_ring(&self) -> String {
        let tokens = tokens(self.node, self.variant.nodes);
        format!("auto_bootstrap: false\n{}", initial(&tokens))
    }

    /// It takes over the data of its tokens before it answers clients.
    fn share_of_others(&self) -> String {
        let Variant { nodes, .. } = self.variant;
        // The tokens of a node that has left are free again.
        let tokens = match self.node.checked_sub(nodes) {
            None | Some(0) => tokens(self.node, nodes),
            Some(place) => tokens::joining(place, nodes),
        };
        initial(&tokens)
    }

    fn encryption(&self) -> String {
        let certificates = self.certificates;
        let of_clients = self.variant.encryption == Encryption::MutualTls;
        format!(
            "client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: {of_clients}
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: '{certificates}/server.pem'
  keystore_password: ''
  truststore: '{certificates}/ca.pem'
"
        )
    }
}

fn initial(tokens: &[i64]) -> String {
    let tokens: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    format!("initial_token: '{}'\n", tokens.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(version: &str, variant: Variant, node: u8) -> String {
        of(version, variant, (node, false))
    }

    fn of(version: &str, variant: Variant, (node, joins): (u8, bool)) -> String {
        let yaml = Yaml {
            cluster: "some name",
            version: &version.parse().unwrap(),
            variant,
            ports: Ports { cql: 19_042, storage: 17_042 },
            node,
            address: address(node),
            joins,
            data: "/data",
            certificates: "/tls",
            settings: &[("read_request_timeout".to_owned(), "100ms".to_owned())],
        };
        yaml.text()
    }

    #[test]
    fn one_plain_node_is_told_no_more_than_it_needs() {
        let text = text(Version::DEFAULT, Variant::PLAIN, 1);
        assert!(text.starts_with("cluster_name: 'some name'\n"));
        for line in [
            "listen_address: 127.0.0.1",
            "rpc_address: 127.0.0.1",
            "storage_port: 17042",
            "native_transport_port: 19042",
            "commitlog_sync_period: 10000ms",
            "data_file_directories: ['/data/data']",
            "      - seeds: \"127.0.0.1\"",
            "read_request_timeout: 100ms",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
        for absent in ["initial_token", "auto_bootstrap", "authenticator", "encryption"] {
            assert!(!text.contains(absent), "{absent} in\n{text}");
        }
    }

    #[test]
    fn of_several_nodes_each_has_an_address_tokens_and_a_rack() {
        let variant = Variant { nodes: 3, ..Variant::PLAIN };
        let text = text(Version::DEFAULT, variant, 2);
        assert!(text.contains("listen_address: 127.0.0.2\n"));
        assert!(text.contains("seeds: \"127.0.0.1,127.0.0.2,127.0.0.3\"\n"));
        assert!(text.contains("auto_bootstrap: false\ninitial_token: '-88"));
        let tokens = text.lines().find(|line| line.starts_with("initial_token")).unwrap();
        assert_eq!(tokens.matches(',').count(), 15);
        assert_eq!(rack(2), "dc=dc1\nrack=rack2\n");
    }

    #[test]
    fn whoever_joins_asks_others_for_the_data_of_its_tokens() {
        let variant = Variant { nodes: 3, ..Variant::PLAIN };
        let fourth = of(Version::DEFAULT, variant, (4, true));
        assert!(fourth.contains("seeds: \"127.0.0.1,127.0.0.2,127.0.0.3\"\n"));
        assert!(fourth.contains("listen_address: 127.0.0.4\n"));
        assert!(!fourth.contains("auto_bootstrap"));
        let tokens = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("initial_token"));
            line.unwrap().to_owned()
        };
        assert_eq!(tokens(&fourth).matches(',').count(), 15);
        let again = of(Version::DEFAULT, variant, (2, true));
        assert!(again.contains("seeds: \"127.0.0.1,127.0.0.3\"\n"));
        assert_eq!(tokens(&again), tokens(&text(Version::DEFAULT, variant, 2)));
    }

    #[test]
    fn password_and_encryption_are_asked_for_together() {
        let variant =
            Variant { password: true, encryption: Encryption::MutualTls, ..Variant::PLAIN };
        let both = text("4.1.10", variant, 1);
        assert!(both.contains("authenticator: PasswordAuthenticator\n"));
        assert!(both.contains("  require_client_auth: true\n"));
        assert!(both.contains("  keystore: '/tls/server.pem'\n"));
        assert!(both.contains("  truststore: '/tls/ca.pem'\n"));
        let only_tls = Variant { encryption: Encryption::Tls, ..Variant::PLAIN };
        let text = text("5.0.9", only_tls, 1);
        assert!(text.contains("  require_client_auth: false\n"));
        assert!(!text.contains("authenticator"));
    }

    #[test]
    fn the_oldest_branch_has_its_units_in_the_keys() {
        let text = text("4.0.19", Variant::PLAIN, 1);
        assert!(text.contains("commitlog_sync_period_in_ms: 10000\n"));
    }
}
