//! The cases: who does what, with how many in flight, on which runtime.

use std::fmt;

use clap::ValueEnum;

use super::CompareArguments;
use crate::client::{Kind, RuntimeKind};
use crate::work::Work;

/// How many requests are in flight.
const LEVELS: [u32; 6] = [1, 8, 32, 256, 1_024, 8_192];
/// How many streams are open.
const STREAMS: u32 = 1_000;

/// One client at one work.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Who.
    pub client: Kind,
    /// What.
    pub work: Work,
    /// How many requests at once; 0 where nothing bounds them, in an open loop.
    pub in_flight: u32,
    /// On what.
    pub runtime: RuntimeKind,
    /// Of an open loop, how many reads a second.
    pub rate: u32,
}

/// The cases that are to be compared with each other, and are measured in turn.
#[derive(Clone, Debug)]
pub struct Group {
    /// Who does it: all the rest is the same, but that the floor has no runtime.
    pub cases: Vec<Case>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(case) = self.cases.last() else { return Ok(()) };
        write!(f, "{}, {}", case.work, case.runtime.name())?;
        match case.work {
            Work::Read | Work::Insert | Work::Query | Work::Batch => {
                write!(f, ", {} in flight", case.in_flight)
            }
            Work::ReadOpenLoop => write!(f, ", {} a second", case.rate),
            Work::Scan | Work::ScanBorrowed => Ok(()),
            Work::Load | Work::LoadOrdered => write!(f, ", {} in flight", case.in_flight),
            Work::Streams => write!(f, ", {} open", case.in_flight),
        }
    }
}

/// All groups that are asked for.
pub(super) fn groups(arguments: &CompareArguments) -> Vec<Group> {
    let mut groups = Vec::new();
    for work in Work::value_variants().iter().filter(|work| wanted(&arguments.work, work)) {
        let levels: &[u32] = match work {
            Work::Read | Work::Insert => &LEVELS,
            Work::Query | Work::Load | Work::LoadOrdered => &[256],
            Work::Batch => &[1, 32],
            Work::Streams => &[STREAMS],
            Work::ReadOpenLoop => &[0],
            Work::Scan | Work::ScanBorrowed => &[1],
        };
        for in_flight in levels.iter().filter(|level| wanted(&arguments.in_flight, level)) {
            for runtime in [RuntimeKind::CurrentThread, RuntimeKind::MultiThread] {
                let cases = cases(arguments, *work, *in_flight, runtime);
                if !cases.is_empty() {
                    groups.push(Group { cases });
                }
            }
        }
    }
    groups
}

fn cases(
    arguments: &CompareArguments,
    work: Work,
    in_flight: u32,
    runtime: RuntimeKind,
) -> Vec<Case> {
    let clients = Kind::value_variants().iter().copied();
    let clients = clients.filter(|kind| wanted(&arguments.client, kind) && kind.does(work));
    let clients = clients.filter(|kind| in_flight <= kind.most_in_flight());
    // The floor has no runtime, and what blocks one of its own: they are measured once.
    let has_own = |kind| matches!(kind, Kind::Floor | Kind::CqlwireBlocking);
    let clients = clients.filter(|kind| !has_own(*kind) || runtime == RuntimeKind::CurrentThread);
    clients
        .map(|client| {
            let runtime = if client == Kind::Floor { RuntimeKind::None } else { runtime };
            Case { client, work, in_flight, runtime, rate: arguments.rate }
        })
        .collect()
}

/// Nothing asked for is everything asked for.
fn wanted<T: PartialEq>(only: &[T], one: &T) -> bool {
    only.is_empty() || only.contains(one)
}
