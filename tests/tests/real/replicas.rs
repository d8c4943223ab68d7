//! Requests go to the hosts that have their partition.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use cqlwire::{Session, Token};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;

use crate::{PATIENCE, builder, close};

const KEYS: i32 = 10_000;

/// The host that owns each token, as each host says of itself: not what the driver makes of it.
async fn owners(session: &Session) -> BTreeMap<Token, SocketAddr> {
    let mut owners = BTreeMap::new();
    for host in session.topology().hosts() {
        let own = session.query("SELECT tokens FROM system.local", ()).host(host.id());
        let (tokens,) = own.await.unwrap().one_row::<(Vec<String>,)>().unwrap();
        let address = host.address().socket().unwrap();
        owners.extend(tokens.iter().map(|token| (token.parse().unwrap(), address)));
    }
    owners
}

/// The token of each key, as the servers compute it.
async fn tokens(session: &Session) -> HashMap<i32, Token> {
    let rows = session.query("SELECT k, token(k) FROM owned.t", ()).rows::<(i32, i64)>();
    let rows = rows.try_collect(usize::try_from(KEYS).unwrap()).await.unwrap();
    rows.into_iter().map(|(key, token)| (key, Token(token))).collect()
}

#[tokio::test]
async fn g13_1_prepared_reads_go_to_the_owner_of_their_partition() {
    let cluster = Cluster::builder().nodes(3).start().await;
    let session = builder(&cluster).ready_when(3).connect().await.unwrap();
    eventually(PATIENCE, "all are known", || session.topology().local_hosts().len() == 3).await;
    let local = session.topology().data_centers()[0].clone();
    let strategy = format!("{{'class': 'NetworkTopologyStrategy', '{local}': 1}}");
    let create = format!("CREATE KEYSPACE owned WITH replication = {strategy}");
    session.query(&create, ()).await.unwrap();
    session.query("CREATE TABLE owned.t (k int PRIMARY KEY)", ()).await.unwrap();
    eventually(PATIENCE, "the keyspace is known", || {
        session.topology().replica_table("owned").is_some()
    })
    .await;
    let insert = session.prepare("INSERT INTO owned.t (k) VALUES (?)").await.unwrap();
    let select = session.prepare("SELECT k FROM owned.t WHERE k = ?").await.unwrap();
    for key in 0..KEYS {
        session.execute(&insert, (key,)).await.unwrap();
    }
    let (owners, tokens) = (owners(&session).await, tokens(&session).await);
    let owner = |key: i32| {
        let after = owners.range(tokens[&key]..).next().or_else(|| owners.first_key_value());
        *after.unwrap().1
    };
    let mut elsewhere = 0;
    for key in 0..KEYS {
        let mut pages = session.execute(&select, (key,)).pages();
        let page = pages.try_next().await.unwrap().unwrap();
        elsewhere += usize::from(page.coordinator() != Some(owner(key)));
    }
    assert!(elsewhere <= 10, "{elsewhere} of {KEYS} reads went to hosts that do not own the key");
    close(session).await;
}
