//! Choosing between the hosts that are left by what is in flight there.

use cqlwire_codec::Consistency;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;

use super::scripted::{HOUR, connected, host, three};
use super::send;
use crate::{Cluster, HostIndex, LoadBalancing, Routing, TokenAware, Tried};

/// How often each of these is chosen by a thousand requests.
fn chosen<const N: usize>(cluster: &Cluster, of: [HostIndex; N]) -> [usize; N] {
    let topology = cluster.topology();
    let request = Routing::new(Consistency::One);
    let choose = |draw| TokenAware::default().next(&request, &topology, draw, Tried::NONE);
    let all: Vec<_> = (0..1_000).map(choose).collect();
    of.map(|host| all.iter().filter(|chosen| **chosen == Some(host)).count())
}

#[tokio::test(start_paused = true)]
async fn of_the_hosts_that_are_left_the_less_busy_is_chosen_and_either_if_both_are_idle() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let hosts = [0, 1, 2].map(|number| host(&cluster, &scripted, number));
    scripted.kill(2);
    eventually(HOUR, "it is down", || hosts[2].pool().load().is_none()).await;
    let topology = cluster.topology();
    let left = [0, 1].map(|number: usize| topology.find(hosts[number].id()).unwrap());
    let [first, second] = chosen(&cluster, left);
    // The draws are the same in each run: about half of them each.
    assert!(first + second == 1_000 && (400..=600).contains(&first), "{first} and {second}");
    for (busy, shares) in [(0, [0, 1_000]), (1, [1_000, 0])] {
        let held = scripted.node(busy).hold(Prime::statement("busy"));
        let request = send(&hosts[busy].pool().pick().unwrap(), "busy");
        eventually(HOUR, "it is in flight", || held.len() == 1).await;
        assert_eq!(chosen(&cluster, left), shares);
        held.release();
        request.await.unwrap();
    }
}
