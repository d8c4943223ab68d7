//! Waiting for a trace, and reading it.
//!
//! Servers write traces when they have answered, each its own events, and wait for nobody: the row of
//! the whole has its duration last, and replicas may write their events later still.
//!
//! ```text
//!   looking --row with its duration--> gathering --no more events than at the last look--> done
//!    ^   |                              ^   |
//!    +---+ no row, or no duration       +---+ more of them
//! ```
//!
//! Between two looks there is a pause, each twice as long as the last.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Consistency, Row, StatementKind, ValueError};
use cqlwire_net::Deadline;
use cqlwire_stream::OwnedRow;
use uuid::Uuid;

use super::{Trace, TraceEvent};
use crate::error::{Error, ErrorKind, Result};
use crate::execution::{Execution, RowStream};
use crate::keyspace::InKeyspace;
use crate::operation::Statement;
use crate::shared::Shared;
use crate::timed::timed;

const SESSION: &str = "SELECT * FROM system_traces.sessions WHERE session_id = ?";
const EVENTS: &str = "SELECT * FROM system_traces.events WHERE session_id = ?";

/// The first pause, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// More than any request leaves behind that a server survives.
const MOST_EVENTS: usize = 100_000;

/// Reads the trace with this id once it is there, until the deadline.
pub(crate) async fn read(shared: &Arc<Shared>, id: Uuid, deadline: Deadline) -> Result<Trace> {
    let mut reading = Reading { shared, id, deadline, pause: FIRST_PAUSE };
    let mut trace = reading.looking().await?;
    trace.events = reading.gathering().await?;
    Ok(trace)
}

struct Reading<'a> {
    shared: &'a Arc<Shared>,
    id: Uuid,
    deadline: Deadline,
    /// The next one.
    pause: Duration,
}

impl Reading<'_> {
    /// The trace without its events, once it is there.
    async fn looking(&mut self) -> Result<Trace> {
        // What the last look came to that had a response.
        let mut has_begun = None;
        loop {
            match self.rows(SESSION).try_next().await {
                Ok(None) => has_begun = has_begun.or(Some(false)),
                Ok(Some(row)) => {
                    has_begun = Some(true);
                    if let Some(trace) = Trace::of_row(self.id, &row.decode::<Row<'_>>()?)? {
                        return Ok(trace);
                    }
                }
                // There was not the time for another look.
                Err(error) if error.is_timeout() && has_begun.is_some() => {}
                Err(error) => return Err(error),
            }
            if !self.pause().await {
                let (id, has_begun) = (self.id, has_begun.unwrap_or(false));
                let (kind, took) = (ErrorKind::NoTrace { id, has_begun }, self.deadline.elapsed());
                return Err(Error::after(kind, StatementKind::Read, Vec::new(), Some(took)));
            }
        }
    }

    /// The events, once no more of them come, or there is no more time.
    async fn gathering(&mut self) -> Result<Vec<TraceEvent>> {
        let mut events = self.events().await?;
        // What traced a request has an event of it, as a rule.
        while self.pause().await {
            let now = match self.events().await {
                Err(error) if error.is_timeout() => break,
                now => now?,
            };
            let before = std::mem::replace(&mut events, now);
            let may_be_empty = self.pause == LONGEST_PAUSE;
            if before.len() == events.len() && (may_be_empty || !events.is_empty()) {
                break;
            }
        }
        Ok(events)
    }

    /// Waits before the next look; false if there is no time for that.
    async fn pause(&mut self) -> bool {
        let pause = self.pause;
        if pause >= self.deadline.remaining() {
            return false;
        }
        // Without its runtime, the next look says so.
        timed(&self.shared.runtime, async move { tokio::time::sleep(pause).await }).await;
        self.pause = LONGEST_PAUSE.min(pause * 2);
        true
    }

    async fn events(&self) -> Result<Vec<TraceEvent>> {
        let rows = self.rows(EVENTS).try_collect(MOST_EVENTS).await?;
        let of_row = |row: OwnedRow| TraceEvent::of_row(&row.decode::<Row<'_>>()?);
        let events: Result<Vec<_>, ValueError> = rows.into_iter().map(of_row).collect();
        Ok(events?)
    }

    /// Any replica will do, in any data center: where traces are kept is for nobody to choose. The
    /// look itself is not traced.
    fn rows(&self, text: &'static str) -> RowStream<OwnedRow> {
        let keyspace = InKeyspace::Borrowed(self.shared.keyspaces.of_session());
        let look = Execution::new(self.shared, keyspace, Statement::Text(text), (self.id,));
        let look = look.consistency(Consistency::One).tracing(false).idempotent(true);
        let (look, left) = (look.timeout(self.deadline.remaining()), self.deadline.remaining());
        look.stream().total_timeout(left).rows()
    }
}
