//! What one host says of itself, at one moment: the rows of its virtual tables, read into numbers.
//!
//! The tables are those of `system_views`, which servers have from 4.0 on. Each of them is optional
//! here: what a server has not, or does not show to this user, is not known.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use cqlwire::Row;
use uuid::Uuid;

/// See the [module](self).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// When the host was asked.
    pub(super) asked: Instant,
    /// How long a light question took.
    pub(super) answered_in: Duration,
    /// The requests that each open connection has sent so far, but those of this command.
    pub(super) clients: Option<Requests>,
    /// What it coordinated, table by table.
    pub(super) reads: Option<Latencies>,
    pub(super) writes: Option<Latencies>,
    pub(super) pools: Option<Tasks>,
    /// Why something is not known, if that is so.
    pub(super) lacking: Option<String>,
}

/// The requests of each connection, by where it comes from.
pub(super) type Requests = HashMap<(IpAddr, i32), u64>;

/// The latencies of each table, by its keyspace and its name.
pub(super) type Latencies = HashMap<(String, String), Latency>;

/// The latency of one kind of requests to one table, as the server has it.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Latency {
    /// How many there were since the server began.
    pub(super) count: u64,
    /// Of the last minutes, in milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The tasks of all thread pools together.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tasks {
    pub(super) pending: u64,
    pub(super) blocked: u64,
}

/// A row of `clients`.
#[derive(Debug, Row)]
pub(super) struct ClientRow {
    address: IpAddr,
    port: i32,
    request_count: i64,
    /// Not before 4.1.
    #[cql(default)]
    client_options: Option<HashMap<String, String>>,
}

impl ClientRow {
    /// Is it a connection of this session? Servers that do not say so count it among the others.
    fn is_of(&self, session: &str) -> bool {
        let options = self.client_options.as_ref();
        options.and_then(|options| options.get("SESSION_ID")).is_some_and(|id| id == session)
    }
}

/// The connections of others than this session.
pub(super) fn requests(rows: Vec<ClientRow>, session: Uuid) -> Requests {
    let session = session.to_string();
    let others = rows.into_iter().filter(|row| !row.is_of(&session));
    others.map(|row| ((row.address, row.port), counted(row.request_count))).collect()
}

/// A row of `coordinator_read_latency` or `coordinator_write_latency`.
#[derive(Debug, Row)]
pub(super) struct LatencyRow {
    keyspace_name: String,
    table_name: String,
    count: i64,
    p50th_ms: f64,
    p99th_ms: f64,
}

/// The keyspaces that each host has for itself: every driver asks them all the time.
const OF_ONE_HOST: [&str; 2] = ["system", "system_schema"];

/// All tables that requests are coordinated for.
pub(super) fn latencies(rows: Vec<LatencyRow>) -> Latencies {
    let coordinated = |row: &LatencyRow| !OF_ONE_HOST.contains(&&*row.keyspace_name);
    let latency = |row: LatencyRow| {
        let latency = Latency { count: counted(row.count), p50: row.p50th_ms, p99: row.p99th_ms };
        ((row.keyspace_name, row.table_name), latency)
    };
    rows.into_iter().filter(coordinated).map(latency).collect()
}

/// A row of `thread_pools`.
#[derive(Debug, Row)]
pub(super) struct PoolRow {
    pending_tasks: i32,
    blocked_tasks: i64,
}

/// Those of all pools.
pub(super) fn tasks(rows: &[PoolRow]) -> Tasks {
    let mut tasks = Tasks::default();
    for row in rows {
        tasks.pending += counted(row.pending_tasks.into());
        tasks.blocked += counted(row.blocked_tasks);
    }
    tasks
}

/// Servers count in signed numbers.
fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_this_command_are_left_out_where_the_server_tells_them_apart() {
        let session = Uuid::from_u128(7);
        let client = |port, options: Option<&str>| ClientRow {
            address: [10, 0, 0, 1].into(),
            port,
            request_count: 5,
            client_options: options
                .map(|id| HashMap::from([("SESSION_ID".to_owned(), id.to_owned())])),
        };
        let own = session.to_string();
        let rows = vec![client(1, None), client(2, Some(&own)), client(3, Some("other"))];
        let mut ports: Vec<i32> = requests(rows, session).keys().map(|(_, port)| *port).collect();
        ports.sort_unstable();
        assert_eq!(ports, [1, 3]);
    }

    #[test]
    fn latencies_are_of_what_is_coordinated_and_not_of_what_every_driver_asks() {
        let row = |keyspace: &str| LatencyRow {
            keyspace_name: keyspace.to_owned(),
            table_name: "t".to_owned(),
            count: 9,
            p50th_ms: 1.0,
            p99th_ms: 2.0,
        };
        let found = latencies(["shop", "system", "system_schema"].map(row).into());
        let key = ("shop".to_owned(), "t".to_owned());
        assert_eq!(found, HashMap::from([(key, Latency { count: 9, p50: 1.0, p99: 2.0 })]));
    }

    #[test]
    fn tasks_are_those_of_all_pools() {
        let row = |pending_tasks, blocked_tasks| PoolRow { pending_tasks, blocked_tasks };
        let tasks = tasks(&[row(3, 1), row(-1, 0), row(4, 0)]);
        assert_eq!(tasks, Tasks { pending: 7, blocked: 1 });
    }
}
