//! What the system tables say about the hosts, whatever happens to them.

use super::*;

#[tokio::test(start_paused = true)]
async fn all_nodes_say_the_same_about_the_ring() {
    let cluster = cluster();
    let all: BTreeSet<_> = cluster.members().iter().map(|member| member.address).collect();
    assert_eq!(all.len(), 4);
    for number in 0..4 {
        let mut client = client(&cluster, number).await;
        assert_eq!(ring(&mut client).await, all);
        let own = rows(&mut client, "SELECT host_id FROM system.local").await;
        assert_eq!(own, [[Some(Bytes::copy_from_slice(&cluster.member(number).host_id))]]);
        let peers = rows(&mut client, "SELECT host_id FROM system.peers_v2").await;
        assert!(peers.len() == 3 && !peers.contains(&own[0]));
    }
    let mut client = client(&cluster, 0).await;
    let far = "SELECT data_center FROM system.peers WHERE peer = '10.0.0.4'";
    assert_eq!(column(&mut client, far).await, ["dc2"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_or_is_removed_is_not_in_the_ring_and_not_reached() {
    let cluster = cluster();
    let mut watching = client(&cluster, 0).await;
    let (second, third) = (cluster.address(1), cluster.address(2));
    let mut left = client(&cluster, 1).await;
    cluster.leave(1);
    cluster.remove(2);
    assert!(left.next().await.unwrap().is_none());
    let ring = ring(&mut watching).await;
    assert_eq!(ring.into_iter().collect::<Vec<_>>(), [cluster.address(0), cluster.address(3)]);
    for address in [second, third] {
        let error = cluster.dial(address).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert_eq!((cluster.dials(second), cluster.dials(third)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_joins_is_known_and_reached() {
    let cluster = cluster();
    let mut watching = client(&cluster, 0).await;
    let fifth = cluster.join("dc2", "rack9");
    assert!(ring(&mut watching).await.contains(&cluster.address(fifth)));
    assert_eq!(ring(&mut client(&cluster, fifth).await).await.len(), 5);
    assert_eq!(cluster.member(fifth).rack, "rack9");
    // The row of one that has just come may be half empty.
    cluster.change(fifth, |member| member.unknown_to_peers = vec!["tokens".to_owned()]);
    let tokens = "SELECT tokens FROM system.peers WHERE peer = '10.0.0.5'";
    assert_eq!(rows(&mut watching, tokens).await, [[None]]);
}

#[tokio::test(start_paused = true)]
async fn another_address_is_the_same_host_and_another_host_is_at_the_same_address() {
    let cluster = cluster();
    let mut watching = client(&cluster, 0).await;
    let (old, before) = (cluster.address(1), cluster.member(1));
    let new = "10.9.9.9:9042".parse().unwrap();
    cluster.change_address(1, new);
    assert!(cluster.dial(old).await.is_err());
    let known = ring(&mut watching).await;
    assert!(known.contains(&new) && !known.contains(&old));
    assert_eq!(cluster.member(1).host_id, before.host_id);
    assert_eq!(cluster.member(1).tokens, before.tokens);
    assert_eq!(ring(&mut client(&cluster, 1).await).await, known);

    let replaced = cluster.member(2);
    let number = cluster.replace(2);
    let member = cluster.member(number);
    assert_eq!((member.address, &member.tokens), (replaced.address, &replaced.tokens));
    assert_ne!(member.host_id, replaced.host_id);
    assert_eq!(ring(&mut watching).await, known);
    let peers = rows(&mut watching, "SELECT host_id FROM system.peers_v2").await;
    let id = |id: [u8; 16]| vec![Some(Bytes::copy_from_slice(&id))];
    assert!(peers.contains(&id(member.host_id)) && !peers.contains(&id(replaced.host_id)));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_and_other_tokens_are_seen_by_all() {
    let cluster = cluster();
    let mut watching = client(&cluster, 0).await;
    cluster.upgrade(1, "6.0.1");
    cluster.move_to(1, [-7, 7]);
    let release = "SELECT release_version FROM system.peers WHERE peer = '10.0.0.2'";
    assert_eq!(column(&mut watching, release).await, ["6.0.1"]);
    let tokens = "SELECT tokens FROM system.peers WHERE peer = '10.0.0.2'";
    let bytes = b"\0\0\0\x02\0\0\0\x02-7\0\0\0\x017";
    assert_eq!(rows(&mut watching, tokens).await, [[Some(Bytes::from_static(bytes))]]);
    let mut own = client(&cluster, 1).await;
    let release = "SELECT release_version FROM system.local";
    assert_eq!(column(&mut own, release).await, ["6.0.1"]);
}

#[tokio::test(start_paused = true)]
async fn the_name_and_the_partitioner_are_those_that_were_said() {
    let class = "org.apache.cassandra.dht.RandomPartitioner";
    let builder = ScriptedCluster::builder().name("other").partitioner(class).tokens_a_node(3);
    let cluster = builder.data_center("dc1", ["rack1"]).in_memory();
    let mut client = client(&cluster, 0).await;
    let text = |name: &str| format!("SELECT {name} FROM system.local");
    assert_eq!(column(&mut client, &text("cluster_name")).await, ["other"]);
    assert_eq!(column(&mut client, &text("partitioner")).await, [class]);
    assert_eq!(cluster.member(0).tokens.len(), 3);
}
