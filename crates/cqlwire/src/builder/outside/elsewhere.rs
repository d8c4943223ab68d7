//! What settings and sections are called by other drivers and other programs.

use super::sections::{first, is_section};

/// What settings are called elsewhere: by other drivers, by tools for certificates, by people.
/// Without what parts their words.
const ALSO_CALLED: &[(&str, &[&str])] = &[
    (
        "contact_points",
        &[
            "hosts",
            "host",
            "nodes",
            "servers",
            "seeds",
            "endpoints",
            "addresses",
            "hostname",
            "hostnames",
            "port",
            "nativeport",
        ],
    ),
    ("local_data_center", &["datacenter", "dc", "localdatacentre", "datacentre"]),
    ("local_rack", &["rack"]),
    ("keyspace", &["database", "db"]),
    ("credentials.user", &["username", "login", "role"]),
    ("credentials.password", &["pass", "passwd", "pwd", "secret", "token"]),
    (
        "tls.authorities",
        &[
            "ca",
            "cafile",
            "cacert",
            "cacerts",
            "cacertfile",
            "capath",
            "truststore",
            "truststorepath",
            "trust",
            "trusted",
            "rootca",
            "roots",
            "rootcertificates",
            "enabled",
            "authority",
        ],
    ),
    (
        "tls.certificate",
        &[
            "cert",
            "certfile",
            "certs",
            "certificatefile",
            "certpath",
            "keystore",
            "keystorepath",
            "clientcert",
            "clientcertificate",
            "usercert",
            "chain",
        ],
    ),
    ("tls.key", &["keyfile", "keypath", "privatekey", "clientkey", "userkey", "pem"]),
    ("tls.server_name", &["sni", "hostname", "domain", "verifyhostname", "hostverification"]),
    (
        "connections_per_host",
        &[
            "connections",
            "poolsize",
            "numconns",
            "corepoolsize",
            "localpoolsize",
            "coreconnectionsperhost",
            "maxconnectionsperhost",
        ],
    ),
    ("protocol_versions.newest", &["protocolversion", "protoversion"]),
    (
        "connection.multiplexer.heartbeat_after",
        &["heartbeat", "heartbeatinterval", "keepaliveinterval"],
    ),
    ("profile.timeout", &["requesttimeout", "readtimeout", "querytimeout"]),
    ("profile.page_size", &["fetchsize", "pagesize"]),
    ("profile.consistency", &["consistencylevel", "cl"]),
];

/// What sections are called elsewhere.
const SECTIONS: &[(&str, &[&str])] =
    &[("tls", &["ssl", "encryption"]), ("credentials", &["auth", "authentication", "credential"])];

/// Words that mean this setting in its own section, and elsewhere anything: `metrics.enabled`.
const OF_THEIR_SECTION: &[&str] = &[
    "enabled",
    "trust",
    "trusted",
    "roots",
    "authority",
    "chain",
    "pem",
    "hostname",
    "domain",
    "role",
];

/// The section that is called so elsewhere, and the name as one of it.
pub(super) fn in_section_called(path: &str) -> Option<(&'static str, String)> {
    let given = first(path);
    let called = |(_, others): &&(&'static str, &[&str])| {
        others.iter().any(|other| other.eq_ignore_ascii_case(given))
    };
    let (section, _) = SECTIONS.iter().find(called)?;
    Some((section, format!("{section}{}", &path[given.len()..])))
}

/// The setting that is called so elsewhere, unless that would be in another section than it is in.
pub(super) fn also_called(path: &str) -> Option<&'static str> {
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    let name: String = name.chars().filter(|c| !"_-".contains(*c)).collect();
    let name = name.to_ascii_lowercase();
    let may_be_in = |setting: &str| {
        let own = setting.rsplit_once('.').map_or("", |(section, _)| section);
        let is_elsewhere = !is_section(section) && !OF_THEIR_SECTION.contains(&&*name);
        own == section || is_elsewhere
    };
    let called = |(setting, others): &&(&'static str, &[&str])| {
        others.contains(&&*name) && may_be_in(setting)
    };
    ALSO_CALLED.iter().find(called).map(|(setting, _)| *setting)
}
