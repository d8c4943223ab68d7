//! The replicas of every key are those that the servers say, and requests go to them.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use cqlwire::{Session, Token};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;

use crate::{PATIENCE, builder, close};

const KEYS: i32 = 10_000;

/// Keyspaces with several replicas, and how they are made. The first data center is `dc1`.
const REPLICATED: [(&str, &str); 4] = [
    ("two", "{'class': 'NetworkTopologyStrategy', 'dc1': 2}"),
    ("three", "{'class': 'NetworkTopologyStrategy', 'dc1': 3}"),
    ("simple_two", "{'class': 'SimpleStrategy', 'replication_factor': 2}"),
    ("simple_three", "{'class': 'SimpleStrategy', 'replication_factor': 3}"),
];

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

/// The replicas of each range by its last token, as a server has them: its `nodetool describering`,
/// a line a range.
async fn described(cluster: &Cluster, keyspace: &str) -> BTreeMap<Token, Vec<IpAddr>> {
    let said = cluster.node(2).nodetool(&["describering", keyspace]).await;
    let after = |line: &str, name: &str, end: char| {
        let (_, value) = line.split_once(name).unwrap_or_else(|| panic!("{name} in {line}"));
        value.split_once(end).unwrap().0.to_owned()
    };
    let ranges = said.lines().filter(|line| line.contains("start_token:")).map(|line| {
        let end = after(line, "end_token:", ',').parse().unwrap();
        let endpoints = after(line, ", endpoints:[", ']');
        (end, endpoints.split(", ").map(|address| address.parse().unwrap()).collect())
    });
    let ranges: BTreeMap<Token, Vec<IpAddr>> = ranges.collect();
    assert_eq!(ranges.len(), 48, "16 tokens of each of three: {said}");
    ranges
}

/// What has the range of the token: the first one that ends there or later, or else the first of all.
fn of<T>(token: Token, ranges: &BTreeMap<Token, T>) -> &T {
    ranges.range(token..).next().or_else(|| ranges.first_key_value()).unwrap().1
}

/// Compares the replicas of every key in these keyspaces with what a server says of them.
async fn compare(cluster: &Cluster, session: &Session, tokens: &HashMap<i32, Token>) {
    for (keyspace, strategy) in REPLICATED {
        let create = format!("CREATE KEYSPACE {keyspace} WITH replication = {strategy}");
        session.query(&create, ()).await.unwrap();
        let is_known = || session.topology().replica_table(keyspace).is_some();
        eventually(PATIENCE, "the keyspace is known", is_known).await;
        let (ranges, topology) = (described(cluster, keyspace).await, session.topology());
        for (key, token) in tokens {
            assert_eq!(topology.token(&key.to_be_bytes()), Some(*token), "{key}");
            let replicas = topology.replicas(keyspace, *token);
            let replicas: Vec<IpAddr> =
                replicas.map(|host| host.address().socket().unwrap().ip()).collect();
            assert_eq!(replicas, *of(*token, &ranges), "{keyspace}: {key}, {token}");
        }
    }
}

/// The token of each key, as the servers compute it.
async fn tokens(session: &Session) -> HashMap<i32, Token> {
    let rows = session.query("SELECT k, token(k) FROM owned.t", ()).rows::<(i32, i64)>();
    let rows = rows.try_collect(usize::try_from(KEYS).unwrap()).await.unwrap();
    rows.into_iter().map(|(key, token)| (key, Token(token))).collect()
}

#[tokio::test]
async fn g12_9_replicas_are_those_of_the_servers_and_g13_1_prepared_reads_go_to_them() {
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
    compare(&cluster, &session, &tokens).await;
    let owner = |key: i32| *of(tokens[&key], &owners);
    let mut elsewhere = 0;
    for key in 0..KEYS {
        let mut pages = session.execute(&select, (key,)).pages();
        let page = pages.try_next().await.unwrap().unwrap();
        elsewhere += usize::from(page.coordinator() != Some(owner(key)));
    }
    assert!(elsewhere <= 10, "{elsewhere} of {KEYS} reads went to hosts that do not own the key");
    close(session).await;
}
