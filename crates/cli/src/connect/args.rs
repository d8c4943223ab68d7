//! The flags of connecting, which all commands have.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cqlwire::{Compression, Consistency, SerialConsistency};

use crate::name;

/// The heading that they have in the help.
const HEADING: &str = "Connection";

/// What the help says of where settings come from.
pub(crate) const HELP: &str = "\
Where the cluster is, is taken from the first of these that there is; flags go over it:
  --profile NAME       NAME.toml in ~/.config/cqlwire, with any settings of the driver
  --cqlshrc FILE       what cqlsh is set to
  CQLWIRE_URL          cql://user:password@host1,host2/keyspace?local_dc=oslo
  ~/.config/cqlwire/default.toml
  ~/.cassandra/cqlshrc
  127.0.0.1:9042
A password is never a flag: it comes from CQLWIRE_PASSWORD, --password-file, one of these places, or
a prompt.";

/// Where the cluster is, and who asks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct ConnectionArgs {
    /// Servers to ask about the cluster: host, host:port or unix:/path, several with commas
    #[arg(short = 'H', long, global = true, value_name = "HOST", value_delimiter = ',')]
    pub(crate) host: Vec<String>,
    /// Settings from ~/.config/cqlwire/NAME.toml, or from a file by its path
    #[arg(long, global = true, value_name = "NAME", env = "CQLWIRE_PROFILE")]
    pub(crate) profile: Option<String>,
    /// The settings of cqlsh [default: ~/.cassandra/cqlshrc, if nothing else is said]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) cqlshrc: Option<PathBuf>,
    /// The user to log in as
    #[arg(short, long, global = true, value_name = "NAME", env = "CQLWIRE_USER")]
    pub(crate) user: Option<String>,
    /// A file whose first line is the password
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// The keyspace of unqualified names
    #[arg(short, long, global = true, value_name = "NAME", value_parser = name::flag)]
    pub(crate) keyspace: Option<String>,
    /// The data center whose hosts are asked
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) dc: Option<String>,
    /// TLS that trusts the authorities of this system
    #[arg(long, global = true)]
    pub(crate) tls: bool,
    /// TLS that trusts the authorities in this file, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The certificate of this client, PEM; with --tls-ca and --tls-key
    #[arg(long, global = true, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of this client, PEM
    #[arg(long, global = true, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The name that the certificates of the servers are made out to
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) tls_name: Option<String>,
    /// The secure connect bundle of an Astra database, a zip
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Compress what is sent and received
    #[arg(long, global = true, value_name = "lz4|snappy", value_parser = compression)]
    pub(crate) compression: Option<Compression>,
    /// How many replicas must agree [default: LOCAL_QUORUM]
    #[arg(short, long, global = true, value_name = "LEVEL", value_parser = consistency)]
    pub(crate) consistency: Option<Consistency>,
    /// The consistency of conditions: SERIAL or LOCAL_SERIAL
    #[arg(long, global = true, value_name = "LEVEL", value_parser = serial_consistency)]
    pub(crate) serial_consistency: Option<SerialConsistency>,
    /// How long connecting may take, such as 10s
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub(crate) connect_timeout: Option<Duration>,
    /// How long a request may take, such as 10s
    #[arg(long, global = true, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// Any other setting of the driver by its name, such as profile.page_size=100
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
}

impl ConnectionArgs {
    /// Do the flags say that there is TLS?
    pub(super) fn has_tls(&self) -> bool {
        let by_name = self.tls_ca.is_some() || self.tls_name.is_some();
        let is_set = self.settings.iter().any(|(name, _)| name == "tls.authorities");
        self.tls || by_name || self.bundle.is_some() || is_set
    }
}

fn compression(text: &str) -> Result<Compression, String> {
    match text.to_ascii_lowercase().as_str() {
        "lz4" => Ok(Compression::Lz4),
        "snappy" => Ok(Compression::Snappy),
        _ => Err("lz4 or snappy".to_owned()),
    }
}

/// The levels that requests may have.
pub(crate) const CONSISTENCIES: [Consistency; 11] = [
    Consistency::Any,
    Consistency::One,
    Consistency::Two,
    Consistency::Three,
    Consistency::Quorum,
    Consistency::All,
    Consistency::LocalQuorum,
    Consistency::EachQuorum,
    Consistency::Serial,
    Consistency::LocalSerial,
    Consistency::LocalOne,
];

/// The levels that conditions may have.
pub(crate) const SERIAL_CONSISTENCIES: [SerialConsistency; 2] =
    [SerialConsistency::Serial, SerialConsistency::LocalSerial];

/// As people write it, in whatever case.
pub(crate) fn consistency(text: &str) -> Result<Consistency, String> {
    one_of(&CONSISTENCIES, text)
}

/// As people write it, in whatever case.
pub(crate) fn serial_consistency(text: &str) -> Result<SerialConsistency, String> {
    one_of(&SERIAL_CONSISTENCIES, text)
}

fn one_of<T: Copy + Display>(known: &[T], text: &str) -> Result<T, String> {
    let found = known.iter().find(|level| level.to_string().eq_ignore_ascii_case(text.trim()));
    found.copied().ok_or_else(|| {
        let names: Vec<_> = known.iter().map(ToString::to_string).collect();
        format!("allowed: {}", names.join(", "))
    })
}

/// A time as people write it, such as `2s`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time.is_zero() { Err("a time that is not zero".to_owned()) } else { Ok(time) }
}

/// Secrets are seen by whoever lists the processes of the machine.
fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
    if name.trim().eq_ignore_ascii_case("credentials.password") {
        return Err("a password is no argument: use CQLWIRE_PASSWORD or --password-file".to_owned());
    }
    Ok((name.trim().to_owned(), value.to_owned()))
}
