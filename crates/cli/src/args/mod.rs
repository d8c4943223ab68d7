//! The command line as a whole: the flags that all commands have, and the commands. The flags of one
//! command are in its module.

use clap::{Parser, Subcommand};

use crate::connect::ConnectionArgs;
use crate::output::{ColourArgs, LogArgs};
use crate::{
    bench, completions, connect, decode, describe, exit, export, load, ping, query, scan, shell,
    top,
};

/// Ask a Cassandra cluster, look at it, and move data in and out of it
#[derive(Debug, Parser)]
#[command(name = "cqlwire", version, after_help = help(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) colour: ColourArgs,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask each host of the cluster whether it answers, and how fast
    Ping(ping::Args),
    /// See what each host does, live
    Top(top::Args),
    /// Send statements of your own as a load, and measure it
    Bench(Box<bench::Args>),
    /// Execute one statement and write its rows
    Query(query::Args),
    /// Type statements, as in cqlsh
    Shell(shell::Args),
    /// Show what makes a keyspace, a table or a type again
    Describe(describe::Args),
    /// Read a whole table in parallel
    Scan(scan::Args),
    Load(Box<load::Args>),
    Export(Box<export::Args>),
    Count(export::CountArgs),
    Decode(decode::Args),
    /// Write what your shell needs to complete this command
    Completions(completions::Args),
}

impl Command {
    /// Is Ctrl-C its own affair? It has something to do then; or nothing at all, and the process ends.
    pub(crate) const fn ends_in_order(&self) -> bool {
        matches!(
            self,
            Self::Load(_)
                | Self::Export(_)
                | Self::Shell(_)
                | Self::Query(_)
                | Self::Decode(_)
                | Self::Top(_)
                | Self::Bench(_)
        )
    }
}

/// What the help ends with.
fn help() -> String {
    format!("{}\n\n{}", connect::HELP, exit::HELP)
}
