//! What servers wrote of a request that they were asked to trace: [`Trace`] is what it looks like, and
//! `read.rs` waits for it.

mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use cqlwire_codec::{CqlTimestamp, Row, ValueError};
use uuid::Uuid;

pub(crate) use self::read::read;

/// What the servers wrote of one request that they were asked to trace, as
/// [`Session::trace`](crate::Session::trace) reads it. As text it is a table for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// Its id.
    pub id: Uuid,
    /// The host that the request was sent to, by the address at which it is known to other hosts.
    pub coordinator: IpAddr,
    /// The port of that; servers have said it since 4.0.
    pub coordinator_port: Option<u16>,
    /// Who sent it, as the coordinator saw it.
    pub client: Option<IpAddr>,
    /// What kind of request it was: `QUERY`, for what a session executes.
    pub command: String,
    /// What the coordinator did: `Execute CQL3 query`, for instance.
    pub request: String,
    /// When it began, by the clock of the coordinator.
    pub started_at: Option<CqlTimestamp>,
    /// How long it took the coordinator, to one microsecond.
    pub duration: Duration,
    /// What belongs to it, by name: the statement, its consistencies, its bind values, its page size.
    pub parameters: BTreeMap<String, String>,
    /// What happened, in the order of the clocks of those who did it.
    pub events: Vec<TraceEvent>,
}

/// One thing that a host did for a request that was traced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceEvent {
    /// Its id, a time UUID: it says when that was, by the clock of the host.
    pub id: Uuid,
    /// What it did.
    pub activity: String,
    /// The host, by the address at which it is known to other hosts.
    pub source: IpAddr,
    /// The port of that; servers have said it since 4.0.
    pub source_port: Option<u16>,
    /// How long after the host had begun with the request, to one microsecond; `None` if it does not
    /// say.
    pub elapsed: Option<Duration>,
    /// The thread of the host that did it.
    pub thread: Option<String>,
}

impl Trace {
    /// Reads the row of a trace; `None` if it is not all there yet: replicas may have what was written
    /// of it last before the rest.
    fn of_row(id: Uuid, row: &Row<'_>) -> Result<Option<Self>, ValueError> {
        let coordinator = row.get::<Option<IpAddr>>("coordinator")?;
        let (Some(coordinator), Some(duration)) = (coordinator, micros(row, "duration")?) else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            coordinator,
            coordinator_port: port(row, "coordinator_port")?,
            client: row.get("client")?,
            command: row.get::<Option<String>>("command")?.unwrap_or_default(),
            request: row.get::<Option<String>>("request")?.unwrap_or_default(),
            started_at: row.get("started_at")?,
            duration,
            parameters: row.get("parameters")?,
            events: Vec::new(),
        }))
    }
}

impl TraceEvent {
    fn of_row(row: &Row<'_>) -> Result<Self, ValueError> {
        Ok(Self {
            id: row.get("event_id")?,
            activity: row.get::<Option<String>>("activity")?.unwrap_or_default(),
            source: row.get("source")?,
            source_port: port(row, "source_port")?,
            elapsed: micros(row, "source_elapsed")?,
            thread: row.get("thread")?,
        })
    }
}

fn micros(row: &Row<'_>, column: &str) -> Result<Option<Duration>, ValueError> {
    let micros = row.get::<Option<i32>>(column)?;
    Ok(micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}

/// Servers before 4.0 have no column for it.
fn port(row: &Row<'_>, column: &str) -> Result<Option<u16>, ValueError> {
    match row.get::<Option<i32>>(column) {
        Ok(port) => Ok(port.and_then(|port| u16::try_from(port).ok())),
        Err(ValueError::NoColumn(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl fmt::Display for Trace {
    /// One line of the whole, one for each parameter, and one for each event: after how long, on which
    /// host, what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, coordinator, request, duration, .. } = self;
        write!(f, "{request} by {coordinator}: {duration:?} (trace {id})")?;
        self.parameters.iter().try_for_each(|(name, value)| write!(f, "\n  {name}: {value}"))?;
        for event in &self.events {
            let elapsed = event.elapsed.map_or_else(|| "?".to_owned(), |time| format!("{time:?}"));
            write!(f, "\n  {elapsed:>10}  {}  {}", event.source, event.activity)?;
        }
        Ok(())
    }
}
