//! `cassandra`: a real Cassandra on this machine, up and down.

#[cfg(unix)]
mod command;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    command::main()
}

/// What ends servers with their owner are process groups.
#[cfg(not(unix))]
#[expect(clippy::print_stderr, reason = "it talks to a person")]
fn main() -> ExitCode {
    eprintln!(
        "cassandra: it starts servers on Unix only: run one in a container, and set CQLWIRE_CONTACT_POINTS"
    );
    ExitCode::FAILURE
}
