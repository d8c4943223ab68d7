//! `completions`: what a shell needs to complete the flags and commands of this command.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Failure;

/// Which shell.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
For bash:  cqlwire completions bash > ~/.local/share/bash-completion/completions/cqlwire
For zsh:   cqlwire completions zsh > \"${fpath[1]}/_cqlwire\"
For fish:  cqlwire completions fish > ~/.config/fish/completions/cqlwire.fish")]
pub(crate) struct Args {
    /// The shell that it is for
    shell: Shell,
}

/// Writes the script.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cqlwire", &mut script);
    Ok(io::stdout().write_all(&script)?)
}
