//! The command line as a whole: the flags that all commands have, and the commands. The flags of one
//! command are in its module.

use clap::{Parser, Subcommand};

use crate::connect::ConnectionArgs;
use crate::{connect, exit, export, load, ping};

/// Ask a Cassandra cluster, look at it, and move data in and out of it
#[derive(Debug, Parser)]
#[command(name = "cqlwire", version, after_help = help(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask each host of the cluster whether it answers, and how fast
    Ping(ping::Args),
    Load(Box<load::Args>),
    Export(Box<export::Args>),
    Count(export::CountArgs),
}

impl Command {
    /// Does it hear Ctrl-C by itself, since it has something to do then?
    pub(crate) const fn ends_in_order(&self) -> bool {
        matches!(self, Self::Load(_) | Self::Export(_))
    }
}

/// What the help ends with.
fn help() -> String {
    format!("{}\n\n{}", connect::HELP, exit::HELP)
}
