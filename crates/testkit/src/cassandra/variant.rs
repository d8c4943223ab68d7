//! What a cluster is: how many nodes, and what they ask of their clients.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most nodes of a cluster. Each takes about 1 GB.
pub(super) const MOST_NODES: u8 = 9;

/// Whether and how connections are encrypted.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// Plain TCP.
    #[default]
    None,
    /// TLS, and nothing else on the same port.
    Tls,
    /// TLS, with a certificate of the client.
    MutualTls,
}

/// What tells one cluster from another.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// How many nodes, 1 to 9: on 127.0.0.1, 127.0.0.2 and so on.
    pub nodes: u8,
    /// Whether clients have to say user and password, `cassandra` and `cassandra` at first.
    pub password: bool,
    /// What the connections are.
    pub encryption: Encryption,
}

impl Variant {
    /// One node that asks for nothing.
    pub const PLAIN: Self = Self { nodes: 1, password: false, encryption: Encryption::None };

    /// Whether clients can connect without knowing anything.
    pub(super) fn is_open(self) -> bool {
        !self.password && self.encryption == Encryption::None
    }
}

impl fmt::Display for Variant {
    /// Fit for the name of a directory: `plain`, `password-tls-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = match self.encryption {
            Encryption::None => "",
            Encryption::Tls => "tls",
            Encryption::MutualTls => "mutual-tls",
        };
        let password = if self.password { "password" } else { "" };
        let nodes = if self.nodes > 1 { self.nodes.to_string() } else { String::new() };
        let open = if self.is_open() { "plain" } else { "" };
        let words = [open, password, encryption, &nodes];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        f.write_str(&words.join("-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_has_a_name_of_its_own() {
        let named =
            |nodes, password, encryption| Variant { nodes, password, encryption }.to_string();
        assert_eq!(named(1, false, Encryption::None), "plain");
        assert_eq!(named(3, false, Encryption::None), "plain-3");
        assert_eq!(named(1, true, Encryption::None), "password");
        assert_eq!(named(1, false, Encryption::Tls), "tls");
        assert_eq!(named(3, true, Encryption::MutualTls), "password-mutual-tls-3");
    }
}
