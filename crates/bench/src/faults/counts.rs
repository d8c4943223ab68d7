//! How many requests each server has counted (`system_views.clients`), looked at twice a second: whoever
//! asks, and by whatever driver.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::cqlwire::{Consistency, ExecutionProfile, HostDescription, HostFilter, Session};
use cqlwire_codec::Row;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Stay;
use super::load::now;
use crate::Result;

/// All that servers know of their clients: what they do not tell before 4.1 is not asked for.
const SELECT: &str = "SELECT * FROM system_views.clients";
/// What the sessions of the benchmark itself say of themselves. What they ask is not counted.
pub(super) const OBSERVER: &str = "cqlwire-bench-faults";
/// Where they say it.
const APPLICATION: &str = "APPLICATION_NAME";
/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// How long an answer may take, and how long at most to wait before a server is dialled again.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one server has counted by when: the sum of all connections that there ever were.
pub(super) type Counts = Vec<(u64, u64)>;

/// Looks at the servers until it is dropped.
#[derive(Debug)]
pub(super) struct Counting {
    servers: Vec<Looking>,
}

#[derive(Debug)]
struct Looking {
    server: SocketAddr,
    counts: Arc<Mutex<Counts>>,
    /// Ends with this.
    looking: JoinSet<()>,
}

/// Only this one.
#[derive(Debug)]
struct Only(SocketAddr);

impl HostFilter for Only {
    fn accepts(&self, host: &HostDescription) -> bool {
        host.address.socket() == Some(self.0)
    }
}

impl Counting {
    /// Begins to look: at those that come later from then on.
    pub(super) async fn begin(servers: &[(SocketAddr, Stay)]) -> Result<Self> {
        let mut all = Vec::new();
        for (server, stay) in servers {
            let session = match stay {
                Stay::Comes => None,
                Stay::All | Stay::Goes => Some(connect(*server).await?),
            };
            let (counts, mut looking) = (Arc::<Mutex<Counts>>::default(), JoinSet::new());
            looking.spawn(look(*server, session, Arc::clone(&counts)));
            all.push(Looking { server: *server, counts, looking });
        }
        Ok(Self { servers: all })
    }

    /// Looks no more at a server that has left.
    pub(super) async fn end(&mut self, server: SocketAddr) {
        if let Some(own) = self.servers.iter_mut().find(|own| own.server == server) {
            own.looking.shutdown().await;
        }
    }

    /// What each server has counted, in the order of the servers.
    pub(super) fn so_far(&self) -> Vec<Counts> {
        let own = |own: &Looking| own.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.servers.iter().map(own).collect()
    }
}

async fn connect(server: SocketAddr) -> Result<Session> {
    let profile = ExecutionProfile::default().consistency(Consistency::One).timeout(PATIENCE);
    let builder = Session::builder().contact_points([server.to_string()]);
    let builder = builder.application_name(OBSERVER).host_filter(Only(server));
    let builder = builder.connections_per_host(1).profile(profile);
    Ok(builder.reconnection(Duration::from_millis(100), PATIENCE).connect().await?)
}

/// Looks at a server from when it is there.
async fn look(server: SocketAddr, session: Option<Session>, counts: Arc<Mutex<Counts>>) {
    let mut connected = session;
    let session = loop {
        match connected {
            Some(session) => break session,
            None => sleep(EVERY).await,
        }
        connected = connect(server).await.ok();
    };
    let (mut known, mut sum) = (HashMap::new(), 0);
    loop {
        // A server that does not answer has counted nothing that anybody knows of.
        if let Ok(connections) = ask(&session).await {
            sum += more(&mut known, connections);
            if let Ok(now) = now() {
                counts.lock().unwrap_or_else(PoisonError::into_inner).push((now, sum));
            }
        }
        sleep(EVERY).await;
    }
}

type Connections = HashMap<(IpAddr, i32), i64>;

async fn ask(session: &Session) -> Result<Connections> {
    let result = session.query(SELECT, ()).await?;
    let mut connections = Connections::new();
    for row in result.rows::<Row<'_>>()? {
        let row = row?;
        // Those before 4.1 have no such column.
        let options = row.get::<Option<HashMap<&str, &str>>>("client_options").ok().flatten();
        if options.is_some_and(|options| options.get(APPLICATION) == Some(&OBSERVER)) {
            continue;
        }
        let connection = (row.get("address")?, row.get("port")?);
        connections.insert(connection, row.get("request_count")?);
    }
    Ok(connections)
}

/// How many requests more there are than were known. A connection that counts less is another one.
fn more(known: &mut Connections, now: Connections) -> u64 {
    let of = |(connection, requests): (&(IpAddr, i32), &i64)| {
        let before = known.get(connection).filter(|before| *before <= requests);
        u64::try_from(requests - before.copied().unwrap_or(0)).unwrap_or(0)
    };
    let more = now.iter().map(of).sum();
    *known = now;
    more
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn connections_that_come_and_go_are_counted_once() {
        let own = |counts: &[(i32, i64)]| -> Connections {
            let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
            counts.iter().map(|(port, count)| ((address, *port), *count)).collect()
        };
        let mut known = Connections::new();
        assert_eq!(more(&mut known, own(&[(1, 10), (2, 5)])), 15);
        assert_eq!(more(&mut known, own(&[(1, 12)])), 2);
        assert_eq!(more(&mut known, own(&[(1, 3), (2, 1)])), 4);
    }
}
