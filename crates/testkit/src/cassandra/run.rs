//! A command with a shared node around it.

use std::process::{Command, ExitStatus};

use super::{Error, shared};

/// Runs a command while the [shared](super::shared()) node is up, started if need be: whatever it
/// runs in turn shares that node. The node ends with this process or before.
///
/// # Errors
///
/// Whatever keeps the node or the command from starting.
///
/// # Panics
///
/// Without a program.
pub fn run(command: &[String]) -> Result<ExitStatus, Error> {
    let (program, arguments) = command.split_first().expect("a command has a program");
    let cluster = shared::shared_blocking()?;
    let status = Command::new(program)
        .args(arguments)
        .envs(shared::handed_over(&cluster))
        .status()
        .map_err(|source| Error::Spawn { program: program.clone(), source })?;
    Ok(status)
}
