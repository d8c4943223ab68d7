//! The flags of `decode`.

use clap::builder::RangedU64ValueParser;

/// Show what bytes of the CQL protocol say
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Hexadecimal digits, or one file: of such digits, of bytes, or a capture (pcap, pcapng)
    /// [default: standard input]
    #[arg(value_name = "FILE|HEX")]
    pub(super) input: Vec<String>,
    /// Where servers listen, in a capture; several with commas
    #[arg(long, value_name = "PORT", default_value = "9042", value_delimiter = ',')]
    pub(super) port: Vec<u16>,
    /// How messages are written
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Form,
    /// Of each page, so many rows
    #[arg(long, value_name = "ROWS", default_value_t = 10)]
    pub(super) rows: usize,
    /// Of each value, so many characters; JSON has all of them
    #[arg(long, value_name = "CHARACTERS", default_value_t = 100)]
    pub(super) width: usize,
    /// Show passwords too: tokens of authentication, and what stands behind PASSWORD in statements
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// How much is held of messages that are not complete, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub(super) memory: usize,
}

/// How messages are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people: a line for each message, what it says below
    #[default]
    Text,
    /// An object a line
    Json,
}

const HELP: &str = "\
Digits may stand as xxd, hexdump -C and Wireshark have them, or behind > (client) and < (server),
which say who has sent them. Where the bytes do not begin with the handshake, the compression of
v3 and v4 is guessed; --compression says it.

Examples:
  cqlwire decode 8400000102 00000000
  tcpdump -i any -s 0 -w trace.pcap port 9042
  cqlwire decode trace.pcap
  tcpdump -i any -s 0 -U -w - port 9042 | cqlwire decode -o json";
