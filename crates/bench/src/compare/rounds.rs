//! Rounds in turn: one of each client, then one of each again, so that whatever disturbs the
//! machine disturbs all of them.

use std::time::{Duration, Instant};

use super::child::Client;
use super::{Case, Group, Server};
use crate::Result;
use crate::measure::Round;

/// What one client did in all rounds.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Who did what.
    pub case: Case,
    /// Timed, in order.
    pub rounds: Vec<Round>,
    /// By the client that counts its allocations.
    pub counted: Round,
    /// What the server did meanwhile.
    pub server: ServerLoad,
}

/// How busy the server was while a client was measured.
#[derive(Copy, Clone, Debug, Default)]
pub struct ServerLoad {
    /// Processor time of the server for one second of its time; 0 if it is not known.
    pub busy: f64,
}

/// Measures a group.
pub(super) fn run(
    group: &Group,
    server: &Server,
    rounds: usize,
    length: Duration,
) -> Result<Vec<Measured>> {
    let start = |case: &Case| -> Result<(Client, Measured)> {
        let counted = Client::counted(case, server)?.round(length.min(COUNTED))?;
        let measured =
            Measured { case: *case, rounds: Vec::new(), counted, server: ServerLoad::default() };
        Ok((Client::timed(case, server)?, measured))
    };
    let mut clients: Vec<(Client, Measured)> =
        group.cases.iter().map(start).collect::<Result<_>>()?;
    for _ in 0..rounds.max(1) {
        for (client, measured) in &mut clients {
            let (before, began) = (server.cpu_time()?, Instant::now());
            measured.rounds.push(client.round(length)?);
            let (after, took) = (server.cpu_time()?, began.elapsed());
            if let (Some(before), Some(after)) = (before, after) {
                let busy = after.saturating_sub(before).as_secs_f64() / took.as_secs_f64();
                measured.server.busy = measured.server.busy.max(busy);
            }
        }
    }
    Ok(clients.into_iter().map(|(_, measured)| measured).collect())
}

/// Allocations do not vary: counting them needs no long round.
const COUNTED: Duration = Duration::from_millis(100);
