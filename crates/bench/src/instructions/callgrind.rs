//! Running a step under callgrind.

use std::net::SocketAddr;
use std::process::Command;

use super::Step;
use crate::{Result, ensure};

/// What one operation of a step costs, in instructions.
pub(super) fn instructions_per_operation(step: Step, server: SocketAddr) -> Result<u64> {
    let (few, many) = step.counts();
    let (of_few, of_many) = (instructions(step, few, server)?, instructions(step, many, server)?);
    ensure(of_many > of_few, "more operations take more instructions")?;
    let operations = u64::from(many - few);
    Ok((of_many - of_few + operations / 2) / operations)
}

/// What the whole process executes.
fn instructions(step: Step, count: u32, server: SocketAddr) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(std::env::current_exe()?);
    command.args(["step", step.name(), &count.to_string(), "--server", &server.to_string()]);
    let output = command.output().map_err(|error| format!("valgrind does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("step {} fails under callgrind:\n{said}", step.name()).into());
    }
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, number) = collected.ok_or("callgrind says how much it collected")?;
    Ok(number.trim().parse()?)
}
