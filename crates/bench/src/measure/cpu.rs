//! Processor time, and the core to spend it on.

use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

use crate::Result;

/// Keeps the process on one core: the calling thread, and those that it starts from now on.
///
/// # Errors
///
/// There is no such core.
pub fn pin_to(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &cores)?)
}

/// The processor time that this process has used so far, in user and system mode, in all threads.
///
/// # Errors
///
/// The system does not say.
pub fn cpu_time() -> Result<Duration> {
    Ok(ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?.into())
}

/// The processor time that another process has used so far.
///
/// # Errors
///
/// There is no such process.
pub fn cpu_time_of(process: u32) -> Result<Duration> {
    let process = Pid::from_raw(i32::try_from(process)?);
    Ok(clock_getcpuclockid(process)?.now()?.into())
}
