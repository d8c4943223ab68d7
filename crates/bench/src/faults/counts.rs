//! How many requests each server has counted (`system_views.clients`), looked at each second: whoever
//! asks, and by whatever driver.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::cqlwire::{Consistency, ExecutionProfile, HostDescription, HostFilter, Session};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::load::now;
use crate::Result;

const SELECT: &str = "SELECT address, port, request_count FROM system_views.clients";
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// What one server has counted by when: the sum of all connections that there ever were.
pub(super) type Counts = Vec<(u64, u64)>;

/// Looks at the servers until it is dropped.
#[derive(Debug)]
pub(super) struct Counting {
    counts: Vec<Arc<Mutex<Counts>>>,
    /// Ends with this.
    _looking: JoinSet<()>,
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
    /// Begins to look.
    pub(super) async fn begin(servers: &[SocketAddr]) -> Result<Self> {
        let (mut counts, mut looking) = (Vec::new(), JoinSet::new());
        for server in servers {
            let profile = ExecutionProfile::default().consistency(Consistency::One).timeout(EVERY);
            let builder = Session::builder().contact_points([server.to_string()]);
            let builder = builder.host_filter(Only(*server)).connections_per_host(1);
            let builder = builder.reconnection(Duration::from_millis(100), EVERY);
            let session = builder.profile(profile).connect().await?;
            let own = Arc::<Mutex<Counts>>::default();
            counts.push(Arc::clone(&own));
            looking.spawn(look(session, own));
        }
        Ok(Self { counts, _looking: looking })
    }

    /// What each server has counted, in the order of the servers.
    pub(super) fn so_far(&self) -> Vec<Counts> {
        let own = |counts: &Arc<Mutex<Counts>>| {
            counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        self.counts.iter().map(own).collect()
    }
}

async fn look(session: Session, counts: Arc<Mutex<Counts>>) {
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
    for row in result.rows::<(IpAddr, i32, i64)>()? {
        let (address, port, requests) = row?;
        connections.insert((address, port), requests);
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
