//! The system tables: which servers there are, and what they say about themselves.

use std::net::{IpAddr, SocketAddr};

use cqlwire_codec::{Row, RowIter, Rows, Token, ValueError};
use cqlwire_net::ServerAddress;
use uuid::Uuid;

use crate::listing::{ClusterRows, HostRow, Replications};
use crate::{ContactFailure, HostDescription, Settings};

/// Of the server that is asked.
pub(super) const LOCAL: &str = "SELECT cluster_name, partitioner, host_id, data_center, rack, \
     release_version, tokens, schema_version FROM system.local WHERE key = 'local'";

/// Of the others, since 4.0: with the port of each.
pub(super) const PEERS_V2: &str = "SELECT host_id, data_center, rack, release_version, tokens, \
     peer, native_address, native_port FROM system.peers_v2";

/// Of the others, before 4.0.
pub(super) const PEERS: &str = "SELECT host_id, data_center, rack, release_version, tokens, peer, \
     rpc_address FROM system.peers";

/// Reads both tables, as `asked` answered them; of the peers no more hosts are taken than there may
/// be. What is wrong with them is said once, as long as it is so with each listing.
pub(super) fn read(
    local: &Rows,
    peers: &Rows,
    asked: &ServerAddress,
    settings: &Settings,
) -> Result<ClusterRows, ContactFailure> {
    let row = RowIter::<Row<'_>>::of(local)?.next().ok_or(ContactFailure::NoLocalRow)??;
    let cluster_name = row.get::<String>("cluster_name")?;
    let partitioner = row.get::<Option<String>>("partitioner")?.unwrap_or_default();
    // Where it was reached is where it is: what it calls its own address may be one behind a NAT.
    let mut hosts = vec![read_host(&row, asked.clone())?];
    let schema_version = row.get("schema_version")?;
    let (log, max_hosts, mut incomplete) = (settings.log(), settings.max_hosts, false);
    let session = log.id();
    let mut peers = RowIter::<Row<'_>>::of(peers)?;
    for row in peers.by_ref().take(max_hosts.saturating_sub(1)) {
        match read_peer(&row?, asked.port()) {
            Ok(Some(peer)) => hosts.push(peer),
            // A server that is joining or leaving has an incomplete row for a while.
            Ok(None) => {
                tracing::debug!(%session, "a row of the peers is incomplete: left out");
                incomplete = true;
            }
            Err(error) => {
                if log.is_news("unreadable peer", error.to_string()) {
                    tracing::warn!(%session, %error, "a row of the peers cannot be read: left out");
                }
            }
        }
    }
    if peers.next().is_some() && log.is_news("too many hosts", max_hosts) {
        tracing::warn!(%session, max_hosts, "a server lists more hosts than may be: the others are left out");
    }
    let replications = Replications::new();
    Ok(ClusterRows { cluster_name, partitioner, schema_version, replications, hosts, incomplete })
}

fn read_host(row: &Row<'_>, address: ServerAddress) -> Result<HostRow, ValueError> {
    let tokens = row.get::<Option<Vec<String>>>("tokens")?.unwrap_or_default();
    // Those of another partitioner are no numbers of 64 bits, and of no use here.
    let mut tokens: Vec<Token> = tokens.iter().filter_map(|token| token.parse().ok()).collect();
    tokens.sort_unstable();
    let told_address = address.socket();
    let description = HostDescription {
        id: row.get("host_id")?,
        address,
        data_center: row.get("data_center")?,
        // Servers have let it be empty.
        rack: row.get::<Option<String>>("rack")?.unwrap_or_default(),
        release_version: row.get("release_version")?,
    };
    Ok(HostRow { description, told_address, tokens })
}

/// `None` if it does not say enough.
fn read_peer(row: &Row<'_>, default_port: u16) -> Result<Option<HostRow>, ValueError> {
    let since_v4 = row.columns().iter().any(|column| column.name == "native_address");
    let column = if since_v4 { "native_address" } else { "rpc_address" };
    let Some(address) = row.get::<Option<IpAddr>>(column)? else { return Ok(None) };
    // "Every address" is where it listens, not where it is reached; the other servers know that.
    let address = if address.is_unspecified() { row.get("peer")? } else { address };
    let port = if since_v4 {
        let port = row.get::<Option<i32>>("native_port")?;
        port.and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port)
    } else {
        default_port
    };
    let is_told = |column| row.get::<Option<&str>>(column).map(|text| text.is_some());
    let whole = row.get::<Option<Uuid>>("host_id")?.is_some()
        && is_told("data_center")?
        && is_told("release_version")?;
    if !whole {
        return Ok(None);
    }
    read_host(row, SocketAddr::new(address, port).into()).map(Some)
}
