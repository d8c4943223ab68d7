//! What an application sees of faults: three real servers, one of which is killed, paused, restarted,
//! moved or badly linked, or others that come and go, under a load that waits for nobody.
//!
//! ```text
//!   run ---- starts -----> three servers, and links to them that can be made slow
//!    |  \--- a step -----> kill, pause, stop, start, slow down, join, leave    (plan, stage)
//!    |  \--- each second > how many requests each server has counted      (counts)
//!    |  \--- in place of > who dials a server that has left               (dials)
//!    \---- starts -----> one process a driver: so many requests a second  (process, load)
//! ```
//!
//! The drivers come one after the other, each to the same fault. What became of each request comes
//! back from its process (`record`), and everything that is said of it is worked out from that
//! (`figures`): nothing of it is known to the driver. In the end all that was written is read back
//! (`check`). `docs/faults.md` says what came of it.
//!
//! `fault`, `plan`, `record`, `figures` and `report` know no clock and no socket.

mod arguments;
mod check;
mod counts;
mod dials;
mod driver;
mod fault;
mod figures;
mod link;
mod load;
mod plan;
mod process;
mod record;
mod report;
mod run;
mod stage;
mod statements;
mod watch;

pub use self::arguments::FaultsArguments;
pub use self::driver::{Driver, Failure, Kind, Outcome};
pub use self::fault::Fault;
pub use self::figures::{Dialled, Figures, Observed, Part, Second};
pub use self::plan::{Lengths, LinkState, Mark, Stay, Step, arranged, servers, steps, tidied};
pub use self::process::{Task, client};
pub use self::record::{Class, Marks, Record, Sample};
pub use self::run::run;
