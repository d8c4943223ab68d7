//! A long run: mixed work whose users go away, on servers that are restarted, and then on a canned node
//! that is faster than any of them; what a session holds is the same at its end as at its beginning.
//!
//! ```text
//!   users: read and verify, write, batch, stream, prepare; one call in a hundred is let go
//!     |                                                        |
//!   session <-- sampled: heap, descriptors, tasks, ledger      v
//!     |                        |                       wrong values, overdue calls
//!     v                        v                               |
//!   servers, restarted     flat from quarter to quarter?       |
//!                              +----------> report <-----------+
//! ```
//!
//! `user` is the loop of one user; `keys` are users of a real server, who know what they wrote, and
//! `canned` are those of the canned node. `phase` runs them, `sample` looks at what there is, `flat`
//! judges it, and `report` tells. `servers` are started, and restarted.

mod arguments;
mod canned;
mod flat;
mod keys;
mod phase;
mod report;
mod sample;
mod servers;
mod tally;
mod user;

pub use self::arguments::SoakArguments;

use self::phase::PhaseReport;
use crate::Result;
use crate::compare::Server;

/// Runs both phases, and reports.
///
/// # Errors
///
/// Something grew, a value was wrong, a call was overdue; or a server did not start.
pub fn run(arguments: &SoakArguments) -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let mut phases: Vec<PhaseReport> = Vec::new();
    if !arguments.length().is_zero() {
        phases.push(runtime.block_on(servers::phase(arguments))?);
        // What was found is kept, whatever comes next.
        report::write(&phases, arguments)?;
    }
    if arguments.requests > 0 {
        let server = Server::canned(1)?;
        phases.push(runtime.block_on(canned::phase(&server, arguments))?);
        report::write(&phases, arguments)?;
    }
    report::tell(&phases, arguments);
    let failed: usize = phases.iter().map(|phase| phase.faults.len()).sum();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} faults; see above").into()) }
}
